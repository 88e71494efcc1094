#include "versions/split.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/random.h"

using namespace errata;
using namespace errata::versions;

namespace {

SplitRecipe recipe(const std::string& parts, uint64_t seed = 1) {
  SplitRecipe made;
  made.parts = parse_split_parts(parts);
  made.seed = seed;
  return made;
}

struct Data {
  std::vector<ClassIndex> labels;
  std::vector<int64_t> groups;
  std::vector<uint64_t> keys;
  std::vector<int32_t> current;
  SplitInput input() const { return {labels.size(), labels, groups, keys, current}; }
};

// Random sizes of classes, some labels missing.
Data make_data(Rng& rng, size_t max_samples, size_t max_classes) {
  Data data;
  const size_t n = 1 + rng.below(max_samples);
  const size_t classes = 1 + rng.below(max_classes);
  for (size_t i = 0; i < n; ++i) {
    const uint64_t skewed = rng.below(1 + rng.below(classes));
    data.labels.push_back(static_cast<ClassIndex>(skewed) - (rng.below(20) == 0 ? 1 : 0));
    data.keys.push_back(rng.next());
  }
  return data;
}

SplitRecipe random_recipe(Rng& rng) {
  SplitRecipe made;
  made.seed = rng.next();
  const size_t parts = 1 + rng.below(5);
  double left = 1;
  for (size_t p = 0; p < parts; ++p) {
    double fraction = rng.below(8) == 0 ? 0 : std::round(rng.uniform() * left * 100) / 100;
    if (p + 1 == parts && rng.below(2) == 0) fraction = -1;  // the rest
    made.parts.push_back({"p" + std::to_string(p), fraction, -1});
    left -= std::max(0.0, fraction);
  }
  return made;
}

// Samples per class and part; part -1 is column `parts`.
std::map<ClassIndex, std::vector<int64_t>> table_of(const Data& data, const SplitResult& result) {
  const size_t parts = result.sizes.size();
  std::map<ClassIndex, std::vector<int64_t>> table;
  for (size_t i = 0; i < data.labels.size(); ++i) {
    auto& row = table[data.labels[i]];
    row.resize(parts + 1);
    ++row[result.part[i] < 0 ? parts : static_cast<size_t>(result.part[i])];
  }
  return table;
}

std::vector<double> shares_of(const SplitRecipe& recipe, double n) {
  std::vector<double> shares;
  double left = n;
  for (const SplitPart& part : recipe.parts) {
    const double share = part.count >= 0      ? static_cast<double>(part.count)
                         : part.fraction >= 0 ? part.fraction * n
                                              : -1;
    shares.push_back(share);
    left -= std::max(0.0, share);
  }
  for (double& share : shares) {
    if (share < 0) {
      share = left;
      left = 0;
    }
  }
  shares.push_back(left);
  return shares;
}

}  // namespace

TEST_CASE("parts as people write them") {
  const std::vector<SplitPart> parts = parse_split_parts("train=0.8, val=10%,test=1000,x=rest");
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].name == "train");
  CHECK(parts[0].fraction == doctest::Approx(0.8));
  CHECK(parts[1].name == "val");
  CHECK(parts[1].fraction == doctest::Approx(0.1));
  CHECK(parts[2].count == 1000);
  CHECK(parts[3].fraction < 0);
  CHECK(parts[3].count < 0);
  for (const char* bad :
       {"", "train", "=0.5", "train=", "train=x", "train=-0.1", "train=1.5", "train=nan",
        "train=1e3", "train=0.5,,test=0.5", "train=200%", "train=99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_split_parts(bad), Error);
  }
}

TEST_CASE("recipes that make no sense are refused") {
  Data data;
  data.labels.assign(10, 0);
  for (const char* bad : {"a=0.5,a=0.5", "a=0.7,b=0.7", "a=8,b=8", "a=rest,b=rest", "a=0.5,b=6"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(make_split(data.input(), recipe(bad)), Error);
  }
  CHECK_THROWS_AS(make_split(data.input(), {}), Error);
  CHECK_THROWS_AS(make_folds(1), Error);
}

TEST_CASE("a simple split is exact") {
  Data data;
  for (int i = 0; i < 1000; ++i) data.labels.push_back(i < 700 ? 0 : 1);
  const SplitResult result = make_split(data.input(), recipe("train=0.8,val=0.1,test=0.1"));
  CHECK(result.sizes == std::vector<int64_t>{800, 100, 100});
  const auto table = table_of(data, result);
  CHECK(table.at(0) == std::vector<int64_t>{560, 70, 70, 0});
  CHECK(table.at(1) == std::vector<int64_t>{240, 30, 30, 0});
  CHECK(result.placed == 1000);
}

TEST_CASE("many small classes: sizes stay exact, and ties do not all fall to one side") {
  Data data;
  for (int i = 0; i < 500; ++i) data.labels.push_back(i / 5);
  const SplitResult result = make_split(data.input(), recipe("train=0.9,test=0.1"));
  CHECK(result.sizes == std::vector<int64_t>{450, 50});
  for (const auto& [label, row] : table_of(data, result)) CHECK(row[1] <= 1);
}

TEST_CASE("every class is rounded up or down and every part has its size: 2,000 random splits") {
  Rng rng(11);
  for (int round = 0; round < 2000; ++round) {
    CAPTURE(round);
    const Data data = make_data(rng, 300, 12);
    const SplitRecipe made = random_recipe(rng);
    const SplitResult result = make_split(data.input(), made);
    const double n = static_cast<double>(data.labels.size());
    const std::vector<int64_t> sizes =
        largest_remainder(shares_of(made, n), static_cast<int64_t>(n));
    const std::vector<int64_t> named(sizes.begin(), sizes.end() - 1);
    REQUIRE(result.sizes == named);
    for (const auto& [label, row] : table_of(data, result)) {
      const double of_class =
          static_cast<double>(std::accumulate(row.begin(), row.end(), int64_t{0}));
      const std::vector<double> shares = shares_of(made, n);
      for (size_t p = 0; p < row.size(); ++p) {
        const double share = shares[p] * of_class / n;
        REQUIRE(std::abs(static_cast<double>(row[p]) - share) < 1);
      }
    }
    CHECK(result.worst_deviation < 1);
  }
}

TEST_CASE("the order of the samples does not matter, the seed does") {
  Rng rng(3);
  const Data data = make_data(rng, 400, 5);
  const size_t n = data.labels.size();
  const SplitRecipe made = recipe("train=0.6,test=0.4", 9);
  const SplitResult base = make_split(data.input(), made);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  rng.shuffle(order);
  Data shuffled;
  for (const size_t i : order) {
    shuffled.labels.push_back(data.labels[i]);
    shuffled.keys.push_back(data.keys[i]);
  }
  const SplitResult other = make_split(shuffled.input(), made);
  for (size_t i = 0; i < n; ++i) REQUIRE(other.part[i] == base.part[order[i]]);
  CHECK(make_split(data.input(), recipe("train=0.6,test=0.4", 10)).part != base.part);
}

TEST_CASE("the draw is the same on every platform") {
  Data data;
  data.labels.assign(12, 0);
  const SplitResult result = make_split(data.input(), recipe("train=0.5,test=0.5", 42));
  std::string parts;
  for (const int32_t part : result.part) parts += std::to_string(part);
  CHECK(parts == "110001011100");  // computed once more in Python
}

TEST_CASE("k folds differ by one at most, in all and in every class") {
  Rng rng(5);
  for (int round = 0; round < 100; ++round) {
    const Data data = make_data(rng, 500, 8);
    SplitRecipe made;
    made.parts = make_folds(2 + static_cast<int>(rng.below(9)));
    const SplitResult result = make_split(data.input(), made);
    const auto spread = [](auto begin, auto end) {
      const auto [least, most] = std::minmax_element(begin, end);
      return *most - *least;
    };
    REQUIRE(spread(result.sizes.begin(), result.sizes.end()) <= 1);
    for (const auto& [label, row] : table_of(data, result)) {
      REQUIRE(row.back() == 0);
      REQUIRE(spread(row.begin(), row.end() - 1) <= 1);
    }
  }
}

TEST_CASE("groups never straddle, and stratification stays near: 500 random splits") {
  Rng rng(17);
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    Data data = make_data(rng, 400, 6);
    const size_t groups = 1 + data.labels.size() / (2 + rng.below(6));
    for (size_t i = 0; i < data.labels.size(); ++i) {
      data.groups.push_back(rng.below(3) == 0 ? -1 : static_cast<int64_t>(rng.below(groups)));
    }
    const SplitRecipe made = random_recipe(rng);
    const SplitResult result = make_split(data.input(), made);
    std::map<int64_t, int32_t> part_of;
    std::map<int64_t, int64_t> size_of;
    for (size_t i = 0; i < data.labels.size(); ++i) {
      if (data.groups[i] < 0) continue;
      const auto [at, is_new] = part_of.try_emplace(data.groups[i], result.part[i]);
      REQUIRE(at->second == result.part[i]);
      ++size_of[data.groups[i]];
    }
    int64_t largest = 1;
    for (const auto& [group, size] : size_of) largest = std::max(largest, size);
    const double n = static_cast<double>(data.labels.size());
    const std::vector<double> shares = shares_of(made, n);
    for (size_t p = 0; p < result.sizes.size(); ++p) {
      REQUIRE(std::abs(static_cast<double>(result.sizes[p]) - shares[p]) <=
              static_cast<double>(largest) + 1);
    }
    REQUIRE(result.worst_deviation <= static_cast<double>(2 * largest) + 1);
  }
}

TEST_CASE("equal groups are split as exactly as single samples would be") {
  Data data;  // 100 patients with 4 images each, two classes
  for (int i = 0; i < 400; ++i) {
    data.labels.push_back(i / 4 < 60 ? 0 : 1);
    data.groups.push_back(i / 4);
  }
  const SplitResult result = make_split(data.input(), recipe("train=0.7,test=0.3"));
  CHECK(result.sizes == std::vector<int64_t>{280, 120});
  CHECK(result.groups == 100);
  CHECK(result.worst_deviation == 0);
}

TEST_CASE("a few duplicates do not cost the exact table") {
  Rng rng(23);
  Data data;
  for (int i = 0; i < 2000; ++i) {
    data.labels.push_back(i % 10);
    data.groups.push_back(i < 60 ? i % 30 : -1);  // 30 pairs of the same class
  }
  const SplitResult result = make_split(data.input(), recipe("train=0.8,val=0.1,test=0.1"));
  CHECK(result.sizes == std::vector<int64_t>{1600, 200, 200});
  CHECK(result.worst_deviation == 0);
  std::set<int32_t> used;
  for (size_t i = 0; i < 30; ++i) used.insert(result.part[i]);
  CHECK(used.size() > 1);  // they do not all go to one part
}

TEST_CASE("extend moves nobody and brings the new towards the shares") {
  Rng rng(29);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    Data data = make_data(rng, 400, 6);
    SplitRecipe made = random_recipe(rng);
    const SplitResult before = make_split(data.input(), made);
    Data more = make_data(rng, 400, 6);
    data.current = before.part;
    data.current.resize(data.labels.size() + more.labels.size(), -1);
    data.labels.insert(data.labels.end(), more.labels.begin(), more.labels.end());
    data.keys.insert(data.keys.end(), more.keys.begin(), more.keys.end());
    made.extend = true;
    made.seed = rng.next();
    const SplitResult after = make_split(data.input(), made);
    for (size_t i = 0; i < before.part.size(); ++i) {
      if (before.part[i] >= 0) REQUIRE(after.part[i] == before.part[i]);
    }
    for (const auto& [label, row] : table_of(data, after)) {
      const double of_class =
          static_cast<double>(std::accumulate(row.begin(), row.end(), int64_t{0}));
      const double n = static_cast<double>(data.labels.size());
      for (size_t p = 0; p + 1 < row.size(); ++p) {
        // No part has more than its share, unless it had so before.
        const double share = shares_of(made, n)[p] * of_class / n;
        const auto had =
            std::count_if(before.part.begin(), before.part.end(), [&](const int32_t& q) {
              return q == static_cast<int32_t>(p) &&
                     data.labels[size_t(&q - before.part.data())] == label;
            });
        REQUIRE(static_cast<double>(row[p]) < std::max(share, static_cast<double>(had)) + 1);
      }
    }
  }
}

TEST_CASE("extend keeps groups with their first members, and tells of those that straddle") {
  Data data;
  data.labels.assign(8, 0);
  data.groups = {1, 1, 1, 2, 2, 2, 3, 3};
  data.current = {0, 0, -1, 0, 1, -1, -1, -1};
  SplitRecipe made = recipe("train=0.5,test=0.5");
  made.extend = true;
  const SplitResult result = make_split(data.input(), made);
  CHECK(result.part[2] == 0);
  CHECK(result.part[3] == 0);
  CHECK(result.part[4] == 1);
  CHECK(result.part[6] == result.part[7]);
  CHECK(result.part[6] == 1);
  CHECK(result.straddling_groups == 1);
}

TEST_CASE("groupings are joined across") {
  const std::vector<int64_t> patient{1, 1, 2, -1, -1};
  const std::vector<int64_t> content{-1, 7, 7, 8, 9};
  const std::vector<std::span<const int64_t>> both{patient, content};
  const std::vector<int64_t> joined = join_groups(5, both);
  CHECK(joined[0] == joined[1]);
  CHECK(joined[1] == joined[2]);
  CHECK(joined[3] != joined[4]);
  CHECK(joined[3] != joined[0]);
}

TEST_CASE("rounding a table by hand") {
  // Three classes of one sample each, two parts of one half: sizes 2 and 1.
  const std::vector<double> halves{0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
  const std::vector<int64_t> sums{2, 1};
  const std::vector<int64_t> table = round_table(halves, 2, sums, 1);
  CHECK(table[0] + table[2] + table[4] == 2);
  for (size_t row = 0; row < 3; ++row) CHECK(table[2 * row] + table[2 * row + 1] == 1);
  CHECK(largest_remainder(std::vector<double>{1.5, 1.5, 1.0}, 4) == std::vector<int64_t>{2, 1, 1});
  CHECK(largest_remainder(std::vector<double>{}, 0).empty());
  CHECK(largest_remainder(std::vector<double>{0.1 * 3 * 10, 7}, 10) == std::vector<int64_t>{3, 7});
}

TEST_CASE("the recipe as JSON") {
  SplitRecipe made = recipe("train=0.8,test=100,\"x\"=rest", 7);
  made.group_by = "attr.patient";
  CHECK(
      to_json(made) ==
      "{\"parts\": [{\"name\": \"train\", \"fraction\": 0.8}, {\"name\": \"test\", \"count\": "
      "100}, "
      "{\"name\": \"\\\"x\\\"\", \"rest\": true}], \"seed\": 7, \"stratify\": true, \"group_by\": "
      "\"attr.patient\", \"extend\": false}");
}

TEST_CASE("no sample at all") {
  const SplitResult result = make_split({}, recipe("train=0.8,test=0.2"));
  CHECK(result.part.empty());
  CHECK(result.sizes == std::vector<int64_t>{0, 0});
}
