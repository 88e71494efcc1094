// A small store with objects, for the tests of them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "store/edits.h"
#include "store/objects.h"
#include "store/snapshot_loader.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

ObjectRecord make_object(uint32_t sample, ClassIndex index, std::array<double, 4> box,
                         std::string raw_id = {});
// Four images; objects of image 2, 0, 2, 1 in this order of the file.
std::vector<ObjectRecord> make_objects();
store::ImportReport import_objects(store::Store& store, std::vector<ObjectRecord> objects,
                                   const std::string& source = "data");

struct ObjectProject {
  TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
  store::ImportReport report = import_objects(store, make_objects());
  Snapshot snapshot = store::load_snapshot(store);

  ObjectTable load(bool shapes = false);
  store::AppliedBatch apply(const std::vector<store::ObjectEdit>& edits);
  void check_sound();
  // What the doctor says of a copy of the closed store after that.
  std::vector<std::string> damage(const std::string& sql) const;
};

store::ObjectEdit edit_of(ObjectId object, store::ObjectEditKind kind);
std::string table_text(const ObjectTable& objects);

}  // namespace errata::test
