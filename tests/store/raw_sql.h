// SQLite behind the store's back: to plant damage and to see what another program would.
#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace errata::test {

inline void raw_sql(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) throw std::runtime_error("open " + path);
  char* message = nullptr;
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
  const std::string words = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(db);
  if (code != SQLITE_OK) throw std::runtime_error(words + ": " + sql);
}

}  // namespace errata::test
