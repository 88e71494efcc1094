#include "viewer/state/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "analysis/duplicate_groups.h"
#include "analysis/image_quality.h"
#include "base/error.h"
#include "model/verdict.h"
#include "text/json.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

namespace {

const Column* float_column(const Table& samples, std::string_view name) {
  const Column* column = samples.find(name);
  return column != nullptr && column->type == ColumnType::kFloat ? column : nullptr;
}

const Column* category_column(const Table& samples, std::string_view name) {
  const Column* column = samples.find(name);
  return column != nullptr && column->type == ColumnType::kCategory ? column : nullptr;
}

int32_t code_at(const Column* column, RowIndex row) {
  return column == nullptr ? -1 : column->codes[row];
}

// Of the members that are left: two different values.
bool differ(const Column* column, const std::vector<RowIndex>& members, const CopyChoice& choice) {
  int32_t seen = -1;
  for (const RowIndex row : members) {
    const int32_t code = choice.excluded(row) ? -1 : code_at(column, row);
    if (code < 0) continue;
    if (seen >= 0 && code != seen) return true;
    seen = code;
  }
  return false;
}

void put_kept_first(const Table& samples, std::vector<RowIndex>& members) {
  const Column* kept = float_column(samples, "duplicate_kept");
  const Column* width = samples.find("width");
  const Column* height = samples.find("height");
  const auto worth = [&](RowIndex row) {
    const double suggested = kept != nullptr && !kept->is_null(row) ? kept->number(row) : 0;
    const bool sized =
        width != nullptr && height != nullptr && !width->is_null(row) && !height->is_null(row);
    return std::pair(suggested, sized ? width->number(row) * height->number(row) : 0);
  };
  std::stable_sort(members.begin(), members.end(),
                   [&](RowIndex a, RowIndex b) { return worth(a) > worth(b); });
}

// How many of the first members are suggested to stay.
size_t suggested_in(const Table& samples, const std::vector<RowIndex>& members) {
  const Column* kept = float_column(samples, "duplicate_kept");
  if (kept == nullptr) return 1;
  const auto stays = std::count_if(members.begin(), members.end(), [&](RowIndex row) {
    return !kept->is_null(row) && kept->number(row) > 0;
  });
  return std::max<size_t>(1, static_cast<size_t>(stays));
}

// The chains of copies, by their numbers.
class Chains {
 public:
  explicit Chains(const Table& samples) : number_(float_column(samples, store::kCopyChainScore)) {
    if (number_ == nullptr) return;
    for (RowIndex row = 0; row < samples.rows(); ++row) {
      if (!number_->is_null(row)) ++pictures_[static_cast<int64_t>(number_->floats[row])];
    }
  }
  CopyChain of(RowIndex row) const {
    if (number_ == nullptr || number_->is_null(row)) return {};
    const auto number = static_cast<int64_t>(number_->floats[row]);
    return {number, pictures_.at(number)};
  }

 private:
  const Column* number_;
  std::unordered_map<int64_t, size_t> pictures_;
};

// Those whose samples are there.
void add_pairs(const Table& samples, const std::vector<store::CopyPair>& pairs,
               const Chains& chains, CopiesAnswer& answer) {
  const Column* ids = samples.find("id");
  if (ids == nullptr || ids->type != ColumnType::kInt) return;
  const auto row_of = [&](SampleId sample) -> std::optional<RowIndex> {
    const auto found = std::lower_bound(ids->ints.begin(), ids->ints.end(), sample);
    if (found == ids->ints.end() || *found != sample) return std::nullopt;
    return static_cast<RowIndex>(found - ids->ints.begin());
  };
  const CopyChoice choice(samples);
  const Column* label = category_column(samples, "label");
  const Column* split = category_column(samples, "split");
  for (const store::CopyPair& pair : pairs) {
    const std::optional<RowIndex> a = row_of(pair.a);
    const std::optional<RowIndex> b = row_of(pair.b);
    if (!a || !b) continue;
    const auto differs = [&](const Column* column) {
      const int32_t one = code_at(column, *a);
      const int32_t other = code_at(column, *b);
      return one >= 0 && other >= 0 && one != other;
    };
    CopyPairView view{.a = *a, .b = *b, .hash_bits = pair.hash_bits, .similarity = pair.similarity};
    view.conflict = differs(label);
    view.leak = differs(split);
    const bool decided =
        choice.excluded(*a) || choice.excluded(*b) || (choice.kept(*a) && choice.kept(*b));
    view.open = (view.conflict || view.leak) && !decided;
    view.chain = chains.of(*a);
    answer.open_pairs += view.open;
    answer.pair_conflicts += view.open && view.conflict;
    answer.pair_leaks += view.open && view.leak;
    answer.pairs.push_back(view);
  }
  answer.more_pairs = pairs.size() >= analysis::Duplicates::kMostBetween;
  std::sort(answer.pairs.begin(), answer.pairs.end(),
            [](const CopyPairView& one, const CopyPairView& other) {
              return std::tuple(!one.open, !one.conflict, !one.leak, one.a, one.b) <
                     std::tuple(!other.open, !other.conflict, !other.leak, other.a, other.b);
            });
}

double threshold_of(const Table& samples, const analysis::QualityIssueInfo& info,
                    const Column& scores) {
  if (info.issue != analysis::QualityIssue::kOddSize) return info.threshold;
  // Where most pictures have one size every other is odd.
  const Column* width = samples.find("width");
  const Column* height = samples.find("height");
  if (width == nullptr || height == nullptr) return info.threshold;
  std::vector<double> sizes;
  for (RowIndex row = 0; row < samples.rows(); ++row) {
    if (scores.is_null(row) || width->is_null(row) || height->is_null(row)) continue;
    sizes.push_back(std::sqrt(width->number(row)) * std::sqrt(height->number(row)));
  }
  return analysis::size_scores(sizes).threshold;
}

QualityKindView look_at_kind(const Table& samples, const analysis::QualityIssueInfo& info,
                             const Column& scores, size_t measured) {
  const CopyChoice choice(samples);
  QualityKindView kind;
  kind.column = info.name;
  kind.title = column_title(info.name);
  kind.meaning = info.meaning;
  kind.threshold = threshold_of(samples, info, scores);
  kind.filter = fmt::format("{} < {}", info.name, kind.threshold);
  const auto limit = static_cast<float>(kind.threshold);
  std::vector<RowIndex> found;
  size_t all = 0;
  for (RowIndex row = 0; row < samples.rows(); ++row) {
    if (!(scores.floats[row] < limit)) continue;  // nor NaN
    ++all;
    if (!choice.excluded(row)) found.push_back(row);
  }
  kind.found = found.size();
  kind.common = analysis::is_common_quality(all, measured);
  const size_t shown = std::min(found.size(), QualityKindView::kMostWorst);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(shown), found.end(),
                    [&](RowIndex a, RowIndex b) {
                      return std::pair(scores.floats[a], a) < std::pair(scores.floats[b], b);
                    });
  found.resize(shown);
  kind.worst = std::move(found);
  return kind;
}

// Of rows for which `in` holds; one whose label was changed, by whomever, is decided.
template <typename In, typename Changed>
LabelQueue count_queue(const Table& samples, std::string title, std::string filter, const In& in,
                       const Changed& changed) {
  LabelQueue queue{std::move(title), std::move(filter)};
  const Column* review = category_column(samples, "review");
  const int32_t unseen = review == nullptr ? -1 : review->dictionary->find("unseen");
  for (RowIndex row = 0; row < samples.rows(); ++row) {
    if (!in(row)) continue;
    ++queue.found;
    queue.decided += (review != nullptr && review->codes[row] != unseen) || changed(row);
  }
  return queue;
}

std::shared_ptr<const LabelsAnswer> answer_combined(const Table& samples, const Column* verdicts) {
  auto answer = std::make_shared<LabelsAnswer>();
  answer->combined = true;
  answer->sort = "label_error";
  const Column* now = category_column(samples, "verdict");
  const Column* verdict = verdicts != nullptr ? verdicts : now;
  // Of the others the model is at fault as often as the label.
  LabelQueue wrong{"", std::string(kDataWrongFilter)};
  std::vector<LabelQueue> by_verdict;
  for (size_t i = 0; i < kVerdictNames.size(); ++i) {
    const std::string_view name = kVerdictNames[i];
    const int32_t code = verdict == nullptr ? -1 : verdict->dictionary->find(name);
    if (code < 0) continue;
    by_verdict.push_back(count_queue(
        samples, std::string(name), fmt::format("verdict = '{}'", name),
        [&](RowIndex row) { return verdict->codes[row] == code; },
        [&](RowIndex row) { return code_at(now, row) != code; }));
    if (!is_data_wrong(static_cast<Verdict>(i))) continue;
    wrong.found += by_verdict.back().found;
    wrong.decided += by_verdict.back().decided;
  }
  answer->queues.push_back(std::move(wrong));
  std::move(by_verdict.begin(), by_verdict.end(), std::back_inserter(answer->queues));
  return answer;
}

}  // namespace

CopyChoice::CopyChoice(const Table& samples)
    : excluded_(samples.find("excluded")), review_(category_column(samples, "review")) {
  if (excluded_ != nullptr && excluded_->type != ColumnType::kBool) excluded_ = nullptr;
  if (review_ == nullptr) return;
  excluded_code_ = review_->dictionary->find("excluded");
  kept_code_ = review_->dictionary->find("kept");
}

bool CopyChoice::excluded(RowIndex row) const {
  if (excluded_ != nullptr) return excluded_->bytes[row] != 0;
  return review_ != nullptr && excluded_code_ >= 0 && review_->codes[row] == excluded_code_;
}

bool CopyChoice::kept(RowIndex row) const {
  return review_ != nullptr && kept_code_ >= 0 && review_->codes[row] == kept_code_;
}

std::vector<RowIndex> CopyChoice::left(const CopyGroup& group) const {
  std::vector<RowIndex> rows = group.members;
  std::erase_if(rows, [&](RowIndex row) { return excluded(row); });
  return rows;
}

std::vector<RowIndex> CopyChoice::staying(const CopyGroup& group) const {
  std::vector<RowIndex> stay;
  for (size_t i = 0; i < group.members.size(); ++i) {
    const RowIndex row = group.members[i];
    if (!excluded(row) && (i < group.kept || kept(row))) stay.push_back(row);
  }
  if (!stay.empty()) return stay;
  std::vector<RowIndex> rows = left(group);
  if (rows.size() > 1) rows.resize(1);
  return rows;
}

std::vector<RowIndex> CopyChoice::going(const CopyGroup& group) const {
  const std::vector<RowIndex> stay = staying(group);
  std::vector<RowIndex> rows = left(group);
  std::erase_if(
      rows, [&](RowIndex row) { return std::find(stay.begin(), stay.end(), row) != stay.end(); });
  return rows;
}

std::shared_ptr<const CopiesAnswer> answer_copies(const Table& samples,
                                                  const std::vector<store::CopyPair>* pairs) {
  const Column* number = float_column(samples, "duplicate_group");
  if (number == nullptr) return nullptr;
  auto answer = std::make_shared<CopiesAnswer>();
  std::unordered_map<int64_t, size_t> place;
  for (RowIndex row = 0; row < samples.rows(); ++row) {
    if (number->is_null(row)) continue;
    const auto key = static_cast<int64_t>(number->floats[row]);
    const auto [found, added] = place.emplace(key, answer->groups.size());
    if (added) answer->groups.push_back({.number = key, .members = {}});
    answer->groups[found->second].members.push_back(row);
  }
  const CopyChoice choice(samples);
  const Column* label = category_column(samples, "label");
  const Column* split = category_column(samples, "split");
  const Chains chains(samples);
  for (CopyGroup& group : answer->groups) {
    put_kept_first(samples, group.members);
    group.chain = chains.of(group.members.front());
    group.kept = suggested_in(samples, group.members);
    group.conflict = differ(label, group.members, choice);
    group.leak = differ(split, group.members, choice);
    // Decided once none is left but those that stay; of different labels once a person kept all.
    const std::vector<RowIndex> staying = choice.staying(group);
    const size_t going = choice.going(group).size();
    const bool kept_all =
        std::all_of(staying.begin(), staying.end(), [&](RowIndex row) { return choice.kept(row); });
    group.open = going > 0 || (group.conflict && !kept_all);
    if (!group.open) continue;
    ++answer->open;
    answer->conflicts += group.conflict;
    answer->leaks += group.leak;
    if (!group.conflict) answer->copies += going;
  }
  std::sort(answer->groups.begin(), answer->groups.end(),
            [](const CopyGroup& a, const CopyGroup& b) {
              return std::tuple(!a.open, !a.conflict, !a.leak, a.number) <
                     std::tuple(!b.open, !b.conflict, !b.leak, b.number);
            });
  answer->pairs_known = pairs != nullptr;
  if (pairs != nullptr) add_pairs(samples, *pairs, chains, *answer);
  return answer;
}

std::shared_ptr<const QualityAnswer> answer_quality(const Table& samples) {
  auto answer = std::make_shared<QualityAnswer>();
  for (const analysis::QualityIssueInfo& info : analysis::quality_issues()) {
    const Column* scores = float_column(samples, info.name);
    if (scores == nullptr) continue;
    const auto measured = static_cast<size_t>(std::count_if(
        scores->floats.begin(), scores->floats.end(), [](float v) { return !std::isnan(v); }));
    answer->measured = std::max(answer->measured, measured);
    answer->kinds.push_back(look_at_kind(samples, info, *scores, measured));
  }
  if (answer->kinds.empty()) return nullptr;
  std::stable_sort(answer->kinds.begin(), answer->kinds.end(),
                   [](const QualityKindView& a, const QualityKindView& b) {
                     return a.common != b.common ? b.common : a.found > b.found;
                   });
  return answer;
}

std::shared_ptr<const SlicesAnswer> read_slices(std::string_view options_json) {
  try {
    const text::Json json = text::parse_json(options_json);
    const text::Json* slices = json.find("slices");
    if (slices == nullptr || !slices->is_array()) return nullptr;
    auto answer = std::make_shared<SlicesAnswer>();
    answer->run = json.get_string("run");
    answer->accuracy = json.get_double("accuracy", 0);
    answer->looked_at = static_cast<uint64_t>(json.get_int("looked_at", 0));
    answer->groups = static_cast<uint64_t>(json.get_int("groups", 0));
    answer->label_revision = json.get_int("label_revision", -1);
    answer->lacks = json.get_string("lacks");
    for (size_t i = 0; i < slices->size(); ++i) {
      const text::Json& each = slices->at(i);
      answer->slices.push_back(
          {.filter = each.get_string("filter"),
           .rows = static_cast<uint64_t>(each.get_int("rows", 0)),
           .confirmed_rows = static_cast<uint64_t>(each.get_int("confirmed_rows", 0)),
           .accuracy = each.get_double("accuracy", 0),
           .low = each.get_double("low", 0),
           .high = each.get_double("high", 1),
           .p_value = each.get_double("p_value", 1)});
    }
    return answer;
  } catch (const Error&) {
    return nullptr;  // somebody's own view of that name
  }
}

std::shared_ptr<const LabelsAnswer> answer_labels(const Table& samples, const Column* verdicts) {
  if (float_column(samples, "label_error") != nullptr) return answer_combined(samples, verdicts);
  const Column* label = category_column(samples, "label");
  const Column* prediction = category_column(samples, "prediction");
  if (label == nullptr || prediction == nullptr) return nullptr;
  auto answer = std::make_shared<LabelsAnswer>();
  const bool has_score = float_column(samples, "self_confidence") != nullptr;
  answer->sort = has_score ? "self_confidence" : "confidence";
  answer->descending = !has_score;
  const Column* outcome = category_column(samples, "outcome");
  const int32_t wrong = outcome == nullptr ? -1 : outcome->dictionary->find("wrong");
  answer->queues.push_back(count_queue(
      samples, "", "label != prediction",
      [&](RowIndex row) { return wrong >= 0 && outcome->codes[row] == wrong; },
      [](RowIndex) { return false; }));
  return answer;
}

std::vector<RowIndex> copies_of(const Table& samples, RowIndex row) {
  std::vector<RowIndex> copies;
  const Column* number = float_column(samples, "duplicate_group");
  if (number == nullptr || row >= samples.rows() || number->is_null(row)) return copies;
  for (RowIndex other = 0; other < samples.rows(); ++other) {
    if (other != row && number->floats[other] == number->floats[row]) copies.push_back(other);
  }
  return copies;
}

EvidenceColumns evidence_columns(const Table& samples) {
  return {float_column(samples, "label_error"), float_column(samples, "p_suggested"),
          category_column(samples, "suggested")};
}

std::optional<EvidenceSuggestion> evidence_suggestion(const EvidenceColumns& columns,
                                                      RowIndex row) {
  const auto& [error, belief, suggested] = columns;
  // label_error is all that is not believed of the label: among many classes the best rival may
  // have less than the label has.
  if (error != nullptr && belief != nullptr && suggested != nullptr && !suggested->is_null(row) &&
      belief->floats[row] > 1 - error->floats[row]) {
    return EvidenceSuggestion{suggested->text(row), belief->floats[row]};
  }
  return std::nullopt;
}

std::optional<std::string_view> suggested_label(const Table& samples, RowIndex row) {
  const auto by_evidence = evidence_suggestion(evidence_columns(samples), row);
  if (by_evidence) return by_evidence->label;
  const Column* prediction = samples.find("prediction");
  if (prediction == nullptr || prediction->is_null(row)) return std::nullopt;
  return prediction->text(row);
}

std::vector<std::string> quality_words(const QualityAnswer& quality, const Table& samples,
                                       RowIndex row) {
  std::vector<std::string> words;
  for (const QualityKindView& kind : quality.kinds) {
    const Column* scores = float_column(samples, kind.column);
    if (scores == nullptr || kind.common) continue;
    if (scores->floats[row] < static_cast<float>(kind.threshold)) words.push_back(kind.title);
  }
  return words;
}

}  // namespace errata::viewer
