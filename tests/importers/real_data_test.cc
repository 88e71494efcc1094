#include <doctest/doctest.h>

#include <cstdio>

#include "base/files.h"
#include "importers/idx.h"
#include "importers/imagefolder.h"
#include "importers/path_matcher.h"
#include "importers/predictions_npy.h"
#include "importers/registry.h"
#include "importers/yolo.h"
#include "importers/yolo_layout.h"
#include "tests/importers/yolo_parts.h"
#include "tests/support/temp_dir.h"

namespace errata::importers {
namespace {

TEST_CASE("CIFAR-10's photographs and a real model's probabilities find each other") {
  const std::string shared = test::shared_data_dir();
  const std::string root = join_path(shared, "cifar10/images");
  if (shared.empty() || !is_directory(root)) {
    std::puts("SKIPPED: the folder of real data is not beside the checkout");
    return;
  }
  Imported got;
  import_into(got, ImageFolderImporter(), root, 1);
  CHECK(got.sink.records.size() == 2000);
  CHECK(got.sink.header.classes.size() == 10);
  CHECK(got.sink.header.classes[0].name == "airplane");
  CHECK(got.issues.rejected() == 0);
  PathMatcher matcher;
  for (const SampleRecord& record : got.sink.records) matcher.add(root, record.path);

  CollectingPredictionSink sink;
  IssueLog issues;
  Progress progress;
  const CancelToken cancel;
  NpyPredictionReader().run({join_path(shared, "cifar10/resnet20_probs.npy"),
                             "",
                             "",
                             {},
                             got.sink.header.classes,
                             false,
                             progress,
                             cancel,
                             issues},
                            sink);
  CHECK(sink.header.kind == PredictionKind::kProbabilities);
  REQUIRE(sink.all.keys.size() == 2000);
  size_t right = 0;
  MatchCounts counts;
  for (size_t i = 0; i < 2000; ++i) {
    const Match match = matcher.find(sink.all.keys[i]);
    counts.add(match.method);
    REQUIRE(match.found());
    const float* row = sink.all.values.data() + 10 * i;
    const auto top = static_cast<ClassIndex>(std::max_element(row, row + 10) - row);
    right += top == got.sink.records[match.index].labels.at(0) ? 1 : 0;
  }
  CHECK(right == 1627);  // 0.8135, as the data's README says
  CHECK(counts.missing + counts.ambiguous == 0);
}

TEST_CASE("the blood cells in YOLO's layout are those of VOC's, and come back byte for byte") {
  const std::string shared = test::shared_data_dir();
  const std::string root = join_path(shared, "bccd/yolo");
  if (shared.empty() || !is_directory(root)) {
    std::puts("SKIPPED: the folder of real data is not beside the checkout");
    return;
  }
  Imported result;
  CHECK(choose_importer(root).reader->name() == "yolo");
  import_into(result, YoloImporter(), root, 1);
  CHECK(result.sink.records.size() == 159);
  CHECK(result.sink.header.classes.names() == std::vector<std::string>{"RBC", "WBC", "Platelets"});
  for (uint32_t i = 0; i < result.sink.records.size(); ++i) {
    const std::string label =
        yolo_label_path(join_path(root_of(result), result.sink.records[i].path));
    CHECK(put_together(result, i) == read_text_file(label));
  }
}

}  // namespace
}  // namespace errata::importers
