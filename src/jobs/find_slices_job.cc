#include "jobs/find_slices_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "analysis/image_quality.h"
#include "analysis/kmeans.h"
#include "base/text.h"
#include "jobs/edit_job.h"
#include "query/filter.h"
#include "store/saved_views.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

using analysis::SliceFeature;

constexpr size_t kRanges = 5;        // of a number: by fifths of the samples
constexpr size_t kMostValues = 100;  // a category with more is an identity rather than a group
constexpr size_t kRowsPerCluster = 250;
constexpr size_t kFewestClusters = 8;
constexpr size_t kMostClusters = 64;

// nullopt where there is nothing to tell groups apart by.
std::optional<SliceFeature> categories(const Column& column, const std::string& name,
                                       std::span<const RowIndex> rows) {
  SliceFeature feature{name, {}, {}};
  std::map<int32_t, int32_t> code_of;
  for (const RowIndex row : rows) {
    const int32_t code = column.codes[row];
    if (code < 0) {
      feature.codes.push_back(-1);
      continue;
    }
    const auto [found, added] = code_of.emplace(code, static_cast<int32_t>(feature.terms.size()));
    if (added) {
      feature.terms.push_back(fmt::format("{} = {}", query::quote_column(name),
                                          query::quote_text((*column.dictionary)[code])));
    }
    feature.codes.push_back(found->second);
  }
  if (feature.terms.size() < 2 || feature.terms.size() > kMostValues) return std::nullopt;
  return feature;
}

// The cuts, rising, as numbers of the filter language: a whole number as it is, of another the
// fewest digits that part all samples of the store as the cut does.
std::vector<std::string> cut_texts(const Column& column, const std::vector<double>& cuts) {
  std::vector<double> below(cuts.size(), -std::numeric_limits<double>::infinity());
  for (RowIndex row = 0; row < column.rows; ++row) {
    if (column.is_null(row)) continue;
    const double value = column.number(row);
    const auto above = std::upper_bound(cuts.begin(), cuts.end(), value);
    if (above == cuts.end()) continue;
    double& largest = below[static_cast<size_t>(above - cuts.begin())];
    largest = std::max(largest, value);
  }
  std::vector<std::string> texts;
  for (size_t i = 0; i < cuts.size(); ++i) {
    texts.push_back(column.type == ColumnType::kInt ? fmt::format("{}", cuts[i])
                                                    : query::quote_threshold(below[i], cuts[i]));
  }
  return texts;
}

// Ranges that hold about as many samples each; fewer where values repeat.
std::optional<SliceFeature> ranges(const Column& column, const std::string& name,
                                   std::span<const RowIndex> rows) {
  std::vector<double> sorted;
  for (const RowIndex row : rows) {
    if (!column.is_null(row)) sorted.push_back(column.number(row));
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> cuts;
  for (size_t i = 1; i < kRanges && !sorted.empty(); ++i) {
    const double cut = sorted[i * sorted.size() / kRanges];
    if (cut > sorted.front() && (cuts.empty() || cut > cuts.back())) cuts.push_back(cut);
  }
  if (cuts.empty()) return std::nullopt;
  const std::string quoted = query::quote_column(name);
  const std::vector<std::string> texts = cut_texts(column, cuts);
  SliceFeature feature{name, {}, {}};
  for (size_t i = 0; i <= cuts.size(); ++i) {
    std::string term;
    if (i > 0) term = fmt::format("{} >= {}", quoted, texts[i - 1]);
    if (i < cuts.size()) {
      term += fmt::format("{}{} < {}", term.empty() ? "" : " and ", quoted, texts[i]);
    }
    feature.terms.push_back(term);
  }
  for (const RowIndex row : rows) {
    if (column.is_null(row)) {
      feature.codes.push_back(-1);
      continue;
    }
    const auto above = std::upper_bound(cuts.begin(), cuts.end(), column.number(row));
    feature.codes.push_back(static_cast<int32_t>(above - cuts.begin()));
  }
  return feature;
}

// Names of columns that say something about the picture or where it is from, and nothing about what
// the model said of it.
std::vector<std::string> feature_columns(const Snapshot& snapshot) {
  std::vector<std::string> names{"label", "source", "split", "width", "height", "size_bytes"};
  for (const analysis::QualityIssueInfo& info : analysis::quality_issues()) {
    names.emplace_back(info.name);
  }
  for (const char* name : {"outlier", "uniqueness"}) names.emplace_back(name);
  for (const std::string& name : snapshot.samples.names()) {
    if (name.starts_with("attr.")) names.push_back(name);
  }
  return names;
}

std::vector<SliceFeature> features_of(const Snapshot& snapshot, std::span<const RowIndex> rows) {
  std::vector<SliceFeature> features;
  for (const std::string& name : feature_columns(snapshot)) {
    const Column* column = snapshot.samples.find(name);
    if (column == nullptr) continue;
    std::optional<SliceFeature> made;
    if (column->type == ColumnType::kCategory) made = categories(*column, name, rows);
    if (column->type == ColumnType::kInt || column->type == ColumnType::kFloat ||
        column->type == ColumnType::kDouble) {
      made = ranges(*column, name, rows);
    }
    if (made) features.push_back(std::move(*made));
  }
  return features;
}

// The column `cluster`, to be kept once nothing can stop the job any more.
struct ClusterColumn {
  std::vector<RowIndex> rows;  // of the snapshot; empty: there are no embeddings
  std::vector<double> numbers;
};

// Of all samples that were selected, whether they have a prediction or not.
ClusterColumn add_clusters(const FindSlicesOptions& options, std::span<const RowIndex> rows,
                           FindSlicesReport& report, std::vector<SliceFeature>& features,
                           JobContext& context) {
  Embeddings embeddings;
  try {
    embeddings = load_embeddings(report.state, options.embeddings, context);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::kNotFound || !options.embeddings.empty()) throw;
    report.lacks.push_back({"clusters", fmt::format("{}. {}", error.what(), error.hint())});
    return {};
  }
  analysis::KMeansOptions clusters_options;
  clusters_options.clusters =
      std::clamp(embeddings.rows.size() / kRowsPerCluster, kFewestClusters, kMostClusters);
  clusters_options.seed = options.seed;
  const analysis::Clusters clusters = analysis::find_clusters(embeddings.view(), clusters_options,
                                                              watched(context, "finding clusters"));
  SliceFeature feature{"cluster", std::vector<int32_t>(rows.size(), -1), {}};
  for (size_t i = 0; i < clusters.sizes.size(); ++i) {
    feature.terms.push_back(fmt::format("cluster = {}", i));
  }
  for (size_t i = 0; i < embeddings.rows.size(); ++i) {
    const auto at = std::lower_bound(rows.begin(), rows.end(), embeddings.rows[i]);
    if (at == rows.end() || *at != embeddings.rows[i]) continue;
    feature.codes[static_cast<size_t>(at - rows.begin())] = static_cast<int32_t>(clusters.of[i]);
  }
  features.push_back(std::move(feature));
  return {std::move(embeddings.rows), {clusters.of.begin(), clusters.of.end()}};
}

std::vector<RowIndex> rows_of(const FindSlicesReport& report, std::span<const RowIndex> rows,
                              std::span<const SliceFeature> features) {
  std::vector<RowIndex> found;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool in_one =
        std::any_of(report.slices.begin(), report.slices.end(), [&](const FoundSlice& each) {
          return std::all_of(each.slice.terms.begin(), each.slice.terms.end(),
                             [&](const analysis::SliceTerm& term) {
                               return features[term.feature].codes[i] == term.code;
                             });
        });
    if (in_one) found.push_back(rows[i]);
  }
  return found;
}

// No slice: a view that shows nothing.
store::SavedView view_of(const FindSlicesReport& report) {
  std::string filter = report.slices.empty() ? "id is null" : "";
  text::Json slices = text::Json::array();
  for (const FoundSlice& each : report.slices) {
    filter += fmt::format("{}({})", filter.empty() ? "" : " or ", each.filter);
    slices.push_back(text::Json::object({{"filter", each.filter},
                                         {"rows", each.slice.rows},
                                         {"confirmed_rows", each.slice.confirmed_rows},
                                         {"accuracy", each.slice.accuracy},
                                         {"low", each.slice.low},
                                         {"high", each.slice.high},
                                         {"p_value", each.slice.p_value}}));
  }
  const auto options = text::Json::object({{"run", report.state.run},
                                           {"label_revision", report.state.snapshot.label_revision},
                                           {"accuracy", report.accuracy},
                                           {"looked_at", report.looked_at},
                                           {"groups", report.groups},
                                           {"lacks", report.lacks_text()},
                                           {"slices", slices}});
  return {kSlicesView, filter, "", options.dump()};
}

}  // namespace

std::string FindSlicesReport::lacks_text() const {
  std::string text;
  for (const Lack& lack : lacks) text += lack.sentence() + "\n";
  return text;
}

FindSlicesReport find_slices(const FindSlicesOptions& options, JobContext& context) {
  bring_up_to_date(options.store_path);
  FindSlicesReport report{.state =
                              load_state({options.store_path, options.run, options.where, true})};
  LoadedState& state = report.state;
  const Snapshot& snapshot = state.snapshot;
  const size_t excluded = leave_out_excluded(state, options.where);
  const Column* outcome = snapshot.samples.find("outcome");
  std::vector<RowIndex> rows;
  std::vector<uint8_t> right;
  if (outcome != nullptr) {
    state.selection.for_each([&](RowIndex row) {
      if (outcome->is_null(row)) return;
      rows.push_back(row);
      right.push_back(outcome->text(row) == "right" ? 1 : 0);
    });
  }
  report.looked_at = rows.size();
  if (rows.empty()) {
    throw Error(ErrorCategory::kNotFound, "no sample has both a label and a prediction",
                "Run `errata infer --model FILE` or `errata predictions FILE` first.",
                options.store_path);
  }
  report.warnings = run_warnings(state);
  std::vector<SliceFeature> features = features_of(snapshot, rows);
  if (snapshot.samples.find("blurry") == nullptr) {
    report.lacks.push_back({"brightness, blur and the like", "run `errata find quality` first"});
  }
  const Column* chain = snapshot.samples.find("duplicate_chain");
  std::vector<int64_t> copies;
  if (chain == nullptr) {
    report.lacks.push_back({"which pictures are copies, which then count as one",
                            "run `errata find duplicates` first"});
  } else {
    for (const RowIndex row : rows) {
      copies.push_back(chain->is_null(row) ? -1 : static_cast<int64_t>(chain->number(row)));
    }
  }
  const ClusterColumn clusters = add_clusters(options, rows, report, features, context);
  for (const SliceFeature& each : features) report.features.push_back(each.name);
  analysis::SliceOptions slice_options;
  slice_options.seed = options.seed;
  const analysis::SliceReport found = analysis::find_slices(right, features, copies, slice_options,
                                                            watched(context, "comparing groups"));
  report.groups = found.looked_at;
  report.candidates = found.candidates;
  report.accuracy = found.accuracy;
  for (const analysis::Slice& slice : found.slices) {
    // The filter names the samples that were measured, and no others.
    std::string filter = options.where.empty() ? "" : "(" + options.where + ")";
    if (excluded > 0) filter += filter.empty() ? "not excluded" : " and not excluded";
    for (const analysis::SliceTerm& term : slice.terms) {
      filter += (filter.empty() ? "" : " and ") +
                features[term.feature].terms[static_cast<size_t>(term.code)];
    }
    report.slices.push_back({filter, slice});
  }
  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  if (!clusters.rows.empty()) {
    store_scores(writer, snapshot, "cluster", clusters.rows, clusters.numbers);
  }
  store::put_saved_view(writer, view_of(report));
  if (!options.tag.empty()) {
    report.tagged = tag_rows(writer, snapshot, rows_of(report, rows, features), options.tag,
                             options.who, "weak slices");
  }
  return report;
}

}  // namespace errata::jobs
