#include "store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "base/log.h"
#include "store/block.h"
#include "store/connection.h"
#include "store/object_sets.h"
#include "store/schema.h"

namespace errata::store {

struct Store::State {
  std::string path;
  Access access = Access::kRead;
  std::vector<std::string> notices;
  std::unique_ptr<Connection> connection;
  int64_t own_changes = 0;
};

namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", 16};

// Bytes waiting in the WAL; 0 when there is none.
uint64_t wal_bytes(const std::string& path) {
  FileStat stat;
  return stat_file(path + "-wal", stat) ? stat.size_bytes : 0;
}

bool may_write(const std::string& path) {
  return ::access(path.c_str(), W_OK) == 0;
}

void check_file(const std::string& path) {
  FileStat stat;
  if (!stat_file(path, stat)) {
    if (errno == EACCES) throw io_error("open the store", path, errno);
    throw Error(ErrorCategory::kNotFound, "there is no store here",
                "make one with `errata import SOURCE`, or name another with -s", path);
  }
  if (stat.is_directory) {
    throw Error(ErrorCategory::kBadInput, "this is a folder, not a store",
                "name the file, such as errata.db", path);
  }
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw io_error("open the store", path, errno);
  char head[16] = {};
  const ssize_t got = ::read(file, head, sizeof(head));
  ::close(file);
  if (got != 16 || std::string_view(head, 16) != kMagic) {
    throw Error(ErrorCategory::kBadInput, "this is not a store: not an SQLite file",
                "name another file with -s, or make a store with `errata import`", path);
  }
}

void check_schema(Connection& connection, Access access) {
  const int64_t application = connection.integer("PRAGMA application_id");
  const int64_t version = connection.integer("PRAGMA user_version");
  // A killed create() can leave a file without tables: it is taken up again.
  const bool unborn = application == 0 && version == 0 && access == Access::kWrite &&
                      connection.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (application != kApplicationId && !unborn) {
    throw Error(ErrorCategory::kBadInput, "this SQLite file is not an Errata store",
                "name another file with -s, or make a store with `errata import`",
                connection.path());
  }
  if (version > current_schema_version()) {
    throw Error(ErrorCategory::kUnsupported,
                fmt::format("the store is of schema {}, this program knows up to {}", version,
                            current_schema_version()),
                "use the newer Errata that wrote it", connection.path());
  }
  if (version < current_schema_version() && access == Access::kRead) {
    throw Error(
        ErrorCategory::kUnsupported,
        fmt::format("the store is of schema {}, this program reads {}", version,
                    current_schema_version()),
        "run a command that writes, such as `errata doctor --upgrade`, to bring it up to date",
        connection.path());
  }
}

void set_common_pragmas(Connection& connection, const OpenOptions& options) {
  sqlite3_busy_timeout(connection.handle(), options.busy_wait_ms);
  connection.exec(
      "PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF; PRAGMA cache_size = -65536;"
      "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
  if (options.max_pages > 0) {
    connection.exec(fmt::format("PRAGMA max_page_count = {}", options.max_pages));
  }
}

// SQLite turns kibibytes into pages of the size it believes in; before it has read the file those
// are 4 KiB, and the cache would grow to eight times as much. To be called when it has.
void bound_cache(Connection& connection) {
  connection.exec("PRAGMA cache_size = -65536");
}

// WAL where the file system can, else the rollback journal, and it is said.
void choose_journal(Connection& connection, std::vector<std::string>& notices) {
  std::string mode;
  try {
    mode = connection.text("PRAGMA journal_mode = WAL");
  } catch (const Error& error) {
    if (error.category() == ErrorCategory::kBusy) throw;
  }
  if (mode == "wal") return;
  connection.exec("PRAGMA journal_mode = DELETE");
  notices.push_back(
      "this file system cannot hold a write-ahead log: the store uses a rollback journal, and "
      "readers wait while something is written");
}

std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : absolute_path(path)) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

std::unique_ptr<Connection> open_to_read(const std::string& path, const OpenOptions& options,
                                         std::vector<std::string>& notices) {
  const std::string folder(parent_path(path));
  const uint64_t waiting = wal_bytes(path);
  std::unique_ptr<Connection> connection;
  if (may_write(path) && may_write(folder)) {
    // Opened for writing so that the last reader clears away the WAL index it made; query_only
    // keeps the content as it is.
    connection = std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE, options.vfs);
    // What a killed writer left in the WAL stays there for the next writer to bring in.
    if (waiting > 0) {
      sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
  } else if (waiting == 0) {
    connection = std::make_unique<Connection>(immutable_uri(path),
                                              SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, options.vfs);
    notices.push_back(
        "the store or its folder cannot be written: opened as a file that does not change");
  } else {
    connection = std::make_unique<Connection>(path, SQLITE_OPEN_READONLY, options.vfs);
  }
  connection->set_path(path);
  set_common_pragmas(*connection, options);
  connection->exec("PRAGMA query_only = ON");
  return connection;
}

std::unique_ptr<Connection> open_to_write(const std::string& path, const OpenOptions& options,
                                          std::vector<std::string>& notices) {
  const std::string folder(parent_path(path));
  if (!may_write(path)) {
    throw Error(ErrorCategory::kIo, "the store is read-only",
                "give yourself write permission, or copy it elsewhere", path);
  }
  if (!may_write(folder)) {
    throw Error(ErrorCategory::kIo,
                "the store's folder is read-only, so the store cannot be written",
                "copy the store to a folder that can be written", path);
  }
  auto connection = std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE, options.vfs);
  set_common_pragmas(*connection, options);
  check_schema(*connection, Access::kWrite);
  choose_journal(*connection, notices);
  migrate(*connection);
  bound_cache(*connection);
  return connection;
}

}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;

Store& Store::operator=(Store&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Store::~Store() {
  if (state_ == nullptr || state_->connection == nullptr) return;
  try {
    close();
  } catch (const std::exception& error) {
    log_warning("closing the store: {}", error.what());
  }
}

Store Store::create(const std::string& path, const OpenOptions& options) {
  const std::string folder(parent_path(path));
  if (file_exists(path)) {
    throw Error(ErrorCategory::kConflict, "there is a file already", "open it, or name another",
                path);
  }
  if (!is_directory(folder)) {
    throw Error(ErrorCategory::kNotFound, "the folder for the store is not there",
                "make the folder first", folder);
  }
  if (!may_write(folder)) throw io_error("make the store", path, EACCES);
  auto state = std::make_unique<State>();
  state->path = path;
  state->access = Access::kWrite;
  state->connection =
      std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options.vfs);
  Connection& connection = *state->connection;
  set_common_pragmas(connection, options);
  connection.exec("PRAGMA page_size = 32768; PRAGMA auto_vacuum = INCREMENTAL;");
  choose_journal(connection, state->notices);
  migrate(connection);
  bound_cache(connection);
  return Store(std::move(state));
}

Store Store::open(const std::string& path, Access access, const OpenOptions& options) {
  check_file(path);
  auto state = std::make_unique<State>();
  state->path = path;
  state->access = access;
  state->connection = access == Access::kRead ? open_to_read(path, options, state->notices)
                                              : open_to_write(path, options, state->notices);
  if (access == Access::kRead) check_schema(*state->connection, access);
  return Store(std::move(state));
}

namespace {

// Two processes that make the same store at the same time take turns, by a lock on the folder that
// leaves no file behind. Where folders cannot be locked, nothing is held.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

Store Store::open_or_create(const std::string& path, const OpenOptions& options) {
  const FolderLock lock{std::string(parent_path(path))};
  FileStat stat;
  // An empty file is what a killed create() leaves.
  if (stat_file(path, stat) && !(stat.is_regular && stat.size_bytes == 0)) {
    return open(path, Access::kWrite, options);
  }
  if (stat.is_regular) ::unlink(path.c_str());
  return create(path, options);
}

void Store::close() {
  if (state_->connection == nullptr) return;
  if (state_->access == Access::kWrite) {
    try {
      fold_edits_when_many(*state_->connection);
    } catch (const Error& error) {
      // Folding only makes the next opening faster.
      log_warning("{}", error.to_text());
    }
  }
  state_->connection->close();
  state_->connection.reset();
}

const std::string& Store::path() const {
  return state_->path;
}
Access Store::access() const {
  return state_->access;
}
const std::vector<std::string>& Store::notices() const {
  return state_->notices;
}
Connection& Store::db() {
  return *state_->connection;
}

int64_t Store::data_version() {
  // PRAGMA data_version tells of other connections only; the total of changed rows tells of ours.
  return db().integer("PRAGMA data_version") * (int64_t{1} << 40) +
         sqlite3_total_changes64(db().handle());
}

StoreInfo read_info(Store& store) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  StoreInfo info;
  info.schema_version = static_cast<int>(db.integer("PRAGMA user_version"));
  info.journal_mode = db.text("PRAGMA journal_mode");
  const auto count = [&](std::string_view sql) { return static_cast<uint64_t>(db.integer(sql)); };
  const uint64_t page_bytes = count("PRAGMA page_size");
  info.file_bytes = count("PRAGMA page_count") * page_bytes;
  info.free_bytes = count("PRAGMA freelist_count") * page_bytes;
  info.samples = count("SELECT count(*) FROM sample WHERE vanished_batch IS NULL");
  info.vanished = count("SELECT count(*) FROM sample WHERE vanished_batch IS NOT NULL");
  info.labelled = count(
      "SELECT count(DISTINCT sample_id) FROM label JOIN sample ON sample.id = sample_id "
      "WHERE current = 1 AND vanished_batch IS NULL");
  info.multi_label = count(
      "SELECT count(*) FROM (SELECT 1 FROM label JOIN sample ON sample.id = sample_id "
      "WHERE current = 1 AND vanished_batch IS NULL GROUP BY sample_id HAVING count(*) > 1)");
  info.objects = count_standing(db);
  info.object_sources = count("SELECT count(*) FROM object_set WHERE state = 1");
  info.classes = count("SELECT count(*) FROM class WHERE merged_into IS NULL");
  info.sources = count("SELECT count(*) FROM source");
  info.runs = count("SELECT count(*) FROM run");
  info.versions = count("SELECT count(*) FROM version");
  info.edit_batches =
      count("SELECT count(*) FROM batch WHERE kind IN ('edit', 'redo') AND undone_by IS NULL");
  info.rejected = count("SELECT count(*) FROM issue WHERE severity = 0");
  info.warnings = count("SELECT count(*) FROM issue WHERE severity = 1");
  return info;
}

}  // namespace errata::store
