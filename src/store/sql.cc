#include "store/sql.h"

#include <fmt/format.h>

#include <array>

#include "base/hash.h"
#include "base/text.h"
#include "store/connection.h"
#include "store/table_functions.h"

namespace errata::store {

namespace {

// What reading needs, and nothing else: no ATTACH, no temporary tables, no settings.
int authorise(void*, int action, const char* first, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_PRAGMA: {
      constexpr std::array<std::string_view, 5> kAllowed{"table_info", "table_xinfo", "table_list",
                                                         "user_version", "data_version"};
      const std::string_view name = first == nullptr ? "" : first;
      const bool asks = second == nullptr || name.starts_with("table_");
      for (const std::string_view allowed : kAllowed) {
        if (name == allowed && asks) return SQLITE_OK;
      }
      return SQLITE_DENY;
    }
    default: return SQLITE_DENY;
  }
}

class ReadingOnly {
 public:
  explicit ReadingOnly(sqlite3* db) : db_(db) { sqlite3_set_authorizer(db, authorise, nullptr); }
  ~ReadingOnly() { sqlite3_set_authorizer(db_, nullptr, nullptr); }
  ReadingOnly(const ReadingOnly&) = delete;
  ReadingOnly& operator=(const ReadingOnly&) = delete;

 private:
  sqlite3* db_;
};

// Asks `cancel` every so many steps of SQLite's machine: a fraction of a millisecond.
class StoppedBy {
 public:
  StoppedBy(sqlite3* db, const CancelToken* cancel) : db_(db) {
    if (cancel == nullptr) return;
    sqlite3_progress_handler(
        db, 10'000,
        [](void* token) { return static_cast<const CancelToken*>(token)->cancelled() ? 1 : 0; },
        const_cast<CancelToken*>(cancel));
  }
  ~StoppedBy() { sqlite3_progress_handler(db_, 0, nullptr, nullptr); }
  StoppedBy(const StoppedBy&) = delete;
  StoppedBy& operator=(const StoppedBy&) = delete;

 private:
  sqlite3* db_;
};

using StatementHandle = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

Error sql_error(Connection& db, int code) {
  if ((code & 0xff) == SQLITE_AUTH) {
    return Error(ErrorCategory::kUsage, "only reading is allowed here",
                 "labels change with `errata edit`; `errata sql` answers SELECT");
  }
  if ((code & 0xff) == SQLITE_ERROR) {
    return Error(ErrorCategory::kUsage, sqlite3_errmsg(db.handle()),
                 "the views are listed by `errata sql --views`");
  }
  return db.error(code, "run the query");
}

StatementHandle prepare_one(Connection& db, const std::string& sql) {
  sqlite3_stmt* handle = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v2(db.handle(), sql.c_str(), static_cast<int>(sql.size()) + 1,
                                      &handle, &tail);
  StatementHandle statement(handle, sqlite3_finalize);
  if (code != SQLITE_OK) throw sql_error(db, code);
  if (statement == nullptr) throw Error(ErrorCategory::kUsage, "there is no statement");
  // Behind it only comments and white space: those prepare to nothing.
  sqlite3_stmt* second = nullptr;
  const int rest = sqlite3_prepare_v2(db.handle(), tail, -1, &second, nullptr);
  const StatementHandle second_statement(second, sqlite3_finalize);
  if (rest != SQLITE_OK || second != nullptr) {
    throw Error(ErrorCategory::kUsage, "one statement at a time");
  }
  return statement;
}

void bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    sqlite3_bind_int64(statement, index, *integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    sqlite3_bind_double(statement, index, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  } else if (const auto* blob = std::get_if<SqlBlob>(&value)) {
    sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(), SQLITE_TRANSIENT);
  }
}

SqlValue value_of(sqlite3_stmt* statement, int column) {
  const auto size = [&] { return static_cast<size_t>(sqlite3_column_bytes(statement, column)); };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string(text, size());
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(statement, column));
      return SqlBlob{{bytes, bytes + size()}};
    }
    default: return std::monostate();
  }
}

}  // namespace

void run_sql(Store& store, const std::string& sql, std::span<const SqlValue> parameters,
             const std::function<void(std::span<const std::string> columns)>& on_columns,
             const std::function<bool(std::span<const SqlValue> row)>& on_row,
             const CancelToken* cancel) {
  Connection& db = store.db();
  const StoppedBy stopped_by(db.handle(), cancel);
  const Transaction transaction(db, Transaction::Kind::kRead);
  register_table_functions(store);
  StatementHandle statement(nullptr, sqlite3_finalize);
  {
    const ReadingOnly guard(db.handle());
    statement = prepare_one(db, sql);
  }
  const int wanted = sqlite3_bind_parameter_count(statement.get());
  if (wanted != static_cast<int>(parameters.size())) {
    throw Error(ErrorCategory::kUsage, fmt::format("the statement has {} parameters, {} were given",
                                                   wanted, parameters.size()));
  }
  for (int i = 0; i < wanted; ++i) {
    bind(statement.get(), i + 1, parameters[static_cast<size_t>(i)]);
  }
  std::vector<std::string> columns;
  for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
    columns.emplace_back(sqlite3_column_name(statement.get(), i));
  }
  on_columns(columns);
  std::vector<SqlValue> row(columns.size());
  while (true) {
    const int code = sqlite3_step(statement.get());
    if (code == SQLITE_DONE) return;
    if (code != SQLITE_ROW) throw sql_error(db, code);
    for (size_t i = 0; i < row.size(); ++i) row[i] = value_of(statement.get(), static_cast<int>(i));
    if (!on_row(row)) return;
  }
}

SqlResult query_sql(Store& store, const std::string& sql, std::span<const SqlValue> parameters,
                    const CancelToken* cancel) {
  SqlResult result;
  run_sql(
      store, sql, parameters,
      [&](std::span<const std::string> columns) {
        result.columns.assign(columns.begin(), columns.end());
      },
      [&](std::span<const SqlValue> row) {
        result.rows.emplace_back(row.begin(), row.end());
        return true;
      },
      cancel);
  return result;
}

std::string display(const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* blob = std::get_if<SqlBlob>(&value)) return to_hex(blob->bytes);
  return {};
}

}  // namespace errata::store
