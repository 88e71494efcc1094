// The cause of a mistake: the label's error, the model's, nobody's, or a picture that is none of
// the classes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace errata {

enum class Verdict : uint8_t { kLabelWrong, kModelWrong, kAmbiguous, kNotValid };
// By the numbers above: the values of the column `verdict`, which is stored as numbers.
inline constexpr std::array<std::string_view, 4> kVerdictNames{"label wrong", "model wrong",
                                                               "ambiguous", "not a valid image"};

}  // namespace errata
