#include "jobs/split_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "jobs/loaded_state.h"
#include "jobs/score_job.h"
#include "query/filter.h"
#include "store/sample_files.h"
#include "store/splits.h"

namespace errata::jobs {

namespace {

constexpr int kMostFolds = 100'000;

versions::SplitRecipe recipe_of(const SplitJobOptions& options) {
  versions::SplitRecipe recipe;
  recipe.parts = options.folds > 0 ? versions::make_folds(options.folds)
                                   : versions::parse_split_parts(options.parts);
  recipe.seed = options.seed;
  recipe.stratify = options.stratify;
  recipe.extend = options.extend;
  recipe.group_by = fmt::format("{}", fmt::join(options.groups, "+"));
  return recipe;
}

// Equal display texts are one group; NULL is alone.
std::vector<int64_t> groups_of_column(const Column& column, const std::vector<RowIndex>& rows) {
  std::unordered_map<std::string, int64_t> group_of;
  std::vector<int64_t> groups;
  for (const RowIndex row : rows) {
    if (column.is_null(row)) {
      groups.push_back(-1);
      continue;
    }
    const auto next = static_cast<int64_t>(group_of.size());
    groups.push_back(group_of.try_emplace(column.display(row), next).first->second);
  }
  return groups;
}

std::vector<int64_t> groups_of_content(const std::vector<store::SampleFile>& files) {
  std::unordered_map<uint64_t, int64_t> group_of;
  std::vector<int64_t> groups;
  for (const store::SampleFile& file : files) {
    const auto next = static_cast<int64_t>(group_of.size());
    groups.push_back(group_of.try_emplace(file.xxh3, next).first->second);
  }
  return groups;
}

std::vector<int64_t> groups_of(const SplitJobOptions& options, const Snapshot& snapshot,
                               const std::vector<RowIndex>& rows,
                               const std::vector<store::SampleFile>& files) {
  std::vector<std::vector<int64_t>> groupings;
  for (const std::string& name : options.groups) {
    if (name == "content") {
      groupings.push_back(groups_of_content(files));
      continue;
    }
    const Column* column = snapshot.samples.find(name);
    if (column == nullptr) column = snapshot.samples.find("attr." + name);
    if (column == nullptr) {
      throw Error(ErrorCategory::kUsage, fmt::format("there is no column '{}' to group by", name),
                  "Use `content`, or a column such as attr.patient.");
    }
    groupings.push_back(groups_of_column(*column, rows));
  }
  if (groupings.empty()) return {};
  if (groupings.size() == 1) return groupings[0];
  const std::vector<std::span<const int64_t>> spans(groupings.begin(), groupings.end());
  return versions::join_groups(rows.size(), spans);
}

// A fold without a sample is no fold; what stays together lies in one.
void refuse_more_folds(int folds, size_t samples, const std::vector<int64_t>& groups) {
  if (folds == 0) return;
  std::unordered_set<int64_t> together;
  size_t alone = samples;
  for (const int64_t group : groups) {
    if (group < 0) continue;
    together.insert(group);
    --alone;
  }
  const size_t apart = alone + together.size();
  if (static_cast<size_t>(folds) <= apart) return;
  throw Error(ErrorCategory::kUsage,
              fmt::format("{} folds are more than the {} there {} to place",
                          with_thousands(static_cast<uint64_t>(folds)),
                          together.empty() ? plural(samples, "sample") : plural(apart, "group"),
                          apart == 1 ? "is" : "are"));
}

// Index of the recipe's part of that name, or kNoPart.
int32_t find_part(std::string_view name, const std::vector<versions::SplitPart>& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].name == name) return static_cast<int32_t>(i);
  }
  return versions::kNoPart;
}

std::vector<int32_t> current_parts(const Snapshot& snapshot, const std::vector<RowIndex>& rows,
                                   const std::vector<versions::SplitPart>& parts) {
  const Column* split = snapshot.samples.find("split");
  std::vector<int32_t> current;
  for (const RowIndex row : rows) {
    const bool placed = split != nullptr && !split->is_null(row);
    current.push_back(placed ? find_part(split->text(row), parts) : versions::kNoPart);
  }
  return current;
}

// Those whose part is given: an extended split leaves them in a part that it does not name, or
// their group is in a part already.
struct StayingSamples {
  std::vector<std::string> names;  // of the parts that the recipe does not name
  std::vector<int32_t> part;       // per row, index into the recipe's parts and then names; kNoPart
  uint64_t joined = 0;             // go where their group is

  int32_t part_of_name(std::string_view name, const std::vector<versions::SplitPart>& parts) {
    const int32_t named = find_part(name, parts);
    if (named != versions::kNoPart) return named;
    auto known = std::find(names.begin(), names.end(), name);
    if (known == names.end()) known = names.insert(known, std::string(name));
    return static_cast<int32_t>(parts.size()) + static_cast<int32_t>(known - names.begin());
  }
};

StayingSamples staying_samples(const Snapshot& snapshot, const std::vector<RowIndex>& rows,
                               const std::vector<versions::SplitPart>& parts,
                               const std::vector<int64_t>& groups) {
  StayingSamples staying;
  staying.part.assign(rows.size(), versions::kNoPart);
  const Column* split = snapshot.samples.find("split");
  if (split == nullptr) return staying;
  std::unordered_map<int64_t, int32_t> part_of_group;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (split->is_null(rows[i])) continue;
    const std::string name(split->text(rows[i]));
    if (find_part(name, parts) != versions::kNoPart) continue;
    staying.part[i] = staying.part_of_name(name, parts);
    if (!groups.empty() && groups[i] >= 0) part_of_group.try_emplace(groups[i], staying.part[i]);
  }
  for (size_t i = 0; i < rows.size() && !part_of_group.empty(); ++i) {
    const auto found = part_of_group.find(groups[i]);
    if (!split->is_null(rows[i]) || found == part_of_group.end()) continue;
    staying.part[i] = found->second;
    ++staying.joined;
  }
  return staying;
}

// Selected samples whose group has a member outside the selection that is in a part already go
// there too: `groups` holds those of `rows`, then those of `outside`.
void follow_outside(const Snapshot& snapshot, size_t selected, const std::vector<RowIndex>& outside,
                    const std::vector<int64_t>& groups,
                    const std::vector<versions::SplitPart>& parts, StayingSamples& staying) {
  const Column* split = snapshot.samples.find("split");
  std::unordered_map<int64_t, int32_t> part_of_group;
  for (size_t i = 0; i < outside.size(); ++i) {
    const int64_t group = groups[selected + i];
    if (group < 0) continue;
    part_of_group.try_emplace(group, staying.part_of_name(split->text(outside[i]), parts));
  }
  for (size_t i = 0; i < selected; ++i) {
    const auto found = part_of_group.find(groups[i]);
    if (found == part_of_group.end() || staying.part[i] == found->second) continue;
    staying.part[i] = found->second;
    ++staying.joined;
  }
}

// Samples that the filter leaves out and that are in a part.
std::vector<RowIndex> placed_outside(const LoadedState& state, const SplitJobOptions& options) {
  std::vector<RowIndex> outside;
  const Column* split = state.snapshot.samples.find("split");
  if (options.where.empty() || options.groups.empty() || split == nullptr) return outside;
  const query::Selection present =
      query::evaluate(query::parse_filter("not excluded"), state.snapshot.samples);
  std::vector<bool> selected(state.snapshot.ids.size(), false);
  for (const RowIndex row : state.selection.to_rows()) selected[row] = true;
  for (const RowIndex row : present.to_rows()) {
    if (!selected[row] && !split->is_null(row)) outside.push_back(row);
  }
  return outside;
}

// make_split over those that do not stay; parts after the recipe's are the staying ones'.
versions::SplitResult split_others(const versions::SplitInput& all, const StayingSamples& staying,
                                   const versions::SplitRecipe& recipe) {
  std::vector<size_t> others;
  std::vector<ClassIndex> labels;
  std::vector<int64_t> groups;
  std::vector<uint64_t> keys;
  std::vector<int32_t> current;
  for (size_t i = 0; i < all.samples; ++i) {
    if (staying.part[i] != versions::kNoPart) continue;
    others.push_back(i);
    labels.push_back(all.labels[i]);
    if (!all.groups.empty()) groups.push_back(all.groups[i]);
    keys.push_back(all.keys[i]);
    current.push_back(all.current[i]);
  }
  versions::SplitResult result =
      versions::make_split({others.size(), labels, groups, keys, current}, recipe);
  std::vector<int32_t> part = staying.part;
  for (size_t i = 0; i < others.size(); ++i) part[others[i]] = result.part[i];
  result.part = std::move(part);
  result.placed += staying.joined;
  return result;
}

void count_parts(const versions::SplitResult& result, const std::vector<ClassIndex>& labels,
                 const std::vector<std::string>& names, SplitJobReport& report) {
  for (const std::string& name : names) {
    report.parts.push_back({name, 0, std::vector<int64_t>(report.class_names.size() + 1, 0)});
  }
  for (size_t i = 0; i < result.part.size(); ++i) {
    if (result.part[i] == versions::kNoPart) {
      ++report.without_part;
      continue;
    }
    SplitJobReport::Part& part = report.parts[static_cast<size_t>(result.part[i])];
    ++part.samples;
    const size_t label =
        labels[i] == kNoClass ? report.class_names.size() : static_cast<size_t>(labels[i]);
    ++part.per_class[label];
  }
}

}  // namespace

void SplitJobOptions::check() const {
  if (parts.empty() == (folds == 0)) {
    throw Error(
        ErrorCategory::kUsage,
        parts.empty() ? "no parts were given" : "both parts and --folds were given",
        "For example `errata split train=0.8,val=0.1,test=0.1`, or `errata split --folds 5`.");
  }
  if (folds > kMostFolds) {
    throw Error(ErrorCategory::kUsage, fmt::format("{} folds are too many: at most {}",
                                                   with_thousands(static_cast<uint64_t>(folds)),
                                                   with_thousands(kMostFolds)));
  }
}

SplitJobReport run_split(const SplitJobOptions& options) {
  options.check();
  const versions::SplitRecipe recipe = recipe_of(options);
  if (!options.dry_run) bring_up_to_date(options.store_path);
  const LoadedState state = load_state(
      {options.store_path, "", options.where.empty() ? "not excluded" : options.where, false});
  const std::vector<RowIndex> rows = state.selection.to_rows();
  std::vector<SampleId> ids;
  for (const RowIndex row : rows) ids.push_back(state.snapshot.ids[row]);
  if (ids.empty()) throw Error(ErrorCategory::kNotFound, "there are no samples to split");

  store::Store store = store::Store::open(
      options.store_path, options.dry_run ? store::Access::kRead : store::Access::kWrite);
  const std::vector<RowIndex> outside = placed_outside(state, options);
  std::vector<RowIndex> grouped_rows = rows;
  grouped_rows.insert(grouped_rows.end(), outside.begin(), outside.end());
  std::vector<SampleId> grouped_ids;
  for (const RowIndex row : grouped_rows) grouped_ids.push_back(state.snapshot.ids[row]);
  const std::vector<store::SampleFile> files = store::sample_files(store, grouped_ids);
  const std::vector<ClassIndex> all_labels = project_labels(state.snapshot);
  std::vector<ClassIndex> labels;
  for (const RowIndex row : rows) labels.push_back(all_labels[row]);
  std::vector<uint64_t> keys;
  for (size_t i = 0; i < rows.size(); ++i) keys.push_back(files[i].xxh3);
  const std::vector<int64_t> all_groups = groups_of(options, state.snapshot, grouped_rows, files);
  const std::vector<int64_t> groups(
      all_groups.begin(), all_groups.empty()
                              ? all_groups.begin()
                              : all_groups.begin() + static_cast<std::ptrdiff_t>(rows.size()));
  refuse_more_folds(options.folds, rows.size(), groups);
  const std::vector<int32_t> current = current_parts(state.snapshot, rows, recipe.parts);

  versions::SplitInput input;
  input.samples = rows.size();
  input.labels = labels;
  input.groups = groups;
  input.keys = keys;
  input.current = current;
  StayingSamples staying;
  staying.part.assign(rows.size(), versions::kNoPart);
  if (recipe.extend) staying = staying_samples(state.snapshot, rows, recipe.parts, groups);
  if (!outside.empty()) {
    follow_outside(state.snapshot, rows.size(), outside, all_groups, recipe.parts, staying);
  }
  const versions::SplitResult result = split_others(input, staying, recipe);
  std::vector<std::string> names;
  for (const versions::SplitPart& part : recipe.parts) names.push_back(part.name);
  names.insert(names.end(), staying.names.begin(), staying.names.end());

  SplitJobReport report;
  report.class_names = state.snapshot.classes.names();
  count_parts(result, labels, names, report);
  report.placed = result.placed;
  report.groups = result.groups;
  report.straddling_groups = result.straddling_groups;
  report.worst_deviation = result.worst_deviation;
  report.recipe_json = versions::to_json(recipe);
  if (!options.dry_run) {
    report.batch = store::assign_splits(store, ids, result.part, names, report.recipe_json,
                                        options.who, options.why);
    store.close();
  }
  return report;
}

}  // namespace errata::jobs
