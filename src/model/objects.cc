#include "model/objects.h"

#include <algorithm>
#include <array>

namespace errata {

namespace {

constexpr std::array<std::string_view, 2> kKinds{"given", "predicted"};
constexpr std::array<std::string_view, 5> kReviews{"unseen", "kept", "changed", "added",
                                                   "ambiguous"};
constexpr std::array<std::string_view, 7> kErrors{"true",      "class",      "localisation", "both",
                                                  "duplicate", "background", "missed"};

template <size_t N>
std::shared_ptr<const Dictionary> dictionary_of(const std::array<std::string_view, N>& names) {
  auto dictionary = std::make_shared<Dictionary>();
  for (const std::string_view name : names) dictionary->add(name);
  return dictionary;
}

}  // namespace

std::string_view object_error_name(ObjectError error) {
  return kErrors.at(static_cast<size_t>(error));
}

std::shared_ptr<const Dictionary> object_kind_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary = dictionary_of(kKinds);
  return dictionary;
}
std::shared_ptr<const Dictionary> object_review_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary = dictionary_of(kReviews);
  return dictionary;
}
std::shared_ptr<const Dictionary> object_error_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary = dictionary_of(kErrors);
  return dictionary;
}

std::string_view ObjectTable::shape_bytes(size_t row) const {
  if (!has_shapes()) return {};
  return std::string_view(shape_heap)
      .substr(shape_offsets[row], shape_offsets[row + 1] - shape_offsets[row]);
}

size_t ObjectTable::row_of(ObjectId id) const {
  const Column* ids = table.find("object_id");
  if (ids == nullptr) return SIZE_MAX;
  const auto found = std::find(ids->ints.begin(), ids->ints.end(), id);
  return found == ids->ints.end() ? SIZE_MAX : static_cast<size_t>(found - ids->ints.begin());
}

}  // namespace errata
