#include "viewer/state/round_marks.h"

#include <limits>

namespace errata::viewer {

namespace {

constexpr RowIndex kGone = std::numeric_limits<RowIndex>::max();

struct Marker {
  ObjectColumns columns;
  const Column* excluded;

  RoundMark of(RowIndex row) const {
    const auto sample = static_cast<RowIndex>(columns.sample->ints[row]);
    if (excluded != nullptr && excluded->bytes[sample] != 0) return RoundMark::kExcluded;
    const std::string_view review = review_of(columns, row);
    if (review == "kept") return RoundMark::kKept;
    if (review == "changed") return RoundMark::kRelabelled;
    if (review == "added") return RoundMark::kAdded;
    return review == "ambiguous" ? RoundMark::kAmbiguous : RoundMark::kOpen;
  }
};

}  // namespace

std::optional<RowIndex> annotation_of(const ObjectColumns& objects, RowIndex row) {
  if (objects.is_given(row)) return row;
  const std::optional<ObjectError> error = objects.error_of(row);
  if (error == ObjectError::kBackground || error == ObjectError::kBoth) return std::nullopt;
  const std::optional<RowIndex> match = objects.match_of(row);
  return match && *match < objects.id->ints.size() ? match : std::nullopt;
}

std::string_view review_of(const ObjectColumns& objects, RowIndex row) {
  const RowIndex decided = annotation_of(objects, row).value_or(row);
  if (objects.review == nullptr || objects.review->is_null(decided)) return {};
  return objects.review->text(decided);
}

MarkedObjects mark_objects(const Table& objects, const Table& samples, const SampleList& queue) {
  const Marker marker{ObjectColumns(objects), samples.find("excluded")};
  std::unordered_map<ObjectId, size_t> places;
  places.reserve(queue.size());
  for (size_t i = 0; i < queue.size(); ++i) places.emplace(queue[i], i);
  std::vector<RowIndex> rows(queue.size(), kGone);
  const std::vector<int64_t>& ids = marker.columns.id->ints;
  for (size_t row = 0; row < ids.size(); ++row) {
    const auto found = places.find(ids[row]);
    if (found != places.end()) rows[found->second] = static_cast<RowIndex>(row);
  }
  MarkedObjects marked;
  marked.order.reserve(queue.size());
  marked.marks.reserve(queue.size());
  for (size_t i = 0; i < queue.size(); ++i) {
    const RoundMark mark = rows[i] == kGone ? RoundMark::kDeleted : marker.of(rows[i]);
    if (rows[i] != kGone) marked.order.push_back(rows[i]);
    marked.marks.emplace(queue[i], mark);
    marked.counts.count(mark, true);
  }
  return marked;
}

std::vector<ObjectId> open_objects(const Table& objects, const Table& samples,
                                   const std::vector<RowIndex>& rows) {
  const Marker marker{ObjectColumns(objects), samples.find("excluded")};
  std::vector<ObjectId> open;
  for (const RowIndex row : rows) {
    if (marker.of(row) == RoundMark::kOpen) open.push_back(marker.columns.id->ints[row]);
  }
  return open;
}

}  // namespace errata::viewer
