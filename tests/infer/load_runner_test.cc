// A build without LibTorch: everything but running a model works, and that says what to do.
#include "infer/load_runner.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "base/error.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::infer;

TEST_CASE("without the library a model cannot be run, and the hint names two ways out") {
  const test::TempDir dir;
  setenv("ERRATA_INFER_LIBRARY", (dir / "absent.so").c_str(), 1);
  const std::string model = dir.write("model.pt", "x");
  ModelSpec spec;
  try {
    load_runner(model, spec, {});
    FAIL("opened");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUnsupported);
    CHECK(error.hint().find("cmake/setup.sh") != std::string::npos);
    CHECK(error.hint().find("errata predictions") != std::string::npos);
  }
  CHECK_FALSE(probe_environment().available);
  RunnerOptions options;
  options.slots = 0;
  CHECK_THROWS_AS(load_runner(model, spec, options), Error);
}

TEST_CASE("precisions by name") {
  Precision precision = Precision::kFp16;
  CHECK(parse_precision("bf16", precision));
  CHECK(precision == Precision::kBf16);
  CHECK_FALSE(parse_precision("int8", precision));
  CHECK(precision_name(Precision::kFp32) == "fp32");
}

TEST_CASE("a runner in one line") {
  RunnerInfo info;
  info.device = "cuda:0";
  info.device_name = "NVIDIA H200";
  info.precision = "bf16";
  info.engine = "LibTorch 2.13.0";
  info.optimisation = "frozen, channels-last";
  info.batch = 64;
  info.slots = 2;
  info.embedding_columns = 512;
  info.embedding_source = "input of the last linear layer";
  CHECK(describe_runner(info) ==
        "cuda:0 (NVIDIA H200), bf16, 2 workers, batch 64, LibTorch 2.13.0, frozen, channels-last; "
        "embedding: 512 values, input of the last linear layer");
}
