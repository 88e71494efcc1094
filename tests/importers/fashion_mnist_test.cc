#include <doctest/doctest.h>

#include <cstdio>

#include "base/files.h"
#include "importers/idx.h"
#include "tests/importers/collecting_sink.h"

namespace errata::importers {
namespace {

TEST_CASE("Debian's Fashion-MNIST: 70,000 images, ten names, two splits") {
  const std::string root = "/usr/share/datasets/fashion-mnist";
  if (!is_directory(root)) {
    std::puts("SKIPPED: Debian's dataset-fashion-mnist is not installed");
    return;
  }
  Imported got;
  import_into(got, IdxImporter(), root, 1);
  CHECK(got.sink.records.size() == 70000);
  CHECK(got.sink.header.classes[9].name == "Ankle boot");
  size_t train = 0;
  for (const SampleRecord& record : got.sink.records) train += record.split == "train" ? 1 : 0;
  CHECK(train == 60000);
}

}  // namespace
}  // namespace errata::importers
