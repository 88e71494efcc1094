// Debian's real Fashion-MNIST, where it is installed.
#include <doctest/doctest.h>

#include <cstdio>

#include "base/files.h"
#include "media/container.h"

using namespace errata;
using namespace errata::media;

TEST_CASE("Fashion-MNIST is read from its gzipped files") {
  const std::string folder = "/usr/share/datasets/fashion-mnist/";
  if (!file_exists(folder + "t10k-images-idx3-ubyte.gz")) {
    std::puts("SKIPPED: dataset-fashion-mnist is not installed");
    return;
  }
  const auto images = Container::open(folder + "t10k-images-idx3-ubyte.gz");
  CHECK(images->count() == 10'000);
  CHECK(images->width_px() == 28);
  CHECK(images->height_px() == 28);
  const std::vector<int32_t> labels = read_idx_labels(folder + "t10k-labels-idx1-ubyte.gz");
  REQUIRE(labels.size() == 10'000);
  std::vector<int> counts(10);
  for (int32_t label : labels) ++counts.at(static_cast<size_t>(label));
  CHECK(counts == std::vector<int>(10, 1000));
  CHECK(detect_container(folder + "train-labels-idx1-ubyte.gz") == ContainerKind::kIdxLabels);
}
