#include "jobs/find_boxes_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/image_contributions.h"
#include "analysis/object_lab.h"
#include "analysis/object_mistakenness.h"
#include "base/error.h"
#include "base/text.h"
#include "model/scores.h"
#include "query/filter.h"
#include "query/rank.h"

namespace errata::jobs {

namespace {

bool is_number(const Column& column) {
  return column.type == ColumnType::kInt || column.type == ColumnType::kFloat ||
         column.type == ColumnType::kDouble;
}

// `selected` less what the filter leaves out; what the filter has to say goes to the warnings.
query::Selection passing(JudgedObjects& judged, const std::string& where) {
  query::Selection rows = judged.selected;
  if (where.empty()) return rows;
  const query::Filter filter = query::parse_typed_filter(where, judged.objects.table);
  for (const query::FilterNote& note : query::check_filter(filter, judged.objects.table)) {
    judged.warnings.push_back(note.message);
  }
  rows &= query::evaluate(filter, judged.objects.table);
  return rows;
}

void keep_known(const Column& column, query::Selection& rows) {
  for (size_t row = 0; row < column.rows; ++row) {
    if (column.is_null(static_cast<RowIndex>(row))) rows.reset(static_cast<RowIndex>(row));
  }
}

const Column& score_column(const Table& table, const std::string& name, const std::string& asked) {
  const Column* column = table.find(name);
  if (column != nullptr && is_number(*column)) return *column;
  std::vector<std::string> names;
  for (const auto& each : table.columns()) {
    if (is_number(*each)) names.push_back(each->name);
  }
  const std::vector<std::string> near = nearest_words(name, names);
  throw Error(ErrorCategory::kUsage, fmt::format("objects have no score '{}'", asked),
              near.empty()
                  ? "`errata scores` lists them."
                  : fmt::format("Did you mean '{}'? `errata scores` lists them.", near[0]));
}

// Why no object that passed the filter has a score.
std::string why_none(const Table& table, const query::Selection& passed,
                     const RankObjectsReport& report) {
  const size_t count = passed.count();
  if (count == 0) return "no object passes the filter";
  std::string text =
      fmt::format("{} passed, none has a value of {}", plural(count, "object"), report.score);
  if (!report.sentence.empty()) text += ": " + report.sentence;
  if (report.score != "objectlab_overlooked") return text;
  const Column& confidence = *table.find("confidence");
  double surest = -1;
  passed.for_each([&](RowIndex row) {
    if (!confidence.is_null(row)) surest = std::max(surest, confidence.doubles[row]);
  });
  text += surest < 0 ? " No detection passed."
                     : fmt::format(" The surest detection has a confidence of {:.3f}.", surest);
  return text;
}

}  // namespace

RankObjectsReport rank_objects(const RankObjectsOptions& options, JobContext& context) {
  options.check();
  RankObjectsReport report{.judged = judge_objects(options.judge, context)};
  report.score = options.by;
  std::replace(report.score.begin(), report.score.end(), '-', '_');
  const Table& table = report.judged.objects.table;
  const Column& column = score_column(table, report.score, options.by);
  if (const ScoreInfo* info = find_object_score(report.score); info != nullptr) {
    report.worst = info->worst;
    report.sentence = info->sentence;
  }
  query::Selection rows = passing(report.judged, options.where);
  const query::Selection passed = rows;
  keep_known(column, rows);
  report.ranked = rows.count();
  if (report.ranked == 0) report.lacks = why_none(table, passed, report);
  const query::SortKey key{report.score, report.worst == Worst::kHigh};
  report.rows = query::order_rows(table, rows, std::span(&key, 1),
                                  options.limit == 0 ? query::kNoLimit : options.limit);
  return report;
}

namespace {

void list_images(const query::Selection& queue, JobContext& context, FindBoxesReport& report) {
  const JudgedObjects& judged = report.judged;
  const Table& table = judged.objects.table;
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  const analysis::DetectionSet set = judged.input.set();
  const auto parts = analysis::image_contributions(set, judged.overlap, parallel_for);
  const auto lab = analysis::score_object_lab(set, parallel_for);
  const auto brain = analysis::measure_mistakenness(set, parallel_for);
  for (size_t image = 0; image < judged.input.images; ++image) {
    ImageRow row{.sample = judged.input.samples[image],
                 .ap_part = parts[image],
                 .objectlab = lab.image[image],
                 .mistakenness = brain.image[image]};
    for (uint64_t at = judged.objects.offsets[row.sample];
         at < judged.objects.offsets[row.sample + 1]; ++at) {
      const int32_t error = table.find("error")->codes[at];
      const bool given = at < judged.objects.given_end[row.sample];
      row.objects += given ? 1 : 0;
      row.detections += !given && error >= 0 ? 1 : 0;
      const bool missed = error == static_cast<int32_t>(ObjectError::kMissed);
      if (error >= 0 && given == missed) ++row.errors[static_cast<size_t>(error)];
      row.in_doubt += queue.test(static_cast<RowIndex>(at)) ? 1 : 0;
    }
    report.images.push_back(row);
  }
  std::stable_sort(report.images.begin(), report.images.end(),
                   [](const ImageRow& a, const ImageRow& b) { return a.ap_part < b.ap_part; });
}

}  // namespace

FindBoxesReport find_boxes(const FindBoxesOptions& options, JobContext& context) {
  bring_up_to_date(options.judge.store_path);
  JudgeOptions judge = options.judge;
  judge.keeps = true;
  FindBoxesReport report{.judged = judge_objects(judge, context)};
  const Table& table = report.judged.objects.table;
  const query::Selection rows = passing(report.judged, options.where);
  query::Selection queue(rows.rows());
  const Column& error = *table.find("error");
  const Column& kind = *table.find("kind");
  const Column& doubt = *table.find("label_doubt");
  const Column& review = *table.find("review");
  rows.for_each([&](RowIndex row) {
    const bool given = kind.codes[row] == static_cast<int32_t>(ObjectKind::kGiven);
    if (error.codes[row] >= 0) {
      ++(given ? report.objects : report.detections)[static_cast<size_t>(error.codes[row])];
    }
    const int32_t verdict = table.find("verdict")->codes[row];
    if (verdict >= 0) ++report.verdicts[static_cast<size_t>(verdict)];
    if (doubt.is_null(row) || doubt.floats[row] < kLeastDoubt) return;
    if (review.codes[row] > static_cast<int32_t>(ObjectReview::kUnseen)) {
      ++report.decided;
      if (!options.decided) return;
    }
    queue.set(row);
    ++report.doubts[static_cast<size_t>(table.find("doubt")->codes[row])];
  });
  const query::SortKey key{"label_doubt", true};
  report.queue = query::order_rows(table, queue, std::span(&key, 1));
  if (options.images) list_images(queue, context, report);
  return report;
}

}  // namespace errata::jobs
