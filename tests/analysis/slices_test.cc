#include "analysis/slices.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

struct Data {
  std::vector<uint8_t> right;
  std::vector<SliceFeature> features;
};

// Features of 3 to 12 values, some of them tied to one another, as clusters are to labels.
Data make_data(size_t rows, uint64_t seed) {
  Rng rng(seed);
  Data data;
  for (const size_t values : {10, 5, 5, 12, 3, 4}) {
    SliceFeature feature{"f" + std::to_string(data.features.size()), {}, {}};
    for (size_t v = 0; v < values; ++v) {
      feature.terms.push_back(feature.name + " = " + std::to_string(v));
    }
    data.features.push_back(feature);
  }
  for (size_t row = 0; row < rows; ++row) {
    for (size_t f = 0; f < data.features.size(); ++f) {
      SliceFeature& feature = data.features[f];
      auto code = static_cast<int32_t>(rng.below(feature.terms.size()));
      if (f == 3 && rng.uniform() < 0.7) code = data.features[0].codes[row];
      if (f == 4 && rng.uniform() < 0.1) code = -1;
      feature.codes.push_back(code);
    }
  }
  return data;
}

template <typename Rate>
void draw_errors(Data& data, uint64_t seed, const Rate& rate) {
  Rng rng(seed, 1);
  for (size_t row = 0; row < data.features[0].codes.size(); ++row) {
    data.right.push_back(rng.uniform() < rate(row) ? 0 : 1);
  }
}

}  // namespace

TEST_CASE("the tail of the hypergeometric distribution, by hand and against counting") {
  // 5 rows, 2 errors, 3 drawn: C(2,2) C(3,1) / C(5,3) = 0.3 for both.
  CHECK(hypergeometric_tail(5, 2, 3, 2) == doctest::Approx(0.3));
  CHECK(hypergeometric_tail(5, 2, 3, 1) == doctest::Approx(0.9));
  CHECK(hypergeometric_tail(5, 2, 3, 0) == 1);
  CHECK(hypergeometric_tail(5, 2, 3, 3) == 0);
  CHECK(hypergeometric_tail(5, 4, 3, 2) == 1);  // at least two of three must be errors
  double sum = 0;
  for (size_t x = 0; x <= 20; ++x) {
    sum += hypergeometric_tail(100, 30, 20, x) - hypergeometric_tail(100, 30, 20, x + 1);
  }
  CHECK(sum == doctest::Approx(1));
  CHECK(hypergeometric_tail(1'000'000, 100'000, 50'000, 5'400) < 1e-8);
}

TEST_CASE("without a weak slice none is told in more than 95 of 100 data sets") {
  constexpr size_t kTrials = 400;
  size_t alarms = 0;
  size_t naive = 0;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    Data data = make_data(600, trial);
    draw_errors(data, trial, [](size_t) { return 0.2; });
    const SliceReport found = find_slices(data.right, data.features, {}, {}, serial_for);
    alarms += !found.slices.empty();
    CHECK(found.looked_at > 40);
    // What is significant where it was found, all groups looked at: nearly always something.
    naive += found.candidates > 0;
  }
  MESSAGE("told something in " << alarms << " of " << kTrials << " data sets without a weak slice");
  CHECK(alarms < kTrials * 5 / 100);
  CHECK(naive > kTrials * 9 / 10);
}

TEST_CASE("planted slices are found, with the words that name them") {
  constexpr size_t kTrials = 50;
  size_t singles = 0, pairs = 0;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    Data data = make_data(4000, 1000 + trial);
    const std::vector<int32_t>& one = data.features[1].codes;
    const std::vector<int32_t>& two = data.features[2].codes;
    const std::vector<int32_t>& tied = data.features[5].codes;
    draw_errors(data, trial, [&](size_t row) {
      if (one[row] == 3 && two[row] == 1) return 0.45;  // a pair, 4 % of the rows
      return tied[row] == 2 ? 0.25 : 0.1;               // a single, 25 %
    });
    const SliceReport found = find_slices(data.right, data.features, {}, {}, serial_for);
    for (const Slice& slice : found.slices) {
      const auto is = [&](size_t term, size_t feature, int32_t code) {
        return slice.terms[term].feature == feature && slice.terms[term].code == code;
      };
      if (slice.terms.size() == 2 && is(0, 1, 3) && is(1, 2, 1)) {
        ++pairs;
        CHECK(slice.low < 0.65);
        CHECK(slice.high > 0.45);
      }
      if (slice.terms.size() == 1 && is(0, 5, 2)) ++singles;
      CHECK(slice.p_value <= 0.05);
      CHECK(slice.accuracy < found.accuracy);
    }
  }
  MESSAGE("recall of planted slices: singles " << singles << ", pairs " << pairs << " of "
                                               << kTrials);
  CHECK(singles >= 0.9 * kTrials);
  CHECK(pairs >= 0.9 * kTrials);
}

TEST_CASE("the accuracy told is that of the half that did not choose the slice") {
  // One weak value among very many: on the half that chose it it looks worse than it is.
  double told = 0, count = 0;
  for (uint64_t trial = 0; trial < 60; ++trial) {
    Data data = make_data(3000, 500 + trial);
    draw_errors(data, trial,
                [&](size_t row) { return data.features[3].codes[row] == 1 ? 0.3 : 0.15; });
    for (const Slice& slice : find_slices(data.right, data.features, {}, {}, serial_for).slices) {
      if (slice.terms.size() != 1 || slice.terms[0].feature != 3) continue;
      told += slice.accuracy;
      ++count;
    }
  }
  REQUIRE(count > 20);
  CHECK(std::abs(told / count - 0.7) < 0.025);
}

TEST_CASE("copies, on which a model errs alike, do not confirm each other") {
  constexpr size_t kTrials = 60;
  size_t as_one = 0, each = 0;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    const Data pictures = [&] {
      Data made = make_data(300, trial);
      draw_errors(made, trial, [](size_t) { return 0.2; });
      return made;
    }();
    Data data;
    std::vector<int64_t> copies;
    for (const SliceFeature& feature : pictures.features) {
      data.features.push_back({feature.name, {}, feature.terms});
    }
    for (size_t row = 0; row < 5 * pictures.right.size(); ++row) {
      const size_t picture = row / 5;
      data.right.push_back(pictures.right[picture]);
      copies.push_back(static_cast<int64_t>(picture));
      for (size_t f = 0; f < data.features.size(); ++f) {
        data.features[f].codes.push_back(pictures.features[f].codes[picture]);
      }
    }
    as_one += !find_slices(data.right, data.features, copies, {}, serial_for).slices.empty();
    each += !find_slices(data.right, data.features, {}, {}, serial_for).slices.empty();
  }
  CHECK(as_one < kTrials / 10);
  CHECK(each > kTrials / 2);
}

TEST_CASE("of a slice its copies are counted, too") {
  Data data = make_data(4000, 3);
  draw_errors(data, 3, [&](size_t row) { return data.features[1].codes[row] == 2 ? 0.4 : 0.1; });
  const size_t rows = data.right.size();
  std::vector<int64_t> copies(rows, -1);
  for (size_t row = 0; row < rows; ++row) {
    for (SliceFeature& feature : data.features) feature.codes.push_back(feature.codes[row]);
    data.right.push_back(data.right[row]);
    copies[row] = static_cast<int64_t>(row);
  }
  for (size_t row = 0; row < rows; ++row) copies.push_back(copies[row]);
  const SliceReport found = find_slices(data.right, data.features, copies, {}, serial_for);
  REQUIRE(!found.slices.empty());
  const std::vector<int32_t>& codes = data.features[1].codes;
  CHECK(found.slices[0].rows == static_cast<size_t>(std::count(codes.begin(), codes.end(), 2)));
  CHECK(found.slices[0].confirmed_rows < found.slices[0].rows / 3);
}

TEST_CASE("nothing to compare: no rows, no errors, no features") {
  CHECK(find_slices({}, {}, {}, {}, serial_for).slices.empty());
  Data data = make_data(500, 1);
  data.right.assign(500, 1);
  CHECK(find_slices(data.right, data.features, {}, {}, serial_for).slices.empty());
  CHECK(find_slices(data.right, {}, {}, {}, serial_for).slices.empty());
}
