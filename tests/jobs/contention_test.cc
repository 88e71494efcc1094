// Two at once, and a disk that is full.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <iostream>

#include "base/files.h"
#include "store/dump.h"
#include "store/store.h"
#include "tests/jobs/program.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

namespace {

std::string dump_of(const std::string& path) {
  store::Store store = store::Store::open(path, store::Access::kRead);
  return store::dump_store(store);
}

}  // namespace

TEST_CASE("edits by several people at once all arrive") {
  const TempDir dir;
  SyntheticOptions options;
  options.images_per_class = 20;
  const SyntheticDataset dataset = make_synthetic_dataset(dir / "photos", options);
  const std::string store = dir / "s.db";
  REQUIRE(run_errata({"-s", store, "import", dir / "photos"}).exit_code == 0);
  std::vector<Running> running;
  const std::vector<SyntheticImage> good = dataset.good();
  REQUIRE(good.size() > 12);
  for (size_t i = 0; i < 12; ++i) {
    running.push_back(start_errata({"-s", store, "edit", "tag", "t", good[i].path}));
  }
  for (Running& one : running) {
    const Ended ended = end_errata(one);
    INFO(ended.output);
    CHECK(ended.exit_code == 0);
  }
  const Ended count = run_errata({"-s", store, "rank", "--by", "width", "--where", "tags = 't'",
                                  "--limit", "0", "--format", "csv", "-q"});
  CHECK(std::count(count.output.begin(), count.output.end(), '\n') == 13);
}

TEST_CASE("two imports of one source: one works, the other is told or finds it done") {
  const TempDir dir;
  SyntheticOptions options;
  options.images_per_class = 100;
  make_synthetic_dataset(dir / "photos", options);
  REQUIRE(run_errata({"-s", dir / "alone.db", "import", dir / "photos"}).exit_code == 0);
  for (int round = 0; round < 5; ++round) {
    const std::string store = dir / ("s" + std::to_string(round) + ".db");
    std::vector<Running> running;
    for (int i = 0; i < 3; ++i)
      running.push_back(start_errata({"-s", store, "import", dir / "photos"}));
    int done = 0;
    for (Running& one : running) {
      const Ended ended = end_errata(one);
      INFO(ended.output);
      CHECK((ended.exit_code == 0 || ended.exit_code == 6));
      done += ended.exit_code == 0;
    }
    CHECK(done >= 1);
  }
}

TEST_CASE("a full disk is told, and the store stays whole") {
  const TempDir dir;
  SyntheticOptions options;
  options.images_per_class = 100;
  make_synthetic_dataset(dir / "photos", options);
  REQUIRE(run_errata({"-s", dir / "whole.db", "import", dir / "photos"}).exit_code == 0);
  const std::string expected = dump_of(dir / "whole.db");
  // A limit on file size fails writes as a full disk does, wherever it is reached.
  for (const uint64_t limit : {10'000u, 40'000u, 100'000u, 200'000u, 400'000u}) {
    const std::string store = dir / ("f" + std::to_string(limit) + ".db");
    RunLimits limits;
    limits.max_file_bytes = limit;
    const Ended ended = run_errata({"-s", store, "import", dir / "photos"}, limits);
    INFO(limit);
    INFO(ended.output);
    CHECK(ended.exit_code == 7);
    const Ended again = run_errata({"-s", store, "import", dir / "photos"});
    INFO(again.output);
    REQUIRE(again.exit_code == 0);
    CHECK(dump_of(store) == expected);
  }
}

}  // namespace errata::test
