// Opening: what is no store, what may not be written, and who else is there.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "store/edits.h"
#include "store/saved_views.h"
#include "store/snapshot_loader.h"
#include "store/store.h"
#include "tests/store/raw_sql.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;
using store::Access;
using store::Store;

namespace {

ErrorCategory category_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK_FALSE(std::string(error.what()).empty());
    CHECK_FALSE(error.hint().empty());
    return error.category();
  }
  FAIL("no error");
  return ErrorCategory::kInternal;
}

void fill(Store& store) {
  import_records(store, make_records(50, 2), make_classes(2));
}

// Names, sizes and content of a folder.
std::map<std::string, uint64_t> look(const std::string& folder) {
  std::map<std::string, uint64_t> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename().string()] = xxh3_64(read_text_file(entry.path().string()));
  }
  return files;
}

// Runs `action` in a process of its own; its exit status is what action returns.
int in_child(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = action();
    } catch (const Error& error) {
      status = error.exit_code();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Root may write anywhere: such tests run as nobody.
bool become_nobody() {
  return ::getuid() != 0 || ::setuid(65534) == 0;
}

}  // namespace

TEST_CASE("what is not there, not SQLite or not ours is told apart") {
  const TempDir dir;
  CHECK(category_of([&] { Store::open(dir / "none.db", Access::kRead); }) ==
        ErrorCategory::kNotFound);
  CHECK(category_of([&] { Store::create(dir / "no folder/errata.db"); }) ==
        ErrorCategory::kNotFound);
  CHECK(category_of([&] { Store::open(dir.path(), Access::kWrite); }) == ErrorCategory::kBadInput);
  const std::string text = dir.write("text.db", "this is a text file, not a database at all");
  CHECK(category_of([&] { Store::open(text, Access::kRead); }) == ErrorCategory::kBadInput);
  CHECK(category_of([&] { Store::open_or_create(text); }) == ErrorCategory::kBadInput);
  CHECK(category_of([&] { Store::create(text); }) == ErrorCategory::kConflict);
  const std::string zeroes = dir.write("zeroes.db", std::string(5000, '\0'));
  CHECK(category_of([&] { Store::open(zeroes, Access::kRead); }) == ErrorCategory::kBadInput);
  const std::string head = dir.write("head.db", std::string("SQLite format 3\0", 16) + "rubbish");
  CHECK(category_of([&] { Store::open(head, Access::kRead); }) == ErrorCategory::kBadInput);
  const std::string other = dir / "other.db";
  raw_sql(other, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
  CHECK(category_of([&] { Store::open(other, Access::kRead); }) == ErrorCategory::kBadInput);
  CHECK(category_of([&] { Store::open(other, Access::kWrite); }) == ErrorCategory::kBadInput);
  CHECK(look(dir.path()).at("text.db") == xxh3_64(read_text_file(text)));
}

TEST_CASE("an empty file is what a killed creation leaves, and becomes a store") {
  const TempDir dir;
  const std::string path = dir.write("errata.db", "");
  Store store = Store::open_or_create(path);
  fill(store);
  store.close();
  CHECK(store::load_snapshot(*std::make_unique<Store>(Store::open(path, Access::kRead)))
            .samples.rows() == 50);
}

TEST_CASE("a newer schema is refused, and the file stays as it is") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  Store::create(path).close();
  raw_sql(path, "PRAGMA user_version = 9999");
  const auto before = look(dir.path());
  CHECK(category_of([&] { Store::open(path, Access::kRead); }) == ErrorCategory::kUnsupported);
  CHECK(category_of([&] { Store::open(path, Access::kWrite); }) == ErrorCategory::kUnsupported);
  CHECK(look(dir.path()) == before);
}

TEST_CASE("opening to read changes no byte and leaves no file") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  {
    Store store = Store::create(path);
    fill(store);
    CHECK(store.notices().empty());
  }
  const auto before = look(dir.path());
  CHECK(before.size() == 1);
  {
    Store store = Store::open(path, Access::kRead);
    store::load_snapshot(store);
    CHECK_THROWS_AS(store::put_saved_view(store, {"v", "", "", ""}), Error);
  }
  CHECK(look(dir.path()) == before);
}

TEST_CASE("a read-only store and a read-only folder are read, and writing is refused") {
  const TempDir dir;
  dir.write("inner/beside", "");
  const std::string store_path = dir / "inner/errata.db";
  {
    Store store = Store::create(store_path);
    fill(store);
  }
  ::chmod(dir.path().c_str(), 0755);
  ::chmod((dir / "inner").c_str(), 0755);
  for (const mode_t file_mode : {0444U, 0666U}) {
    CAPTURE(file_mode);
    ::chmod(store_path.c_str(), file_mode);
    ::chmod((dir / "inner").c_str(), 0555);
    const auto before = look(dir / "inner");
    CHECK(in_child([&] {
            if (!become_nobody()) return 0;
            Store store = Store::open(store_path, Access::kRead);
            if (store.notices().empty()) return 50;
            return store::load_snapshot(store).samples.rows() == 50 ? 0 : 51;
          }) == 0);
    CHECK(in_child([&] {
            if (!become_nobody()) return static_cast<int>(ErrorCategory::kIo);
            Store::open(store_path, Access::kWrite);
            return 0;
          }) == static_cast<int>(ErrorCategory::kIo));
    CHECK(look(dir / "inner") == before);
    ::chmod((dir / "inner").c_str(), 0755);
  }
}

TEST_CASE("a full disk loses nothing that was there and says so") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  {
    Store store = Store::create(path);
    fill(store);
  }
  store::OpenOptions options;
  options.max_pages = static_cast<int64_t>(std::filesystem::file_size(path) / 32768 + 2);
  {
    Store store = Store::open(path, Access::kWrite, options);
    CHECK(category_of([&] {
            import_records(store, make_records(20'000, 2), make_classes(2), "/other", 500, "other");
          }) == ErrorCategory::kIo);
    CHECK(store::load_snapshot(store).samples.rows() == 50);
  }
  Store store = Store::open(path, Access::kWrite);
  CHECK(import_records(store, make_records(20'000, 2), make_classes(2), "/other", 500, "other")
            .added == 20'000);
}

TEST_CASE("a write that the system refuses is an error, not a lost store") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  {
    Store store = Store::create(path);
    fill(store);
  }
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1'000'000, 1'000'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Store store = Store::open(path, Access::kWrite);
    import_records(store, make_records(20'000, 2), make_classes(2), "/other", 500, "other");
    return 0;
  });
  CHECK(status == static_cast<int>(ErrorCategory::kIo));
  Store store = Store::open(path, Access::kRead);
  CHECK(store::load_snapshot(store).samples.rows() == 50);
}

TEST_CASE("where the file system has no WAL, the rollback journal is used and told") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  store::OpenOptions options;
  options.vfs = "unix-dotfile";
  Store store = Store::create(path, options);
  REQUIRE(store.notices().size() == 1);
  CHECK(store.notices()[0].find("rollback journal") != std::string::npos);
  CHECK(store::read_info(store).journal_mode == "delete");
  fill(store);
  CHECK(store::load_snapshot(store).samples.rows() == 50);
}

TEST_CASE("a second writer waits, then is told who writes") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  {
    Store store = Store::create(path);
    fill(store);
  }
  int ready[2];
  int done[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(done) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(done[1]);  // so that it ends with its parent, however that ends
    sqlite3* db = nullptr;
    sqlite3_open(path.c_str(), &db);
    sqlite3_exec(db, "BEGIN IMMEDIATE; UPDATE meta SET value = value", nullptr, nullptr, nullptr);
    char byte = 'r';
    (void)!::write(ready[1], &byte, 1);
    (void)!::read(done[0], &byte, 1);
    sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(db);
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  store::OpenOptions options;
  options.busy_wait_ms = 100;
  Store store = Store::open(path, Access::kWrite, options);
  const auto edit = set_label(1, {2});
  try {
    store::apply_edits(store, std::span(&edit, 1), "me", "");
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kBusy);
    CHECK(std::string(error.what()).find(fmt::format("process {}", child)) != std::string::npos);
  }
  // Readers do not wait.
  CHECK(store::load_snapshot(store).samples.rows() == 50);
  CHECK(::write(done[1], "x", 1) == 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(store::apply_edits(store, std::span(&edit, 1), "me", "").edits.size() == 1);
}

TEST_CASE("what a killed writer left in the WAL is read, and stays for the next writer") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  Store::create(path).close();
  CHECK(in_child([&] {
          Store store = Store::open(path, Access::kWrite);
          fill(store);
          ::kill(::getpid(), SIGKILL);
          return 0;
        }) == 128 + SIGKILL);
  REQUIRE(file_exists(path + "-wal"));
  const auto before = look(dir.path());
  {
    Store store = Store::open(path, Access::kRead);
    CHECK(store::load_snapshot(store).samples.rows() == 50);
  }
  CHECK(look(dir.path()).at("errata.db") == before.at("errata.db"));
  {
    Store store = Store::open(path, Access::kWrite);
    CHECK(store::load_snapshot(store).samples.rows() == 50);
  }
  CHECK(look(dir.path()).size() == 1);
}

TEST_CASE("a viewer sees that another process wrote") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  Store writer = Store::create(path);
  fill(writer);
  Store reader = Store::open(path, Access::kRead);
  const int64_t before = reader.data_version();
  CHECK(reader.data_version() == before);
  const auto edit = set_label(1, {2});
  const int64_t own = writer.data_version();
  store::apply_edits(writer, std::span(&edit, 1), "me", "");
  CHECK(reader.data_version() != before);
  CHECK(writer.data_version() != own);
}
