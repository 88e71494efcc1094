#include "viewer/state/panel_answer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "analysis/metrics.h"
#include "base/text.h"
#include "jobs/prediction_warnings.h"
#include "model/scores.h"
#include "query/facet.h"
#include "query/filter.h"
#include "viewer/state/filter_text.h"

namespace errata::viewer {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kCalibrationBins = 15;
constexpr size_t kScoreBins = 40;
// With more classes the bootstrap of the balanced accuracy takes longer than a person waits.
constexpr size_t kMostBootstrapClasses = 100;
constexpr size_t kResamples = 1000;

bool speaks_of_predictions(std::string_view column) {
  const std::string_view name = column.substr(0, column.find('@'));
  if (name.size() != column.size()) return true;  // of a certain run
  constexpr std::array<std::string_view, 5> kNames{"prediction", "outcome", "review", "excluded",
                                                   "verdict"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         find_score(name) != nullptr;
}

// One entry per row of the table.
struct Rows {
  const Column* label = nullptr;
  const Column* given = nullptr;
  const Column* prediction = nullptr;
  const Column* confidence = nullptr;
  const Column* review = nullptr;
  const Column* excluded = nullptr;
  const Column* tags = nullptr;
  size_t classes = 0;

  // The dictionary's first codes are the project's classes; what lies behind is no label.
  ClassIndex class_of(const Column* column, RowIndex row) const {
    const int32_t code = column->codes[row];
    return code >= 0 && static_cast<size_t>(code) < classes ? code : kNoClass;
  }
};

Rows find_rows(const PanelQuestion& question) {
  const Table& table = question.samples;
  const auto category = [&](const char* name) -> const Column* {
    const Column* column = table.find(name);
    return column != nullptr && column->type == ColumnType::kCategory ? column : nullptr;
  };
  Rows rows;
  rows.label = category("label");
  rows.given = category("label_given");
  rows.prediction = category("prediction");
  rows.review = category("review");
  rows.confidence = table.find("confidence");
  if (rows.confidence != nullptr && rows.confidence->type != ColumnType::kFloat) {
    rows.confidence = nullptr;
  }
  rows.excluded = table.find("excluded");
  if (rows.excluded != nullptr && rows.excluded->type != ColumnType::kBool) rows.excluded = nullptr;
  rows.tags = table.find("tags");
  if (rows.tags != nullptr && rows.tags->type != ColumnType::kSet) rows.tags = nullptr;
  rows.classes = question.classes.size();
  return rows;
}

class Measurer {
 public:
  Measurer(const PanelQuestion& question, Rows rows) : question_(question), rows_(rows) {}

  std::shared_ptr<const PanelAnswer> measure() {
    choose_samples();
    for (size_t k = 0; k < rows_.classes; ++k) {
      answer_->classes.push_back(
          {question_.classes[static_cast<ClassIndex>(k)].name, 0, 0, 0, 0, 0, 0, 0});
    }
    count();
    finish_classes();
    finish_confusion();
    measure_accuracy();
    measure_scores();
    return answer_;
  }

 private:
  void choose_samples() {
    answer_->measured_filter =
        question_.exactly_shown ? question_.filter : measured_filter(question_.filter);
    answer_->terms_left_out = answer_->measured_filter != question_.filter;
    population_ = query::evaluate(query::parse_filter(answer_->measured_filter), question_.samples);
    right_ = query::Selection(population_.rows());
    wrong_ = query::Selection(population_.rows());
    if (rows_.tags != nullptr) audit_code_ = rows_.tags->dictionary->find(jobs::kAuditTag);
    audit_population_ = population_;
    answer_->audit_elsewhere = question_.audit && !draws_from_measured();
    answer_->trained_on = count_trained_on();
  }

  int64_t count_trained_on() const {
    if (question_.trained_on.empty()) return 0;
    try {
      query::Selection trained =
          query::evaluate(query::parse_filter(question_.trained_on), question_.samples);
      trained &= population_;
      return static_cast<int64_t>(trained.count());
    } catch (const Error&) {
      return 0;  // it speaks of what is no longer there: said of the run
    }
  }

  // However the two filters are written, and whatever was decided since: the same samples, none of
  // which came later.
  bool draws_from_measured() {
    const jobs::AuditDrawing& drawing = *question_.audit;
    const std::vector<RowIndex> drawn = jobs::tagged_rows(question_.samples, jobs::kAuditTag);
    const size_t later =
        jobs::leave_out_undrawable(drawing, drawn, question_.samples, audit_population_);
    if (later > 0 || !jobs::is_tagged(drawing, question_.samples)) return false;
    if (drawing.population == answer_->measured_filter) return true;
    try {
      return query::evaluate(query::parse_filter(drawing.population), question_.samples) ==
             population_;
    } catch (const Error&) {
      return false;  // it speaks of what is no longer there
    }
  }

  bool is_audited(RowIndex row) const {
    if (audit_code_ < 0) return false;
    const auto begin =
        rows_.tags->codes.begin() + static_cast<std::ptrdiff_t>(rows_.tags->offsets[row]);
    const auto end =
        rows_.tags->codes.begin() + static_cast<std::ptrdiff_t>(rows_.tags->offsets[row + 1]);
    return std::find(begin, end, audit_code_) != end;
  }

  void count() {
    confidence_sum_.assign(rows_.classes, 0);
    confidence_count_.assign(rows_.classes, 0);
    population_.for_each([&](RowIndex row) {
      count_given(row);
      count_now(row);
    });
    const auto share = [](int64_t part, int64_t whole) {
      return whole == 0 ? kNaN : static_cast<double>(part) / static_cast<double>(whole);
    };
    answer_->accuracy_before = share(both_right_before_, answer_->samples_of_both);
    answer_->accuracy_after = share(both_right_after_, answer_->samples_of_both);
  }

  // With the labels as imported, whatever was decided since.
  void count_given(RowIndex row) {
    const bool excluded = rows_.excluded != nullptr && rows_.excluded->bytes[row] != 0;
    const std::string_view review = rows_.review == nullptr || rows_.review->is_null(row)
                                        ? std::string_view("unseen")
                                        : rows_.review->text(row);
    const bool audited = is_audited(row);
    if (rows_.given == nullptr || rows_.given->is_null(row) || rows_.prediction->is_null(row))
      return;
    answer_->audit_drawn += audited;
    const ClassIndex given = rows_.class_of(rows_.given, row);
    const ClassIndex now = rows_.class_of(rows_.label, row);
    const ClassIndex predicted = rows_.class_of(rows_.prediction, row);
    const bool was_right = given != kNoClass && given == predicted;
    ++answer_->samples_given;
    if (audit_population_.test(row)) {
      ++answer_->audit.population;
      answer_->audit.right_given += was_right;
    }
    if (review == "unseen") return;
    ++answer_->reviewed;
    answer_->reviewed_where_they_differ += !was_right;
    answer_->corrected += given != now;
    if (!audited) return;
    ++answer_->audit.audited;
    // What was excluded has no corrected label: it counts as it was given, here as in the
    // population. Leaving it out here alone would shift the estimate.
    if (excluded) return;
    const bool is_right = now != kNoClass && now == predicted;
    answer_->audit.became_right += !was_right && is_right;
    answer_->audit.became_wrong += was_right && !is_right;
    answer_->audit.changed += given != now;
  }

  void count_now(RowIndex row) {
    if (rows_.excluded != nullptr && rows_.excluded->bytes[row] != 0) {
      ++answer_->excluded;
      return;
    }
    const ClassIndex label = rows_.class_of(rows_.label, row);
    if (label == kNoClass) {
      ++answer_->without_label;
      return;
    }
    if (rows_.prediction->is_null(row)) {
      ++answer_->without_prediction;
      return;
    }
    ++answer_->samples;
    const ClassIndex predicted = rows_.class_of(rows_.prediction, row);
    if (rows_.given != nullptr && !rows_.given->is_null(row)) {
      const ClassIndex given = rows_.class_of(rows_.given, row);
      ++answer_->samples_of_both;
      both_right_before_ += given != kNoClass && given == predicted;
      both_right_after_ += label == predicted;
    }
    ClassLine& line = answer_->classes[static_cast<size_t>(label)];
    ++line.support;
    if (predicted != kNoClass) ++answer_->classes[static_cast<size_t>(predicted)].predicted;
    if (predicted == label) {
      ++line.right;
      right_.set(row);
    } else {
      wrong_.set(row);
      if (predicted != kNoClass) ++pairs_[pair(label, predicted)];
    }
    if (rows_.confidence == nullptr || rows_.confidence->is_null(row)) return;
    const float confidence = rows_.confidence->floats[row];
    confidence_sum_[static_cast<size_t>(label)] += static_cast<double>(confidence);
    ++confidence_count_[static_cast<size_t>(label)];
    confidences_.push_back(confidence);
    rights_.push_back(predicted == label);
  }

  static uint64_t pair(ClassIndex label, ClassIndex predicted) {
    return static_cast<uint64_t>(label) << 32 | static_cast<uint32_t>(predicted);
  }

  void finish_classes() {
    const auto share = [](int64_t part, int64_t whole) {
      return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    for (size_t k = 0; k < rows_.classes; ++k) {
      ClassLine& line = answer_->classes[k];
      line.precision = share(line.right, line.predicted);
      line.recall = share(line.right, line.support);
      line.f1 = share(2 * line.right, line.support + line.predicted);
      line.mean_confidence = confidence_count_[k] == 0
                                 ? kNaN
                                 : confidence_sum_[k] / static_cast<double>(confidence_count_[k]);
    }
  }

  void finish_confusion() {
    std::vector<ConfusedPair> all;
    all.reserve(pairs_.size());
    for (const auto& [key, count] : pairs_) {
      all.push_back(
          {static_cast<int32_t>(key >> 32), static_cast<int32_t>(key & 0xFFFF'FFFF), count});
    }
    std::sort(all.begin(), all.end(), [](const ConfusedPair& a, const ConfusedPair& b) {
      return std::tie(b.count, a.label, a.prediction) < std::tie(a.count, b.label, b.prediction);
    });
    choose_shown(all);
    ConfusionView& view = answer_->confusion;
    const size_t shown = view.shown.size();
    std::unordered_map<int32_t, size_t> place;
    for (size_t i = 0; i < shown; ++i) place[view.shown[i]] = i;
    view.counts.assign(shown * shown, 0);
    for (size_t i = 0; i < shown; ++i) {
      const ClassLine& line = answer_->classes[static_cast<size_t>(view.shown[i])];
      view.counts[i * shown + i] = line.right;
      view.label_totals.push_back(line.support);
      view.prediction_totals.push_back(line.predicted);
    }
    for (const ConfusedPair& each : all) {
      const auto label = place.find(each.label);
      const auto prediction = place.find(each.prediction);
      if (label == place.end() || prediction == place.end()) continue;
      view.counts[label->second * shown + prediction->second] = each.count;
      view.largest_off_diagonal = std::max(view.largest_off_diagonal, each.count);
    }
    check_class_order(all);
    if (all.size() > PanelAnswer::kMostPairs) all.resize(PanelAnswer::kMostPairs);
    answer_->confusions = std::move(all);
  }

  void check_class_order(const std::vector<ConfusedPair>& confused) {
    std::vector<analysis::ClassPairCount> pairs;
    for (size_t k = 0; k < rows_.classes; ++k) {
      const auto index = static_cast<int32_t>(k);
      const int64_t right = answer_->classes[k].right;
      if (right > 0) pairs.push_back({index, index, right});
    }
    for (const ConfusedPair& each : confused) {
      pairs.push_back({each.label, each.prediction, each.count});
    }
    answer_->class_order = jobs::class_order_warning(pairs, question_.classes.names());
  }

  // All classes that occur, or those of the largest confusions.
  void choose_shown(const std::vector<ConfusedPair>& all) {
    std::vector<int32_t>& shown = answer_->confusion.shown;
    for (size_t k = 0; k < rows_.classes; ++k) {
      const ClassLine& line = answer_->classes[k];
      if (line.support > 0 || line.predicted > 0) shown.push_back(static_cast<int32_t>(k));
    }
    answer_->confusion.occurring = shown.size();
    if (shown.size() <= PanelAnswer::kMostShown) return;
    std::vector<int32_t> most;
    const auto add = [&](int32_t index) {
      if (most.size() < PanelAnswer::kMostShown &&
          std::find(most.begin(), most.end(), index) == most.end()) {
        most.push_back(index);
      }
    };
    for (const ConfusedPair& each : all) {
      if (most.size() >= PanelAnswer::kMostShown) break;
      add(each.label);
      add(each.prediction);
    }
    for (const int32_t index : shown) add(index);
    std::sort(most.begin(), most.end());
    shown = std::move(most);
  }

  void measure_accuracy() {
    analysis::BootstrapOptions options;
    options.resamples = kResamples;
    if (answer_->samples == 0) {
      answer_->accuracy = answer_->balanced_accuracy = {kNaN, kNaN, kNaN};
      answer_->calibration.ece = analysis::undefined_interval();
      return;
    }
    int64_t right = 0;
    int64_t occurring = 0;
    double recalls = 0;
    std::vector<int64_t> cells;  // right and wrong of each class that occurs
    for (const ClassLine& line : answer_->classes) {
      right += line.right;
      if (line.support == 0) continue;
      ++occurring;
      recalls += line.recall;
      cells.push_back(line.right);
      cells.push_back(line.support - line.right);
    }
    const bool few = static_cast<size_t>(occurring) <= kMostBootstrapClasses;
    if (!few) cells = {right, answer_->samples - right};
    const std::vector<analysis::Interval> intervals = analysis::bootstrap_cells(
        cells, 2,
        [](std::span<const int64_t> counts, std::span<double> out) {
          double sum = 0;
          double hits = 0;
          double recall_sum = 0;
          double classes = 0;
          for (size_t i = 0; i + 1 < counts.size(); i += 2) {
            const auto support = static_cast<double>(counts[i] + counts[i + 1]);
            hits += static_cast<double>(counts[i]);
            sum += support;
            if (support == 0) continue;
            recall_sum += static_cast<double>(counts[i]) / support;
            ++classes;
          }
          out[0] = hits / sum;
          out[1] = recall_sum / classes;
        },
        options, serial_for);
    answer_->accuracy = {intervals[0].value, intervals[0].low, intervals[0].high};
    answer_->balanced_accuracy =
        few ? Measured{intervals[1].value, intervals[1].low, intervals[1].high}
            : Measured{recalls / static_cast<double>(occurring), kNaN, kNaN};
    answer_->calibration =
        analysis::measure_calibration(confidences_, rights_, kCalibrationBins, options, serial_for);
    finish_audit();
  }

  void finish_audit() {
    if (answer_->audit.audited == 0 || answer_->audit_elsewhere || !question_.audit) return;
    // Those of the drawn that were reviewed first, perhaps as mistakes, are no random sample.
    if (answer_->audit.audited < answer_->audit_drawn) return;
    answer_->audit_estimate = analysis::estimate_from_audit(answer_->audit, 0.95);
  }

  void measure_scores() {
    for (const ScoreInfo& score : all_scores()) {
      const Column* column = question_.samples.find(score.name);
      if (column == nullptr || column->type != ColumnType::kFloat) continue;
      query::Selection both = right_;
      both |= wrong_;
      const query::NumberRange range = query::number_range(*column, both);
      if (range.values == 0) continue;
      ScoreDistribution each;
      each.column = score.name;
      each.low = std::min(0.0, range.min);
      each.high = range.max <= 1 ? 1 : range.max;
      const query::HistogramSpec spec{each.low, each.high, kScoreBins};
      each.right = query::histogram(*column, right_, spec).counts;
      each.wrong = query::histogram(*column, wrong_, spec).counts;
      answer_->scores.push_back(std::move(each));
    }
  }

  const PanelQuestion& question_;
  Rows rows_;
  std::shared_ptr<PanelAnswer> answer_ = std::make_shared<PanelAnswer>();
  query::Selection population_;
  query::Selection audit_population_;  // of which the drawn are a sample
  query::Selection right_;
  query::Selection wrong_;
  int32_t audit_code_ = -1;
  int64_t both_right_before_ = 0;
  int64_t both_right_after_ = 0;
  std::unordered_map<uint64_t, int64_t> pairs_;
  std::vector<double> confidence_sum_;
  std::vector<int64_t> confidence_count_;
  std::vector<float> confidences_;
  std::vector<uint8_t> rights_;
};

}  // namespace

std::string measured_filter(std::string_view filter) {
  std::vector<std::string> kept;
  // A cell of the confusion matrix is a choice within what is measured, not another measurement.
  const bool is_cell =
      !facet_choice(filter, "label").empty() && !facet_choice(filter, "prediction").empty();
  const std::string without_cell =
      is_cell ? with_facet_choice(filter, "label", {}) : std::string(filter);
  for (const std::string& term : split_terms(without_cell)) {
    try {
      const std::vector<std::string> columns = query::parse_filter(term).columns();
      if (std::none_of(columns.begin(), columns.end(), speaks_of_predictions)) kept.push_back(term);
    } catch (const Error&) {
      return std::string(filter);
    }
  }
  const std::string joined = join_terms(kept);
  return kept.size() == split_terms(filter).size() ? std::string(filter) : joined;
}

std::shared_ptr<const PanelAnswer> answer_panels(const PanelQuestion& question) {
  const auto began = std::chrono::steady_clock::now();
  const Rows rows = find_rows(question);
  if (rows.label == nullptr || rows.prediction == nullptr) return nullptr;
  auto answer = std::const_pointer_cast<PanelAnswer>(Measurer(question, rows).measure());
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - began;
  answer->elapsed_ms = elapsed.count();
  return answer;
}

}  // namespace errata::viewer
