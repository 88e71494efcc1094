#include "store/connection.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"

namespace errata::store {

Statement::Statement(Connection& connection, std::string_view sql) : connection_(&connection) {
  const int code = sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) throw connection.error(code, "prepare a statement");
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), handle_(other.handle_) {
  other.handle_ = nullptr;
}

Statement& Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(handle_, index, value);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  sqlite3_bind_double(handle_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_copy(int index, std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::span<const uint8_t> bytes) {
  if (bytes.empty()) {
    sqlite3_bind_zeroblob(handle_, index, 0);
  } else {
    sqlite3_bind_blob64(handle_, index, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(handle_, index);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(handle_);
    return false;
  }
  const Error error = connection_->error(code, "run a statement");
  sqlite3_reset(handle_);
  throw error;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::span<const uint8_t> Statement::blob(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

Connection::Connection(const std::string& path, int flags, const std::string& vfs) : path_(path) {
  const int code =
      sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX,
                      vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    const Error failure = error(code, "open the store");
    sqlite3_close_v2(handle_);
    throw failure;
  }
}

Connection::~Connection() {
  cache_.clear();
  sqlite3_close_v2(handle_);
}

void Connection::close() {
  cache_.clear();
  const int code = sqlite3_close(handle_);
  if (code != SQLITE_OK) throw error(code, "close the store");
  handle_ = nullptr;
}

void Connection::exec(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw error(code, "run a statement");
}

Statement& Connection::cached(std::string_view sql) {
  const auto found = cache_.find(std::string(sql));
  if (found != cache_.end()) {
    found->second->reset();
    return *found->second;
  }
  auto statement = std::make_unique<Statement>(*this, sql);
  return *cache_.emplace(std::string(sql), std::move(statement)).first->second;
}

int64_t Connection::integer(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string Connection::text(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.string(0) : std::string();
}

namespace {

Error busy_error(const std::string& path) {
  const std::string holder = describe_lock_holder(path);
  return Error(ErrorCategory::kBusy,
               holder.empty() ? "another program is writing to the store"
                              : fmt::format("the store is being written to by {}", holder),
               "wait until it is done and run this again", path);
}

}  // namespace

Error Connection::error(int code, std::string_view doing) const {
  const std::string words =
      handle_ == nullptr ? sqlite3_errstr(code) : std::string(sqlite3_errmsg(handle_));
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return busy_error(path_);
    case SQLITE_FULL:
      return Error(ErrorCategory::kIo, "the disk is full, nothing of this step was kept",
                   "free some space and run this again: it goes on where it stopped", path_);
    case SQLITE_READONLY:
      return Error(ErrorCategory::kIo, "the store may not be written",
                   "check the permissions of the file and of its folder", path_);
    case SQLITE_NOTADB:
      return Error(ErrorCategory::kBadInput, "this is not a store: not an SQLite file",
                   "name another file with -s, or make a store with `errata import`", path_);
    case SQLITE_CORRUPT:
      return Error(ErrorCategory::kCorrupt, fmt::format("the store is damaged: {}", words),
                   "run `errata doctor`, or go back to a copy", path_);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return Error(ErrorCategory::kIo, fmt::format("cannot {}: {}", doing, words),
                   "check that the folder exists and may be written", path_);
    case SQLITE_IOERR:
      return Error(ErrorCategory::kIo, fmt::format("cannot {}: {}", doing, words),
                   "check the disk: space, quota, file size limit, connection", path_);
    case SQLITE_NOMEM: return Error(ErrorCategory::kIo, "out of memory", {}, path_);
    case SQLITE_INTERRUPT: return Error(ErrorCategory::kInterrupted, "stopped by request");
    case SQLITE_CONSTRAINT:
      return Error(ErrorCategory::kCorrupt,
                   fmt::format("a rule of the store does not hold: {}", words),
                   "run `errata doctor`", path_);
    default:
      return Error(ErrorCategory::kInternal, fmt::format("cannot {}: {}", doing, words), {}, path_);
  }
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection), kind_(kind) {
  if (kind == Kind::kRead && sqlite3_get_autocommit(connection.handle()) == 0) {
    open_ = false;
    return;
  }
  if (kind == Kind::kDurable) connection_.exec("PRAGMA synchronous = FULL");
  connection_.exec(kind == Kind::kRead ? "BEGIN" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (kind_ == Kind::kDurable) {
    sqlite3_exec(connection_.handle(), "PRAGMA synchronous = NORMAL", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  connection_.exec("COMMIT");
  open_ = false;
  if (kind_ == Kind::kDurable) connection_.exec("PRAGMA synchronous = NORMAL");
}

}  // namespace errata::store
