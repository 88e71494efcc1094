// Checks of imported sets of objects and of what people changed over them.
#include <fmt/format.h>

#include <map>

#include "store/doctor_context.h"
#include "store/object_sets.h"

namespace errata::store {

namespace {

void check_sets(DoctorContext& context) {
  Connection& db = context.db;
  Statement read = db.prepare(
      "SELECT s.id, s.objects, s.images, source.name FROM object_set s "
      "JOIN source ON source.id = s.source_id WHERE s.state > 0");
  const int64_t samples = db.integer("SELECT coalesce(max(id), 0) FROM sample");
  while (read.step()) {
    const int64_t set = read.integer(0);
    const auto damage = [&](const std::string& message) {
      context.damage("object-rows", fmt::format("objects of '{}'", read.text(3)), message,
                     "import the source again, or go back to a copy of the store");
    };
    const std::shared_ptr<const ObjectSetIndex> index = read_set_index(db, set);
    ObjectBlockReader reader(db, "objects", set, ObjectBlockKind::kAnnotations,
                             kBoxColumns | kShapeColumn | kRawColumns);
    ObjectBlock block;
    int64_t rows = 0;
    while (reader.next(block)) {
      context.cancel.check();
      rows += static_cast<int64_t>(block.rows());
      for (const int32_t image : block.sample) {
        if (image < 0 || image >= read.integer(2)) damage("an object is of no image");
      }
    }
    if (rows != read.integer(1) || index->ids.size() != static_cast<size_t>(rows) ||
        index->image_samples.size() != static_cast<size_t>(read.integer(2))) {
      damage(fmt::format("it has {} objects and says {}", rows, read.integer(1)));
    }
    for (const SampleId sample : index->image_samples) {
      if (sample < 0 || sample > samples) damage(fmt::format("it names sample {}", sample));
    }
  }
}

// The last event of each object says how its row is.
void check_rows(DoctorContext& context) {
  std::map<ObjectId, std::string> last;
  Statement read = context.db.prepare(
      "SELECT object_id, coalesce(value_to, '') FROM event WHERE object_id IS NOT NULL ORDER BY "
      "id");
  while (read.step()) last[read.integer(0)] = read.string(1);
  for (const ObjectRow& row : read_object_rows(context.db)) {
    const auto found = last.find(row.object);
    const std::string by_row = row.deleted ? std::string() : object_state_to_json(row.state);
    if (found == last.end() || found->second != by_row) {
      context.damage("object-rows", fmt::format("object {}", row.object),
                     "its state is not that of the log",
                     "another program changed the store; go back to a copy");
    }
    if (found != last.end()) last.erase(found);
  }
  ObjectStates states(context.db);
  for (const auto& [object, json] : last) {
    // No row: it is as it was imported, which a later import may have changed, or it is gone.
    if (!json.empty()) continue;
    if (states.read(object).state) {
      context.damage("object-rows", fmt::format("object {}", object),
                     "it is there, and the log deleted it",
                     "another program changed the store; go back to a copy");
    }
  }
  const int64_t revision = object_revision(context.db);
  const int64_t wanted = context.db.integer(
      "SELECT max(id) FROM event WHERE object_id IS NOT NULL OR what = 'objects'");
  if (revision == wanted) return;
  context.damage(
      "object-rows", "meta",
      fmt::format("the object revision is {}, the log's last change is {}", revision, wanted),
      "compute scores of objects again");
}

}  // namespace

void check_objects(DoctorContext& context) {
  check_sets(context);
  check_rows(context);
}

}  // namespace errata::store
