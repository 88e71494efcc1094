#include "jobs/grouped_records.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <random>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace errata::jobs {

TEST_CASE("records come back by key, each key's in their order, from memory and from the disk") {
  const test::TempDir dir;
  for (const uint64_t memory : {uint64_t{1} << 20, uint64_t{20'000}, uint64_t{300}}) {
    CAPTURE(memory);
    std::mt19937 random(7);
    std::map<int64_t, std::vector<std::string>> wanted;
    GroupedRecords records(memory, dir / ".");
    constexpr size_t kRecords = 5000;
    for (size_t i = 0; i < kRecords; ++i) {
      const int64_t key = static_cast<int64_t>(random() % 97) - 3;
      // Empty ones, short ones, and some that are longer than all that may be held.
      const size_t length = random() % 50 == 0 ? 5000 : random() % 40;
      std::string record(length, static_cast<char>('a' + i % 26));
      if (length > 8) record += std::to_string(i);
      records.add(key, record);
      wanted[key].push_back(std::move(record));
    }
    CHECK(records.size() == kRecords);
    CHECK((records.runs() > 1) == (memory < uint64_t{1} << 20));
    int64_t key = 0;
    std::string_view record;
    for (const auto& [each, all] : wanted) {
      for (const std::string& one : all) {
        REQUIRE(records.next(key, record));
        REQUIRE(key == each);
        REQUIRE(record == one);
      }
    }
    CHECK_FALSE(records.next(key, record));
    CHECK_FALSE(records.next(key, record));
    // The file has no name.
    CHECK(std::filesystem::is_empty(dir / "."));
  }
}

TEST_CASE("records: none at all, and a folder that cannot be written") {
  const test::TempDir dir;
  GroupedRecords none(1000, dir / ".");
  int64_t key = 0;
  std::string_view record;
  CHECK_FALSE(none.next(key, record));
  GroupedRecords nowhere(100, dir / "absent");
  CHECK_THROWS_AS(
      for (int i = 0; i < 100; ++i) nowhere.add(i, "some bytes that have to go somewhere"), Error);
}

}  // namespace errata::jobs
