// The order of a selection by one or several columns.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/columns.h"
#include "query/selection.h"

namespace errata::query {

struct SortKey {
  std::string column;
  bool descending = false;
};

inline constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

// Working memory of order_rows, kept between calls so that a new order of a million rows does not
// pay for fresh pages. One thread at a time.
class RankScratch {
 public:
  RankScratch();
  ~RankScratch();
  RankScratch(RankScratch&&) noexcept;
  RankScratch& operator=(RankScratch&&) noexcept;

  struct Buffers;
  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

// The first `limit` rows of the selection in the order of the keys, the first key weighing most.
// NULLs (and NaN) come last whether a key rises or descends; equal rows keep the order of their row
// numbers. Numbers by value (-0 equals 0), categories and texts by the bytes of their text, false
// before true. Without a key: row order. Throws Error(kUsage) for an unknown column (with a did you
// mean) and for a set.
std::vector<RowIndex> order_rows(const Table& table, const Selection& selection,
                                 std::span<const SortKey> keys, size_t limit = kNoLimit,
                                 RankScratch* scratch = nullptr);

// The same into `out`, whose memory is used again.
void order_rows_into(const Table& table, const Selection& selection, std::span<const SortKey> keys,
                     size_t limit, RankScratch& scratch, std::vector<RowIndex>& out);

}  // namespace errata::query
