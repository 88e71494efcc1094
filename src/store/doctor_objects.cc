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
      "SELECT object_id, coalesce(value_to, '') FROM event WHERE object_id IS NOT NULL AND what "
      "LIKE 'object-%' ORDER BY id");
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
      "SELECT max(id) FROM event WHERE what LIKE 'object-%' OR what = 'objects'");
  if (revision == wanted) return;
  context.damage(
      "object-rows", "meta",
      fmt::format("the object revision is {}, the log's last change is {}", revision, wanted),
      "compute scores of objects again");
}

// The last event about each detection says what holds.
void check_detection_reviews(DoctorContext& context) {
  Statement read = context.db.prepare(
      "SELECT coalesce(r.id, e.object_id) FROM (SELECT object_id, value_to, max(id) FROM event "
      "WHERE what LIKE 'detection-%' GROUP BY object_id HAVING value_to IS NOT NULL) e "
      "FULL JOIN detection_review r ON r.id = e.object_id WHERE r.id IS NULL OR e.object_id IS "
      "NULL "
      "OR json_extract(e.value_to, '$.sample') <> r.sample_id "
      "OR json_extract(e.value_to, '$.class') <> coalesce(r.class_id, 0) "
      "OR json_extract(e.value_to, '$.review') <> r.review "
      "OR json_extract(e.value_to, '$.box[0]') <> r.x OR json_extract(e.value_to, '$.box[1]') <> "
      "r.y "
      "OR json_extract(e.value_to, '$.box[2]') <> r.width "
      "OR json_extract(e.value_to, '$.box[3]') <> r.height");
  while (read.step()) {
    context.damage("object-rows", fmt::format("detection {}", read.integer(0)),
                   "what was decided about it is not what the log says",
                   "another program changed the store; go back to a copy");
  }
}

}  // namespace

void check_objects(DoctorContext& context) {
  check_sets(context);
  check_rows(context);
  check_detection_reviews(context);
}

}  // namespace errata::store
