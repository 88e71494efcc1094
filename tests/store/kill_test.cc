// kill -9 anywhere: what is there afterwards is sound, and going on gives what an uninterrupted run
// gives.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <numeric>
#include <random>

#include "base/error.h"
#include "base/files.h"
#include "store/doctor.h"
#include "store/dump.h"
#include "store/runs.h"
#include "store/sql.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;
using store::Access;
using store::Store;

namespace {

constexpr int kKills = 50;
constexpr int64_t kSamples = 3000;
constexpr size_t kClasses = 4;

// Wall time of `action` in a process of its own, killed after `limit_us` unless that is negative.
// `killed` says whether it came to that.
int64_t run_child(const std::function<void()>& action, int64_t limit_us, bool& killed) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      action();
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  if (limit_us >= 0) {
    ::usleep(static_cast<useconds_t>(limit_us));
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  killed = WIFSIGNALED(status);
  if (!killed) REQUIRE(WEXITSTATUS(status) == 0);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

void check_sound(const std::string& path) {
  Store store = Store::open(path, Access::kRead);
  Progress progress;
  const CancelToken cancel;
  store::DoctorOptions options;
  options.level = store::DoctorLevel::kStore;
  for (const auto& finding : store::check_store(store, options, serial_for, progress, cancel)) {
    if (finding.severity == store::FindingSeverity::kWarning) continue;
    FAIL_CHECK(finding.check << ": " << finding.where << ": " << finding.message);
  }
}

std::string dump_of(const std::string& path) {
  Store store = Store::open(path, Access::kRead);
  return store::dump_store(store);
}

// Kills `action` at random points on copies of the store that `prepare` makes; running it again
// must end with what it ends with undisturbed.
void kill_at_random(const std::function<void(const std::string&)>& prepare,
                    const std::function<void(const std::string&)>& action) {
  const TempDir dir;
  const std::string straight = dir / "straight.db";
  prepare(straight);
  bool killed = false;
  const int64_t whole_us = run_child([&] { action(straight); }, -1, killed);
  const std::string wanted = dump_of(straight);
  std::mt19937 random(11);
  int hits = 0;
  for (int i = 0; i < kKills; ++i) {
    const std::string path = dir / fmt::format("{}.db", i);
    prepare(path);
    const auto limit = static_cast<int64_t>(random() % static_cast<uint64_t>(whole_us));
    run_child([&] { action(path); }, limit, killed);
    hits += killed ? 1 : 0;
    if (file_exists(path) && std::filesystem::file_size(path) > 0) {
      action(path);
    } else {
      prepare(path);
      action(path);
    }
    check_sound(path);
    REQUIRE((dump_of(path) == wanted));
    std::filesystem::remove(path);
  }
  CHECK(hits > 0);
}

void import_into(const std::string& path) {
  Store store = Store::open_or_create(path);
  std::vector<SampleRecord> records = make_records(kSamples, kClasses);
  for (SampleRecord& record : records) record.attributes = {{"n", int64_t{7}}};
  import_records(store, records, make_classes(kClasses), "/data", 100);
}

}  // namespace

TEST_CASE("an import that is killed and started again is as if it had not been") {
  kill_at_random([](const std::string&) {}, import_into);
}

TEST_CASE("a re-import that is killed and started again is as if it had not been") {
  const auto again = [](const std::string& path) {
    Store store = Store::open(path, Access::kWrite);
    std::vector<SampleRecord> records = make_records(kSamples + 500, kClasses);
    for (size_t i = 0; i < records.size(); i += 7) records[i].labels = {1};
    for (size_t i = 3; i < 2000; i += 50) records[i].path = fmt::format("moved/{}.png", i);
    for (size_t i = 5; i < 2000; i += 50) records[i].xxh3 ^= 5;
    records.erase(records.begin() + 100, records.begin() + 200);
    import_records(store, records, make_classes(kClasses), "/data", 100);
  };
  // Where the kill came too late this is a third import, that finds nothing to do: one more entry
  // in the log, and no conflict any more. So the log and the issues are left out.
  const TempDir dir;
  const std::string straight = dir / "straight.db";
  import_into(straight);
  {
    Store store = Store::open(straight, Access::kWrite);
    store::apply_edits(store, std::vector<store::Edit>{set_label(8, {3}), set_label(15, {4})}, "me",
                       "");
  }
  const std::string before = dir / "before.db";
  std::filesystem::copy_file(straight, before);
  bool killed = false;
  const int64_t whole_us = run_child([&] { again(straight); }, -1, killed);
  const auto rows_of = [](const std::string& path) {
    std::string text = dump_of(path);
    const size_t issues = text.find("[issues]");
    const size_t hashes = text.find("[content hashes]");
    return text.substr(0, issues) + text.substr(hashes, text.find("[log]") - hashes);
  };
  const std::string wanted = rows_of(straight);
  std::mt19937 random(3);
  for (int i = 0; i < kKills; ++i) {
    const std::string path = dir / fmt::format("{}.db", i);
    std::filesystem::copy_file(before, path);
    run_child([&] { again(path); },
              static_cast<int64_t>(random() % static_cast<uint64_t>(whole_us)), killed);
    again(path);
    check_sound(path);
    REQUIRE((rows_of(path) == wanted));
    std::filesystem::remove(path);
  }
}

TEST_CASE("a run that is killed and resumed is as if it had not been") {
  const auto prepare = [](const std::string& path) {
    if (!file_exists(path)) import_into(path);
  };
  const auto infer = [](const std::string& path) {
    Store store = Store::open(path, Access::kWrite);
    store::RunSpec spec;
    spec.name = "r";
    spec.kind = "probabilities";
    spec.classes = make_classes(kClasses);
    spec.batch_size = 32;
    spec.embedding_columns = 8;
    std::vector<SampleId> plan(kSamples);
    std::iota(plan.begin(), plan.end(), 1);
    store::RunWriter writer(store, spec, plan, store::OnExistingRun::kResume);
    for (size_t first = writer.rows_done(); first < plan.size(); first += 32) {
      const size_t count = std::min<size_t>(32, plan.size() - first);
      std::vector<float> rows(count * kClasses, 0.1F);
      std::vector<float> embeddings(count * 8);
      for (size_t i = 0; i < count; ++i) rows[i * kClasses + (first + i) % kClasses] = 0.7F;
      std::iota(embeddings.begin(), embeddings.end(), static_cast<float>(first));
      store::RunRows batch;
      batch.probabilities = rows;
      batch.embeddings = embeddings;
      writer.write(first, batch);
      if (first % 256 == 0) writer.flush();
    }
    writer.finish();
  };
  kill_at_random(prepare, infer);
}

TEST_CASE("edits that are killed are there as whole batches") {
  const TempDir dir;
  const std::string before = dir / "before.db";
  import_into(before);
  const auto edit = [](const std::string& path) {
    Store store = Store::open(path, Access::kWrite);
    for (SampleId first = 1; first <= 400; first += 10) {
      std::vector<store::Edit> edits;
      for (SampleId id = first; id < first + 10; ++id) {
        edits.push_back(set_label(id, {id % 3 + 2 == 4 ? 1 : id % 3 + 2}));
        edits.push_back(make_edit(id, store::EditKind::kTag, fmt::format("t{}", first)));
      }
      store::apply_edits(store, edits, "me", "");
      if (first % 40 == 1) store::undo(store, "me");
    }
  };
  const std::string straight = dir / "straight.db";
  std::filesystem::copy_file(before, straight);
  bool killed = false;
  const int64_t whole_us = run_child([&] { edit(straight); }, -1, killed);
  std::mt19937 random(5);
  for (int i = 0; i < kKills; ++i) {
    const std::string path = dir / fmt::format("{}.db", i);
    std::filesystem::copy_file(before, path);
    run_child([&] { edit(path); }, static_cast<int64_t>(random() % static_cast<uint64_t>(whole_us)),
              killed);
    check_sound(path);
    Store store = Store::open(path, Access::kWrite);
    const auto halves = store::query_sql(store,
                                         "SELECT count(*) FROM v_edits WHERE kind <> 'class' "
                                         "GROUP BY batch HAVING count(*) < 10");
    CHECK(halves.rows.empty());
    // And all of it can be taken back.
    while (store::undo_state(store).can_undo) store::undo(store, "me");
    CHECK(store::query_sql(store,
                           "SELECT 1 FROM v_samples WHERE label IS NOT label_given OR "
                           "tags <> '[]' OR review <> 'unseen'")
              .rows.empty());
    store.close();
    std::filesystem::remove(path);
  }
}
