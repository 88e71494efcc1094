// The evaluator against SQLite: the same random filters over the same random tables must find the
// same rows.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

#include "base/error.h"
#include "query/filter.h"
#include "query/simd.h"
#include "tests/query/random_filters.h"

using namespace errata;
using namespace errata::query;
using errata::query::test::FilterMaker;
using errata::query::test::random_table;
using errata::query::test::RandomFilter;

namespace {

class Sqlite {
 public:
  explicit Sqlite(const Table& table) {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(":memory:", &opened) == SQLITE_OK);
    db_.reset(opened);
    fill(table);
  }

  std::vector<RowIndex> rows_where(const std::string& condition) {
    Statement statement = prepare("select id from t where " + condition);
    std::vector<RowIndex> rows;
    while (sqlite3_step(statement.get()) == SQLITE_ROW) {
      rows.push_back(static_cast<RowIndex>(sqlite3_column_int64(statement.get(), 0) - 1));
    }
    return rows;
  }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  Statement prepare(const std::string& sql) {
    sqlite3_stmt* made = nullptr;
    const int code =
        sqlite3_prepare_v2(db_.get(), sql.c_str(), static_cast<int>(sql.size()), &made, nullptr);
    if (code != SQLITE_OK) FAIL(fmt::format("{}: {}", sqlite3_errmsg(db_.get()), sql));
    return Statement(made);
  }

  void run(const std::string& sql) { sqlite3_step(prepare(sql).get()); }

  static const char* affinity(ColumnType type) {
    switch (type) {
      case ColumnType::kBool:
      case ColumnType::kInt: return "INTEGER";
      case ColumnType::kFloat:
      case ColumnType::kDouble: return "REAL";
      default: return "TEXT";
    }
  }

  void fill(const Table& table) {
    std::string columns;
    std::string marks;
    for (const auto& column : table.columns()) {
      if (column->type == ColumnType::kSet) continue;
      columns += fmt::format("{}\"{}\" {}", columns.empty() ? "" : ", ", column->name,
                             affinity(column->type));
      marks += marks.empty() ? "?" : ", ?";
    }
    run("create table t(" + columns + ")");
    run("create table tags(row INTEGER, value TEXT)");
    Statement insert = prepare("insert into t values (" + marks + ")");
    Statement insert_tag = prepare("insert into tags values (?, ?)");
    for (RowIndex row = 0; row < table.rows(); ++row) {
      int at = 0;
      for (const auto& column : table.columns()) {
        if (column->type == ColumnType::kSet) {
          insert_members(insert_tag.get(), *column, row);
        } else {
          bind(insert.get(), ++at, *column, row);
        }
      }
      REQUIRE(sqlite3_step(insert.get()) == SQLITE_DONE);
      sqlite3_reset(insert.get());
    }
    run("create index tags_row on tags(row)");
  }

  static void bind(sqlite3_stmt* statement, int at, const Column& column, RowIndex row) {
    if (column.is_null(row)) {
      sqlite3_bind_null(statement, at);
    } else if (column.type == ColumnType::kInt) {
      sqlite3_bind_int64(statement, at, column.ints[row]);
    } else if (column.type == ColumnType::kBool) {
      sqlite3_bind_int64(statement, at, column.bytes[row]);
    } else if (column.type == ColumnType::kFloat || column.type == ColumnType::kDouble) {
      sqlite3_bind_double(statement, at, column.number(row));
    } else {
      const std::string_view text = column.text(row);
      sqlite3_bind_text(statement, at, text.data() == nullptr ? "" : text.data(),
                        static_cast<int>(text.size()), SQLITE_TRANSIENT);
    }
  }

  static void insert_members(sqlite3_stmt* statement, const Column& column, RowIndex row) {
    for (uint64_t i = column.offsets[row]; i < column.offsets[row + 1]; ++i) {
      const std::string& text = (*column.dictionary)[column.codes[i]];
      sqlite3_bind_int64(statement, 1, row + 1);
      sqlite3_bind_text(statement, 2, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
      REQUIRE(sqlite3_step(statement) == SQLITE_DONE);
      sqlite3_reset(statement);
    }
  }

  std::unique_ptr<sqlite3, Close> db_;
};

void compare_with_sqlite(size_t rows, size_t filters, uint64_t seed) {
  const Table table = random_table(rows, seed);
  Sqlite sqlite(table);
  FilterMaker maker(seed);
  size_t mismatches = 0;
  size_t some = 0;
  for (size_t i = 0; i < filters && mismatches < 5; ++i) {
    const RandomFilter random = maker.make();
    try {
      const Filter filter = parse_filter(random.ours);
      const std::vector<RowIndex> ours = evaluate(filter, table).to_rows();
      const std::vector<RowIndex> theirs = sqlite.rows_where(random.sql);
      some += !theirs.empty() && theirs.size() < rows;
      const bool reads_back = parse_filter(filter.to_string()) == filter;
      CHECK_MESSAGE(reads_back, random.ours);
      if (ours == theirs) continue;
      ++mismatches;
      FAIL_CHECK(fmt::format("{}\n  sql: {}\n  ours: {}\n  theirs: {}", random.ours, random.sql,
                             fmt::join(ours, " "), fmt::join(theirs, " ")));
    } catch (const Error& error) {
      ++mismatches;
      FAIL_CHECK(fmt::format("{}\n{}", error.to_text(), random.ours));
    }
  }
  // Many filters must tell rows apart, or the test says little.
  CHECK(some * 4 > filters);
}

}  // namespace

TEST_CASE("100,000 random filters find the rows that SQLite finds") {
  compare_with_sqlite(40, 40'000, 1);
  compare_with_sqlite(64, 30'000, 2);
  compare_with_sqlite(33, 29'500, 3);
}

TEST_CASE("the same over several blocks of rows, with each instruction set") {
  compare_with_sqlite(9'000, 170, 4);
  limit_isa(Isa::kAvx2);
  compare_with_sqlite(9'000, 170, 5);
  limit_isa(Isa::kBaseline);
  compare_with_sqlite(9'000, 160, 6);
  limit_isa(Isa::kAvx512);
}
