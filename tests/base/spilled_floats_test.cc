#include "base/spilled_floats.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace errata {

TEST_CASE("floats are what was appended, in memory and in a file without a name") {
  const test::TempDir dir;
  std::vector<float> given(100'000);
  for (size_t i = 0; i < given.size(); ++i) given[i] = static_cast<float>(i) / 7;
  const size_t bytes = given.size() * sizeof(float);
  for (const uint64_t memory : {bytes, bytes - 1, size_t{0}}) {
    CAPTURE(memory);
    SpilledFloats floats(given.size(), memory, dir / ".");
    CHECK(floats.in_file() == (memory < bytes));
    CHECK(floats.values().empty());
    for (size_t at = 0; at < given.size(); at += 1000) {
      floats.append(std::span(given).subspan(at, 1000));
    }
    const SpilledFloats moved = std::move(floats);
    CHECK(std::ranges::equal(moved.values(), given));
    CHECK(std::filesystem::is_empty(dir / "."));
  }
  CHECK(SpilledFloats().values().empty());
}

TEST_CASE("floats for which the disk has no room are refused before any is appended") {
  const test::TempDir dir;
  CHECK_THROWS_AS(SpilledFloats(size_t{1} << 50, 0, dir / "."), Error);
  CHECK_THROWS_AS(SpilledFloats(1, 0, dir / "absent"), Error);
}

}  // namespace errata
