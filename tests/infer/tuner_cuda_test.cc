// Apart from tuner_test.cc, since its whole file is skipped where there is no CUDA device.
#include <doctest/doctest.h>

#include <cstdio>

#include "infer/load_head_device.h"
#include "tests/infer/tuner_data.h"

using namespace errata;
using namespace errata::test;

TEST_CASE("a CUDA device fits a model as the processor does") {
  if (infer::choose_head_device("auto").device == "cpu") {
    std::puts("SKIPPED: there is no CUDA device here");
    return;
  }
  const TempDir dir;
  const std::unique_ptr<infer::Tuner> here = open_toy(dir, "");
  const std::unique_ptr<infer::Tuner> cuda = open_toy(dir, "", "cuda");
  CHECK(cuda->info().trained_values == here->info().trained_values);
  for (infer::Tuner* tuner : {here.get(), cuda.get()}) {
    REQUIRE(!tuner->restart(0).failed());
    train(*tuner, 0, 60);
  }
  CHECK(loss(ask(*cuda, 0, 9)) < 0.7 * std::log(3.0));
  CHECK(loss(ask(*cuda, 0, 9)) == doctest::Approx(loss(ask(*here, 0, 9))).epsilon(0.1));
}
