#include <doctest/doctest.h>

#include <cstdio>

#include "base/files.h"
#include "importers/idx.h"
#include "importers/imagefolder.h"
#include "importers/path_matcher.h"
#include "importers/predictions_npy.h"
#include "tests/importers/collecting_sink.h"
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

}  // namespace
}  // namespace errata::importers
