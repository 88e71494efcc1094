#include "jobs/find_quality_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "jobs/edit_job.h"
#include "jobs/image_pass.h"
#include "media/resize.h"
#include "store/score_columns.h"

namespace errata::jobs {

namespace {

using analysis::QualityIssue;
using Scores = std::array<double, analysis::kQualityIssues>;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Measured {
  bool ok = false;
  bool grey_as_rgb = false;
  double size_px = 0;  // of a square of the same area
  Scores scores{};
};

double& score_of(Scores& scores, QualityIssue issue) {
  return scores[static_cast<size_t>(issue)];
}

// Shrunk as the Pillow of today shrinks, then turned grey.
double sharpness_of(const media::Image& image) {
  const analysis::BlurSize size = analysis::blur_size(image.width_px, image.height_px);
  const media::Image small = media::resize(image, size.width_px, size.height_px,
                                           media::Filter::kBicubic, media::PillowOrder::k13_0);
  const std::vector<uint8_t> grey =
      analysis::to_grey({small.pixels, small.width_px, small.height_px});
  return analysis::sharpness(grey, small.width_px, small.height_px);
}

Measured measure(const media::Decoded& decoded) {
  const media::Image& image = decoded.image;
  const analysis::RgbPixels pixels{image.pixels, image.width_px, image.height_px};
  const bool grey = analysis::is_grey(pixels);
  const analysis::PixelStatistics statistics =
      analysis::pixel_statistics(pixels, decoded.stored_grey);
  Measured measured;
  measured.ok = true;
  measured.grey_as_rgb = grey && !decoded.stored_grey;
  measured.size_px = std::sqrt(image.width_px) * std::sqrt(image.height_px);
  Scores& scores = measured.scores;
  score_of(scores, QualityIssue::kDark) = statistics.brightness_p99;
  score_of(scores, QualityIssue::kLight) = 1 - statistics.brightness_p05;
  score_of(scores, QualityIssue::kBlurry) = sharpness_of(image);
  score_of(scores, QualityIssue::kLowInformation) =
      analysis::low_information_score(statistics.entropy_bits);
  score_of(scores, QualityIssue::kOddAspectRatio) =
      analysis::aspect_score(image.width_px, image.height_px);
  score_of(scores, QualityIssue::kGrayscale) = grey ? 0 : 1;
  return measured;
}

// The one score that needs all pictures. Returns its threshold.
double add_size_scores(std::vector<Measured>& all) {
  std::vector<double> sizes;
  for (const Measured& each : all) {
    if (each.ok) sizes.push_back(each.size_px);
  }
  const analysis::SizeScores made = analysis::size_scores(sizes);
  size_t next = 0;
  for (Measured& each : all) {
    if (each.ok) score_of(each.scores, QualityIssue::kOddSize) = made.scores[next++];
  }
  return made.threshold;
}

bool asked_for(const FindQualityOptions& options, std::string_view name) {
  return options.issues.empty() ||
         std::find(options.issues.begin(), options.issues.end(), name) != options.issues.end();
}

QualityKind find_kind(const analysis::QualityIssueInfo& info, double threshold,
                      std::span<const RowIndex> rows, std::vector<Measured>& all,
                      const FindQualityReport& report) {
  QualityKind kind{&info, threshold, {}, false};
  for (size_t i = 0; i < rows.size(); ++i) {
    const double score = score_of(all[i].scores, info.issue);
    if (all[i].ok && score < threshold) kind.found.push_back({rows[i], score});
  }
  std::stable_sort(
      kind.found.begin(), kind.found.end(),
      [](const QualityFinding& a, const QualityFinding& b) { return a.score < b.score; });
  kind.common = analysis::is_common_quality(kind.found.size(), report.looked_at);
  return kind;
}

void store_scores(store::Store& store, const Snapshot& snapshot, QualityIssue issue,
                  std::span<const RowIndex> rows, std::vector<Measured>& all) {
  const std::string name(analysis::quality_issues()[static_cast<size_t>(issue)].name);
  const Column* before = snapshot.samples.find(name);
  store::ScoreColumn column;
  column.name = name;
  column.samples = snapshot.ids;
  if (before != nullptr && before->type == ColumnType::kFloat) {
    column.values = before->floats;
  } else {
    column.values.assign(snapshot.ids.size(), std::numeric_limits<float>::quiet_NaN());
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    column.values[rows[i]] = static_cast<float>(all[i].ok ? score_of(all[i].scores, issue) : kNone);
  }
  store::put_score_column(store, column);
}

std::vector<RowIndex> rows_to_tag(const FindQualityReport& report, bool named) {
  std::vector<RowIndex> rows;
  for (const QualityKind& kind : report.kinds) {
    if (kind.common && !named) continue;
    for (const QualityFinding& each : kind.found) rows.push_back(each.row);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

}  // namespace

void FindQualityOptions::check() const {
  for (const std::string& name : issues) {
    if (analysis::find_quality_issue(name) != nullptr) continue;
    std::vector<std::string_view> names;
    for (const analysis::QualityIssueInfo& each : analysis::quality_issues()) {
      names.push_back(each.name);
    }
    throw Error(ErrorCategory::kUsage, fmt::format("there is no issue '{}'", name),
                fmt::format("there are: {}", fmt::join(names, ", ")));
  }
}

FindQualityReport find_quality(const FindQualityOptions& options, JobContext& context) {
  options.check();
  bring_up_to_date(options.store_path);
  FindQualityReport report{
      load_state({options.store_path, "", options.where, false}), {}, 0, 0, 0, 0, {}};
  const Snapshot& snapshot = report.state.snapshot;
  report.excluded = leave_out_excluded(report.state, options.where);
  const std::vector<RowIndex> rows = report.state.selection.to_rows();
  std::vector<SampleId> ids;
  for (const RowIndex row : rows) ids.push_back(snapshot.ids[row]);
  std::vector<Measured> measured(rows.size());
  const std::vector<Issue> unreadable =
      pass_over_images(store::sample_files(report.state.store, ids), "measuring images", {},
                       context, [&](const PassedImage& image) {
                         if (image.decoded.ok()) measured[image.index] = measure(image.decoded);
                       });
  report.unreadable = unreadable.size();
  report.looked_at = rows.size() - unreadable.size();
  for (const Measured& each : measured) report.grey_as_rgb += each.grey_as_rgb;
  const double size_threshold = add_size_scores(measured);
  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  for (const analysis::QualityIssueInfo& info : analysis::quality_issues()) {
    if (!asked_for(options, info.name)) continue;
    const double threshold = info.issue == QualityIssue::kOddSize ? size_threshold : info.threshold;
    report.kinds.push_back(find_kind(info, threshold, rows, measured, report));
    store_scores(writer, snapshot, info.issue, rows, measured);
  }
  keep_issues(writer, "find quality", unreadable, context);
  report.tagged = tag_rows(writer, snapshot, rows_to_tag(report, !options.issues.empty()),
                           options.tag, options.who, "image quality");
  return report;
}

}  // namespace errata::jobs
