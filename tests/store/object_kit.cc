#include "tests/store/object_kit.h"

#include <doctest/doctest.h>

#include "base/files.h"
#include "store/doctor.h"
#include "tests/store/raw_sql.h"

namespace errata::test {

ObjectRecord make_object(uint32_t sample, ClassIndex index, std::array<double, 4> box,
                         std::string raw_id) {
  ObjectRecord object;
  object.sample = sample;
  object.class_index = index;
  object.box_xywh_px = box;
  object.area_px = box[2] * box[3];
  object.raw_id = std::move(raw_id);
  object.raw_text = "raw of " + object.raw_id;
  return object;
}

std::vector<ObjectRecord> make_objects() {
  std::vector<ObjectRecord> objects{
      make_object(2, 0, {1, 2, 30, 40}, "a"), make_object(0, 1, {5, 5, 10, 10.25}, "b"),
      make_object(2, 1, {0.1, 0.2, 0.3, 0.4}, "c"), make_object(1, 2, {7, 8, 9, 10}, "d")};
  objects[1].crowd = true;
  objects[2].difficult = true;
  objects[3].shape = encode_shape({.polygons = {{7, 8, 16, 8, 16, 18, 7, 18}}});
  objects[3].area_px = 85;
  return objects;
}

store::ImportReport import_objects(store::Store& store, std::vector<ObjectRecord> objects,
                                   const std::string& source) {
  store::ImportOptions options;
  options.source_name = source;
  options.who = "me";
  store::ImportWriter writer(store, options);
  SourceHeader header{"coco", "/data", make_classes(3), true};
  header.documents.push_back({"a.json", "[\x01]"});
  writer.begin(header);
  std::vector<SampleRecord> records = make_records(4, 3);
  for (SampleRecord& record : records) record.labels.clear();
  writer.samples(std::move(records));
  writer.objects(std::move(objects));
  writer.end(8);
  return writer.finish(IssueLog());
}

ObjectTable ObjectProject::load(bool shapes) {
  store::ObjectOptions options;
  options.shapes = shapes;
  return store::load_objects(store, snapshot, options);
}

store::AppliedBatch ObjectProject::apply(const std::vector<store::ObjectEdit>& edits) {
  return store::apply_object_edits(store, edits, "me", "why");
}

void ObjectProject::check_sound() {
  Progress progress;
  const CancelToken cancel;
  store::DoctorOptions options;
  options.level = store::DoctorLevel::kStore;
  for (const auto& finding : store::check_store(store, options, serial_for, progress, cancel)) {
    FAIL_CHECK(finding.check << ": " << finding.where << ": " << finding.message);
  }
}

std::vector<std::string> ObjectProject::damage(const std::string& sql) const {
  const std::string path = dir / "damaged.db";
  write_file_atomic(path, read_text_file(dir / "errata.db"));
  raw_sql(path, sql);
  store::Store damaged = store::Store::open(path, store::Access::kRead);
  Progress progress;
  const CancelToken cancel;
  store::DoctorOptions options;
  options.level = store::DoctorLevel::kStore;
  std::vector<std::string> found;
  for (const auto& finding : store::check_store(damaged, options, serial_for, progress, cancel)) {
    found.push_back(std::string(finding.check) + ": " + finding.message);
  }
  return found;
}

store::ObjectEdit edit_of(ObjectId object, store::ObjectEditKind kind) {
  store::ObjectEdit edit;
  edit.object = object;
  edit.kind = kind;
  return edit;
}

std::string table_text(const ObjectTable& objects) {
  std::string text;
  for (size_t row = 0; row < objects.rows(); ++row) {
    for (const auto& column : objects.table.columns()) {
      text += column->name + "=" + column->display(static_cast<RowIndex>(row)) + " ";
    }
    text += '\n';
  }
  return text;
}

}  // namespace errata::test
