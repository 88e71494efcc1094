#include "base/text_pool.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <random>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace errata {

TEST_CASE("texts of a pool stay what they are, in memory and in a file without a name") {
  const test::TempDir dir;
  for (const uint64_t memory : {uint64_t{1} << 40, uint64_t{16} << 20, uint64_t{0}}) {
    CAPTURE(memory);
    TextPool pool(memory, {dir / "absent", dir / "."});
    std::mt19937 random(7);
    std::vector<std::string_view> views;
    std::vector<uint64_t> seeds;
    const auto text_of = [](uint64_t seed) {
      std::string text(seed % 50 == 0 ? 9'000'000 : seed % 200'000, ' ');
      for (size_t i = 0; i < text.size(); i += 997) text[i] = static_cast<char>('a' + seed % 26);
      return text;
    };
    uint64_t bytes = 0;
    while (bytes < uint64_t{60} << 20) {
      seeds.push_back(random());
      const std::string text = text_of(seeds.back());
      views.push_back(pool.add(text));
      bytes += text.size();
    }
    CHECK((pool.file_bytes() > 0) == (memory < bytes));
    for (int round = 0; round < 2; ++round) {
      for (size_t i = 0; i < views.size(); ++i) {
        REQUIRE(views[i] == text_of(seeds[i]));
        pool.passed(views[i].size());
      }
    }
    CHECK(std::filesystem::is_empty(dir / "."));
  }
  TextPool nowhere(0, {dir / "absent"});
  CHECK(nowhere.add("").empty());
  CHECK_THROWS_AS(nowhere.add("a"), Error);
}

}  // namespace errata
