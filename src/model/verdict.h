// The cause of a mistake: the label's error, the model's, nobody's, or a picture that is none of
// the classes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace errata {

enum class Verdict : uint8_t { kLabelWrong, kModelWrong, kAmbiguous, kNotValid };
// By the numbers above: the values of the column `verdict`, which is stored as numbers.
inline constexpr std::array<std::string_view, 4> kVerdictNames{"label wrong", "model wrong",
                                                               "ambiguous", "not a valid image"};
inline constexpr std::array<std::string_view, 4> kVerdictMeanings{
    "Another label is believed twice as much, and it is among as many suspects as labels are "
    "estimated to be wrong",
    "A prediction differs, but the label is believed twice as much as any other",
    "Something speaks against the label: too little to call it wrong, too much to call the model "
    "wrong",
    "No class has half of the belief, and the picture lies far from every other or shows next to "
    "nothing"};

// The label or the picture is at fault, not the model: what there is to mend, and what the command
// line and the viewer count as wrong.
constexpr bool is_data_wrong(Verdict verdict) {
  return verdict == Verdict::kLabelWrong || verdict == Verdict::kNotValid;
}
// The same in the filter language.
inline constexpr std::string_view kDataWrongFilter =
    "verdict in ('label wrong', 'not a valid image')";
// Of how many there are of each verdict.
constexpr size_t data_wrong(std::span<const size_t> counts) {
  size_t sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (is_data_wrong(static_cast<Verdict>(i))) sum += counts[i];
  }
  return sum;
}

}  // namespace errata
