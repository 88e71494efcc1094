// Read-only SQL over the public views and the table functions. Both are documented here, tested,
// and change only with a major version; the tables below them are private.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/progress.h"
#include "store/store.h"

namespace errata::store {

struct SqlBlob {
  std::vector<uint8_t> bytes;
};
using SqlValue = std::variant<std::monostate, int64_t, double, std::string, SqlBlob>;

// `on_row` may return false to stop. Error: kUsage for a statement that does not parse (with
// SQLite's words), that would write, or when there is more than one. `parameters` bind ?1, ?2, ...
// Once `cancel` is cancelled, from any thread or a signal, Error(kInterrupted).
void run_sql(Store& store, const std::string& sql, std::span<const SqlValue> parameters,
             const std::function<void(std::span<const std::string> columns)>& on_columns,
             const std::function<bool(std::span<const SqlValue> row)>& on_row,
             const CancelToken* cancel = nullptr);

struct SqlResult {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
};
SqlResult query_sql(Store& store, const std::string& sql, std::span<const SqlValue> parameters = {},
                    const CancelToken* cancel = nullptr);
// As the command line prints it: NULL is empty, blobs as hex.
std::string display(const SqlValue& value);

struct ViewColumnDoc {
  std::string_view view;  // "v_samples", or "predictions(run)" for a table function
  std::string_view column;
  std::string_view sentence;
};
// Every column of every public view and table function, grouped, in the order SQL gives them.
std::span<const ViewColumnDoc> public_view_docs();

}  // namespace errata::store
