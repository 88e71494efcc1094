// SQLite in three classes. Internal to this folder: no public header includes it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"

namespace errata::store {

class Connection;
struct RunPlan;
struct ObjectSetIndex;

// A prepared statement. Parameters count from 1, columns from 0. Text and blobs bound by bind()
// must live until the next reset(); bind_copy() copies.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, int value) { return bind(index, static_cast<int64_t>(value)); }
  Statement& bind(int index, uint64_t value) { return bind(index, static_cast<int64_t>(value)); }
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Statement& bind_blob(int index, std::span<const uint8_t> bytes);
  Statement& bind_null(int index);
  Statement& bind_copy(int index, std::string_view text);
  // NULL for the absent value, which is 0 for ids and empty for texts.
  Statement& bind_id(int index, int64_t id) { return id == 0 ? bind_null(index) : bind(index, id); }
  Statement& bind_optional(int index, std::string_view text) {
    return text.empty() ? bind_null(index) : bind(index, text);
  }

  // True on a row, false when done. After false or an error the statement is reset.
  bool step();
  void run();  // step() of what gives no rows; bindings stay
  void reset();

  bool is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }
  double real(int column) const { return sqlite3_column_double(handle_, column); }
  // Valid until the next step or reset.
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string(text(column)); }
  std::span<const uint8_t> blob(int column) const;
  sqlite3_stmt* handle() const { return handle_; }

 private:
  Connection* connection_;
  sqlite3_stmt* handle_ = nullptr;
};

// One SQLite connection with its cache of prepared statements.
class Connection {
 public:
  // Throws on failure as error() maps it. `flags` are SQLite's SQLITE_OPEN_*.
  Connection(const std::string& path, int flags, const std::string& vfs);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }  // as the user named it

  void exec(const std::string& sql);
  Statement prepare(std::string_view sql) { return Statement(*this, sql); }
  // Prepared once and kept; reset and with its bindings cleared. Not to be used for two purposes at
  // once.
  Statement& cached(std::string_view sql);
  int64_t integer(std::string_view sql);  // first column of the first row; 0 when there is none
  std::string text(std::string_view sql);
  int64_t changes() const { return sqlite3_changes64(handle_); }
  int64_t last_id() const { return sqlite3_last_insert_rowid(handle_); }

  // See read_plan() in run_rows.h.
  std::unordered_map<int64_t, std::shared_ptr<const RunPlan>>& plan_cache() { return plans_; }

  // See read_set_index() in object_sets.h.
  std::unordered_map<int64_t, std::shared_ptr<const ObjectSetIndex>>& object_set_cache() {
    return object_sets_;
  }

  // The exception for SQLite's `code` while `doing`.
  Error error(int code, std::string_view doing) const;
  void close();  // throws when the checkpoint fails

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Statement>> cache_;
  std::unordered_map<int64_t, std::shared_ptr<const RunPlan>> plans_;
  std::unordered_map<int64_t, std::shared_ptr<const ObjectSetIndex>> object_sets_;
};

// Rolls back unless committed. kWrite takes the write lock at once (waiting as the connection
// says); kDurable also makes the commit outlive a power cut: for what people author.
class Transaction {
 public:
  enum class Kind { kRead, kWrite, kDurable };
  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
  Kind kind_;
  bool open_ = true;
};

// "process 1234 (errata infer ...)" for whoever holds the write lock of the store at `path`, empty
// when it cannot be said. Reads /proc/locks: asking by opening the file would drop our own locks.
std::string describe_lock_holder(const std::string& path);

}  // namespace errata::store
