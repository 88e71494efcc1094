#include "versions/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "base/union_find.h"
#include "versions/split_groups.h"

namespace errata::versions {

namespace {

constexpr double kFractionSlack = 1e-9;

Error usage(const std::string& message, const std::string& hint) {
  return Error(ErrorCategory::kUsage, message, hint);
}

// Exact shares of the parts, whole numbers except for fractions, and the sizes they round to. The
// last entry is "no part".
struct PartSizes {
  std::vector<double> fraction;  // of all samples
  std::vector<int64_t> size;
};

PartSizes part_sizes(const std::vector<SplitPart>& parts, int64_t samples) {
  std::vector<double> shares;
  double total = 0;
  ptrdiff_t rest = -1;
  for (size_t p = 0; p < parts.size(); ++p) {
    double share = 0;
    if (parts[p].count >= 0) {
      share = static_cast<double>(parts[p].count);
    } else if (parts[p].fraction >= 0) {
      share = parts[p].fraction * static_cast<double>(samples);
    } else if (rest >= 0) {
      throw usage("two parts want the rest: '" + parts[static_cast<size_t>(rest)].name + "' and '" +
                      parts[p].name + "'",
                  "give one of them a fraction or a count");
    } else {
      rest = static_cast<ptrdiff_t>(p);
    }
    shares.push_back(share);
    total += share;
  }
  const double slack = kFractionSlack * static_cast<double>(samples + 1);
  if (total > static_cast<double>(samples) + slack) {
    throw usage("the parts want more than the " + with_thousands(static_cast<uint64_t>(samples)) +
                    " samples there are",
                "fractions may add up to 1 at most, counts to the number of samples");
  }
  double left = std::max(0.0, static_cast<double>(samples) - total);
  if (left <= slack) left = 0;
  if (rest >= 0) {
    shares[static_cast<size_t>(rest)] = left;
    left = 0;
  }
  shares.push_back(left);
  PartSizes sizes;
  sizes.size = largest_remainder(shares, samples);
  for (const double share : shares) {
    sizes.fraction.push_back(samples == 0 ? 0 : share / static_cast<double>(samples));
  }
  return sizes;
}

void check_recipe(const SplitInput& input, const SplitRecipe& recipe) {
  if (recipe.parts.empty()) throw usage("a split needs at least one part", "such as train=0.8");
  for (size_t p = 0; p < recipe.parts.size(); ++p) {
    const SplitPart& part = recipe.parts[p];
    if (part.name.empty()) throw usage("a part of the split has no name", "such as train=0.8");
    for (size_t q = 0; q < p; ++q) {
      if (recipe.parts[q].name == part.name) {
        throw usage("the part '" + part.name + "' is named twice", "give each part one name");
      }
    }
  }
  const auto fits = [&](size_t size) { return size == 0 || size == input.samples; };
  if (!fits(input.labels.size()) || !fits(input.groups.size()) || !fits(input.keys.size()) ||
      (recipe.extend ? input.current.size() != input.samples : !fits(input.current.size()))) {
    throw Error(ErrorCategory::kInternal, "columns of a split that differ in length");
  }
}

// Labels as codes 0.. in rising order of class; one code for all when not stratified.
std::vector<int32_t> class_codes(const SplitInput& input, bool stratify, size_t& classes) {
  std::vector<int32_t> codes(input.samples, 0);
  classes = 1;
  if (!stratify || input.labels.empty()) return codes;
  std::vector<ClassIndex> used(input.labels.begin(), input.labels.end());
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  classes = std::max<size_t>(1, used.size());
  for (size_t i = 0; i < input.samples; ++i) {
    codes[i] = static_cast<int32_t>(std::lower_bound(used.begin(), used.end(), input.labels[i]) -
                                    used.begin());
  }
  return codes;
}

class Splitter {
 public:
  Splitter(const SplitInput& input, const SplitRecipe& recipe)
      : input_(input),
        recipe_(recipe),
        columns_(recipe.parts.size() + 1),
        sizes_(part_sizes(recipe.parts, static_cast<int64_t>(input.samples))) {
    codes_ = class_codes(input, recipe.stratify, classes_);
    result_.part.assign(input.samples, kNoPart);
    totals_.assign(classes_, 0);
    for (const int32_t code : codes_) ++totals_[static_cast<size_t>(code)];
  }

  SplitResult run() {
    shares_.resize(classes_ * columns_);
    for (size_t c = 0; c < classes_; ++c) {
      for (size_t p = 0; p < columns_; ++p) {
        shares_[c * columns_ + p] = static_cast<double>(totals_[c]) * sizes_.fraction[p];
      }
    }
    have_.assign(classes_ * columns_, 0);
    placed_.assign(input_.samples, 0);
    if (recipe_.extend) keep_current();
    place_groups();
    place_singles();
    finish();
    return std::move(result_);
  }

 private:
  // A sample in the part it has.
  void put(size_t sample, size_t part) {
    placed_[sample] = 1;
    result_.part[sample] = part + 1 == columns_ ? kNoPart : static_cast<int32_t>(part);
    ++have_[static_cast<size_t>(codes_[sample]) * columns_ + part];
  }

  void keep_current() {
    for (size_t i = 0; i < input_.samples; ++i) {
      const int32_t part = input_.current[i];
      if (part < 0) continue;
      if (static_cast<size_t>(part) + 1 >= columns_) {
        throw Error(ErrorCategory::kInternal, "a sample in a part that the split does not have");
      }
      put(i, static_cast<size_t>(part));
    }
  }

  void place_groups() {
    if (input_.groups.empty()) return;
    std::unordered_map<int64_t, std::vector<size_t>> members;
    for (size_t i = 0; i < input_.samples; ++i) {
      if (input_.groups[i] >= 0) members[input_.groups[i]].push_back(i);
    }
    std::vector<SplitGroup> open;
    for (auto& [id, samples] : members) {
      if (samples.size() < 2) continue;
      ++result_.groups;
      if (join_existing(samples)) continue;
      SplitGroup group;
      group.order = order_of(*std::min_element(samples.begin(), samples.end(),
                                               [&](size_t a, size_t b) { return earlier(a, b); }));
      group.first_sample = samples.front();
      for (const size_t sample : samples) group.add(codes_[sample]);
      group.samples = std::move(samples);
      open.push_back(std::move(group));
    }
    const std::vector<size_t> parts = allocate_groups(open, group_shares(open), columns_);
    for (size_t g = 0; g < open.size(); ++g) {
      for (const size_t sample : open[g].samples) put(sample, parts[g]);
    }
  }

  // With extend: a group some of whose samples have a part already goes where most of them are.
  bool join_existing(const std::vector<size_t>& samples) {
    std::vector<size_t> counts(columns_, 0);
    for (const size_t sample : samples) {
      if (placed_[sample] != 0) ++counts[static_cast<size_t>(result_.part[sample])];
    }
    const auto most = std::max_element(counts.begin(), counts.end());
    if (*most == 0) return false;
    if (std::count(counts.begin(), counts.end(), 0u) + 1 < static_cast<ptrdiff_t>(columns_)) {
      ++result_.straddling_groups;
    }
    for (const size_t sample : samples) {
      if (placed_[sample] == 0) put(sample, static_cast<size_t>(most - counts.begin()));
    }
    return true;
  }

  // The samples in groups spread over the parts as all samples are: so groups do not fill one part
  // first, and single samples can make up for what whole groups cannot do.
  std::vector<double> group_shares(const std::vector<SplitGroup>& groups) const {
    std::vector<double> in_groups(classes_, 0);
    for (const SplitGroup& group : groups) {
      for (const auto& [code, count] : group.counts) {
        in_groups[static_cast<size_t>(code)] += static_cast<double>(count);
      }
    }
    std::vector<double> shares(shares_.size(), 0);
    for (size_t c = 0; c < classes_; ++c) {
      double wanted = 0;
      for (size_t p = 0; p < columns_; ++p) wanted += lacking(c, p);
      if (wanted <= 0) continue;
      for (size_t p = 0; p < columns_; ++p) {
        shares[c * columns_ + p] = in_groups[c] * lacking(c, p) / wanted;
      }
    }
    return shares;
  }
  double lacking(size_t c, size_t p) const {
    const size_t cell = c * columns_ + p;
    return std::max(0.0, shares_[cell] - static_cast<double>(have_[cell]));
  }

  // What each class still lacks in each part, scaled to the samples still to be placed.
  std::vector<double> remaining_shares(const std::vector<int64_t>& left) const {
    std::vector<double> shares(shares_.size());
    for (size_t c = 0; c < classes_; ++c) {
      const std::span row = std::span(shares).subspan(c * columns_, columns_);
      for (size_t p = 0; p < columns_; ++p) {
        row[p] = shares_[c * columns_ + p] - static_cast<double>(have_[c * columns_ + p]);
      }
      fit_to_sum(row, static_cast<double>(left[c]));
    }
    return shares;
  }

  void place_singles() {
    std::vector<int64_t> left(classes_, 0);
    std::vector<std::vector<size_t>> open(classes_);
    for (size_t i = 0; i < input_.samples; ++i) {
      if (placed_[i] != 0) continue;
      ++left[static_cast<size_t>(codes_[i])];
      open[static_cast<size_t>(codes_[i])].push_back(i);
    }
    std::vector<int64_t> columns(sizes_.size);
    for (size_t i = 0; i < have_.size(); ++i) columns[i % columns_] -= have_[i];
    fit_columns(columns, std::accumulate(left.begin(), left.end(), int64_t{0}));
    const std::vector<int64_t> table =
        round_table(remaining_shares(left), columns_, columns, recipe_.seed);
    for (size_t c = 0; c < classes_; ++c) {
      std::sort(open[c].begin(), open[c].end(), [&](size_t a, size_t b) { return earlier(a, b); });
      size_t next = 0;
      for (size_t p = 0; p < columns_; ++p) {
        for (int64_t k = 0; k < table[c * columns_ + p]; ++k) put(open[c][next++], p);
      }
    }
  }

  // A random order that depends on seed and key, not on where a sample stands.
  uint64_t order_of(size_t i) const {
    const uint64_t key = input_.keys.empty() ? i : input_.keys[i];
    return mix64(mix64(recipe_.seed) ^ mix64(key));
  }
  bool earlier(size_t a, size_t b) const {
    const uint64_t order_a = order_of(a);
    const uint64_t order_b = order_of(b);
    return order_a != order_b ? order_a < order_b : a < b;
  }

  void finish() {
    result_.sizes.assign(columns_ - 1, 0);
    for (size_t i = 0; i < input_.samples; ++i) {
      if (result_.part[i] == kNoPart) continue;
      ++result_.sizes[static_cast<size_t>(result_.part[i])];
      const bool had_one = recipe_.extend && input_.current[i] >= 0;
      if (!had_one) ++result_.placed;
    }
    for (size_t i = 0; i < shares_.size(); ++i) {
      result_.worst_deviation =
          std::max(result_.worst_deviation, std::abs(static_cast<double>(have_[i]) - shares_[i]));
    }
  }

  const SplitInput& input_;
  const SplitRecipe& recipe_;
  const size_t columns_;  // parts, and "no part" as the last
  const PartSizes sizes_;
  size_t classes_ = 0;
  std::vector<int32_t> codes_;   // class of each sample
  std::vector<int64_t> totals_;  // samples per class
  std::vector<double> shares_;   // classes x columns: exact wishes
  std::vector<int64_t> have_;    // classes x columns: placed so far
  std::vector<uint8_t> placed_;  // per sample
  SplitResult result_;
};

SplitPart parse_part(std::string_view text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw usage("'" + std::string(text) + "' is no part of a split",
                "write NAME=FRACTION, NAME=COUNT or NAME=rest, such as train=0.8,test=0.2");
  }
  SplitPart part;
  part.name = trim(text.substr(0, equals));
  std::string value(trim(text.substr(equals + 1)));
  if (value == "rest") return part;
  const bool percent = value.ends_with('%');
  if (percent) value.pop_back();
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  const bool plain = !value.empty() && value.find_first_not_of("0123456789.") == value.npos &&
                     end == value.c_str() + value.size();
  if (!plain || !std::isfinite(number)) {
    throw usage("'" + value + "' is neither a fraction nor a count in '" + std::string(text) + "'",
                "write 0.8, 80%, 1000 or rest");
  }
  const bool is_fraction = percent || value.find('.') != value.npos;
  if (is_fraction) {
    part.fraction = percent ? number / 100 : number;
    if (part.fraction > 1) {
      throw usage("a fraction above 1 in '" + std::string(text) + "'",
                  "write counts without a decimal point");
    }
  } else if (number < 0x1p53) {
    part.count = static_cast<int64_t>(number);
  } else {
    throw usage("a count that large cannot be meant: '" + value + "'", "");
  }
  return part;
}

void append_json_text(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : to_valid_utf8(text)) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char kDigits[] = "0123456789abcdef";
      json += "\\u00";
      json += kDigits[c >> 4];
      json += kDigits[c & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace

std::vector<SplitPart> parse_split_parts(std::string_view text) {
  std::vector<SplitPart> parts;
  for (const std::string_view piece : split_view(text, ','))
    parts.push_back(parse_part(trim(piece)));
  return parts;
}

std::vector<SplitPart> make_folds(int k) {
  if (k < 2) throw usage("k-fold needs at least 2 folds, not " + std::to_string(k), "");
  std::vector<SplitPart> parts;
  for (int i = 0; i < k; ++i) parts.push_back({"fold" + std::to_string(i), 1.0 / k, -1});
  return parts;
}

std::string to_json(const SplitRecipe& recipe) {
  std::string json = "{\"parts\": [";
  for (size_t p = 0; p < recipe.parts.size(); ++p) {
    const SplitPart& part = recipe.parts[p];
    json += p == 0 ? "{\"name\": " : ", {\"name\": ";
    append_json_text(json, part.name);
    if (part.count >= 0) {
      json += ", \"count\": " + std::to_string(part.count);
    } else if (part.fraction >= 0) {
      json += fmt::format(", \"fraction\": {}", part.fraction);
    } else {
      json += ", \"rest\": true";
    }
    json += '}';
  }
  json += "], \"seed\": " + std::to_string(recipe.seed);
  json += ", \"stratify\": " + std::string(recipe.stratify ? "true" : "false");
  json += ", \"group_by\": ";
  if (recipe.group_by.empty()) {
    json += "null";
  } else {
    append_json_text(json, recipe.group_by);
  }
  json += ", \"extend\": " + std::string(recipe.extend ? "true" : "false") + "}";
  return json;
}

SplitResult make_split(const SplitInput& input, const SplitRecipe& recipe) {
  check_recipe(input, recipe);
  return Splitter(input, recipe).run();
}

std::vector<int64_t> join_groups(size_t samples,
                                 std::span<const std::span<const int64_t>> groupings) {
  UnionFind joined(samples);
  for (const std::span<const int64_t> grouping : groupings) {
    std::unordered_map<int64_t, uint32_t> first;
    for (uint32_t i = 0; i < samples && i < grouping.size(); ++i) {
      if (grouping[i] < 0) continue;
      const auto [at, is_new] = first.try_emplace(grouping[i], i);
      if (!is_new) joined.join(at->second, i);
    }
  }
  const std::vector<uint32_t> roots = joined.roots();
  return {roots.begin(), roots.end()};
}

}  // namespace errata::versions
