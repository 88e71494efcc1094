// The demo's dataset: 10,000 real images in a gzipped IDX container.
#include <doctest/doctest.h>

#include <iostream>

#include "base/files.h"
#include "store/sample_files.h"
#include "tests/export/round_trip_kit.h"

using namespace errata;
using namespace errata::exports;
using errata::test::hash_of_round_trip;
using errata::test::Project;
using errata::test::TempDir;

TEST_CASE("Fashion-MNIST exported and imported again has the same version hash") {
  const std::string folder = "/usr/share/datasets/fashion-mnist/";
  if (!file_exists(folder + "t10k-images-idx3-ubyte.gz")) {
    std::cout
        << "SKIPPED: Fashion-MNIST is not installed (apt-get install dataset-fashion-mnist)\n";
    return;
  }
  TempDir dir;
  for (const char* name : {"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"}) {
    dir.write(std::string("idx/") + name, read_text_file(folder + name));
  }
  Project project(dir / "errata.db");
  project.import(dir / "idx");
  const auto files = store::all_sample_files(project.db);
  REQUIRE(files.size() == 10'000);
  project.edit(files[11].id, store::EditKind::kExclude);
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "imagefolder", FileMode::kCopy) == hash);
}
