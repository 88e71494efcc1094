// The description inside a TorchScript archive.
#include <doctest/doctest.h>

#include "infer/load_runner.h"
#include "tests/infer/toy_models.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::infer;

TEST_CASE("a model carries its own description as an extra file") {
  const test::TempDir dir;
  test::ToyOptions toy;
  toy.extra_files["config.json"] = "{}";
  toy.extra_files["errata.json"] =
      R"({"input_size": [3, 32, 32], "resize": null, "mean": 0.5, "std": 0.5,
          "classes": ["a", "b", "c", "d", "e"], "output": "logits"})";
  const std::string path = dir / "own.pt";
  test::write_toy_model(path, toy);
  const ResolvedSpec resolved = resolve_model_spec(path, std::nullopt);
  CHECK(resolved.origin == path + ": errata.json");
  CHECK(resolved.spec.class_names.size() == 5);
  RunnerOptions options;
  options.device = "cpu";
  const auto runner = load_runner(path, resolved.spec, options);
  CHECK(describe_runner(runner->info()).find("fp32, 1 worker, batch 16, LibTorch") !=
        std::string::npos);
}
