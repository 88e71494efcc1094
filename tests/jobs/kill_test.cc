// kill -9 at fifty random points each of import, edit and export: what is there afterwards, once
// the command has been run again, is what an uninterrupted run gives.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "store/dump.h"
#include "store/store.h"
#include "tests/jobs/program.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

namespace {

constexpr int kKills = 50;

SyntheticDataset draw(const std::string& root, size_t images_per_class = 100) {
  SyntheticOptions options;
  options.images_per_class = images_per_class;
  return make_synthetic_dataset(root, options);
}

std::string dump_of(const std::string& path) {
  store::Store store = store::Store::open(path, store::Access::kRead);
  return store::dump_store(store);
}

void copy_store(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(to + suffix);
    if (file_exists(from + suffix)) std::filesystem::copy_file(from + suffix, to + suffix);
  }
}

// Path below the folder -> hash of the content.
std::map<std::string, uint64_t> files_below(const std::string& folder) {
  std::map<std::string, uint64_t> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), folder).string()] =
        xxh3_64(read_file(entry.path().string()));
  }
  return files;
}

Ended must(const std::vector<std::string>& arguments) {
  Ended ended = run_errata(arguments);
  INFO(ended.output);
  REQUIRE(ended.exit_code == 0);
  return ended;
}

// A time within the run, drawn evenly; a little beyond the end too.
int64_t moment(Rng& rng, double run_secs) {
  return static_cast<int64_t>(rng.uniform() * run_secs * 1.1e6);
}

}  // namespace

TEST_CASE("an import that is killed goes on to the same content") {
  const TempDir dir;
  draw(dir / "photos");
  const double secs = must({"-s", dir / "whole.db", "import", dir / "photos"}).elapsed_secs;
  const std::string expected = dump_of(dir / "whole.db");
  Rng rng(7);
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    const std::string store = dir / ("k" + std::to_string(i) + ".db");
    RunLimits limits;
    limits.kill_after_us = moment(rng, secs);
    killed += run_errata({"-s", store, "import", dir / "photos"}, limits).killed;
    must({"-s", store, "import", dir / "photos"});
    REQUIRE(dump_of(store) == expected);
  }
  MESSAGE("killed ", killed, " of ", kKills);
  CHECK(killed > 0);
}

TEST_CASE("a batch of edits that is killed is there whole or not at all") {
  const TempDir dir;
  const SyntheticDataset dataset = draw(dir / "photos");
  must({"-s", dir / "base.db", "import", dir / "photos"});
  std::string lines;
  for (const SyntheticImage& image : dataset.good()) {
    lines += R"({"path": ")" + image.path +
             R"(", "what": "tag", "from": null, "to": "seen"})"
             "\n";
  }
  const std::string file = dir.write("edits.jsonl", lines);
  copy_store(dir / "base.db", dir / "whole.db");
  const std::vector<std::string> apply{"edit", "apply", file, "--who", "ann"};
  const auto with_store = [&](const std::string& store) {
    std::vector<std::string> arguments{"-s", store};
    arguments.insert(arguments.end(), apply.begin(), apply.end());
    return arguments;
  };
  const double secs = must(with_store(dir / "whole.db")).elapsed_secs;
  const std::string before = dump_of(dir / "base.db");
  const std::string expected = dump_of(dir / "whole.db");
  REQUIRE(before != expected);
  Rng rng(8);
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    const std::string store = dir / "killed.db";
    copy_store(dir / "base.db", store);
    RunLimits limits;
    limits.kill_after_us = moment(rng, secs);
    killed += run_errata(with_store(store), limits).killed;
    const std::string after = dump_of(store);
    REQUIRE((after == before || after == expected));
    must(with_store(store));
    REQUIRE(dump_of(store) == expected);
  }
  MESSAGE("killed ", killed, " of ", kKills);
  CHECK(killed > 0);
}

TEST_CASE("an export that is killed leaves no target, and then the whole one") {
  const TempDir dir;
  draw(dir / "photos", 30);
  const std::string store = dir / "s.db";
  must({"-s", store, "import", dir / "photos"});
  const std::string before = dump_of(store);
  const auto to = [&](const std::string& target) {
    return std::vector<std::string>{"-s", store, "export", "--to", target};
  };
  const double secs = must(to(dir / "whole")).elapsed_secs;
  const std::map<std::string, uint64_t> expected = files_below(dir / "whole");
  Rng rng(9);
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    const std::string target = dir / "killed";
    RunLimits limits;
    limits.kill_after_us = moment(rng, secs);
    killed += run_errata(to(target), limits).killed;
    if (file_exists(target)) {
      REQUIRE(files_below(target) == expected);
    } else {
      must(to(target));
      REQUIRE(files_below(target) == expected);
    }
    std::filesystem::remove_all(target);
  }
  MESSAGE("killed ", killed, " of ", kKills);
  CHECK(killed > 0);
  CHECK(dump_of(store) == before);
  // Nothing of the killed ones is left beside the targets.
  size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path()))
    ++entries;
  CHECK(entries == 3);  // photos, s.db, whole
}

TEST_CASE("Ctrl-C stops an import cleanly and says how to go on") {
  const TempDir dir;
  draw(dir / "photos");
  const double secs = must({"-s", dir / "whole.db", "import", dir / "photos"}).elapsed_secs;
  const std::string expected = dump_of(dir / "whole.db");
  Rng rng(10);
  int stopped = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string store = dir / ("i" + std::to_string(i) + ".db");
    RunLimits limits;
    limits.interrupt_after_us = moment(rng, secs);
    const Ended ended = run_errata({"-s", store, "import", dir / "photos"}, limits);
    if (ended.exit_code == 130) {
      ++stopped;
      CHECK(ended.output.find("run the same import again") != std::string::npos);
    }
    must({"-s", store, "import", dir / "photos"});
    REQUIRE(dump_of(store) == expected);
  }
  MESSAGE("stopped ", stopped, " of 20");
}

}  // namespace errata::test
