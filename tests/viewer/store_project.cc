#include "tests/viewer/store_project.h"

#include <doctest/doctest.h>

#include "importers/registry.h"
#include "store/import_writer.h"
#include "store/runs.h"
#include "store/snapshot_loader.h"

namespace errata::test {

namespace {

void import_images(store::Store& store, const std::string& root) {
  Progress progress;
  const CancelToken cancel;
  IssueLog issues;
  store::ImportWriter writer(store, {"images", root, "", {}, "tester"});
  const importers::ImportInput input{root, "", serial_for, progress, cancel, issues};
  importers::choose_importer(root, "imagefolder").reader->run(input, writer);
  writer.finish(issues);
}

void add_run(store::Store& store, const SyntheticDataset& dataset) {
  store::RunSpec spec;
  spec.name = "model";
  spec.kind = "probabilities";
  spec.classes = ClassMap(dataset.class_names);
  spec.batch_size = 4;
  const Snapshot snapshot = store::load_snapshot(store);
  const std::vector<float> probabilities = synthetic_probabilities(dataset);
  REQUIRE(snapshot.ids.size() * dataset.class_names.size() == probabilities.size());
  store::RunWriter run(store, spec, snapshot.ids, store::OnExistingRun::kRefuse);
  store::RunRows rows;
  rows.probabilities = probabilities;
  run.write(0, rows);
  run.finish();
}

}  // namespace

StoreProject::StoreProject(SyntheticOptions options) : store_path(folder / "my store.db") {
  options.with_splits = true;
  dataset = make_synthetic_dataset(folder / "images", options);
  store::Store store = store::Store::create(store_path);
  import_images(store, dataset.root);
  add_run(store, dataset);
}

std::string store_of_classes(const TempDir& folder, const std::vector<std::string>& classes) {
  const std::string image = encode_png(2, 2, 3, std::vector<uint8_t>(12, 90));
  for (const std::string& name : classes) folder.write("images/" + name + "/a.png", image);
  store::Store store = store::Store::create(folder / "odd.db");
  import_images(store, folder / "images");
  return folder / "odd.db";
}

}  // namespace errata::test
