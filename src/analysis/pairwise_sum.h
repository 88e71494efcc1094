// numpy's sum of doubles, to the last bit: where a result hangs on how a sum is rounded.
#pragma once

#include <cstddef>
#include <span>

namespace errata::analysis {

// np.sum of an array without gaps (numpy, loops_utils.h: pairwise sums over blocks of 128, eight
// sums in a block).
double pairwise_sum(std::span<const double> values);

// The same of `size` doubles of which only values[i] at places[i] are not 0; places rise.
double pairwise_sum(size_t size, std::span<const size_t> places, std::span<const double> values);

}  // namespace errata::analysis
