#include "viewer/state/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "viewer/state/findings.h"

namespace errata::viewer {

namespace {

constexpr std::string_view kSays = " says ";

std::string_view review_at(const Column* review, RowIndex row) {
  return review == nullptr || review->is_null(row) ? std::string_view("unseen") : review->text(row);
}

// Whether the decision leaves the sample as it is: the store writes nothing then.
bool changes_nothing(ReviewKind kind, std::string_view review) {
  return (kind == ReviewKind::kKeep && review == "kept") ||
         (kind == ReviewKind::kAmbiguous && review == "ambiguous");
}

// What speaks for the new label where the run does not.
std::string reason(const ReviewEdit& edit, const Table& samples, RowIndex row) {
  const std::string run = evidence(samples, row);
  const Column* prediction = samples.find("prediction");
  const bool predicted = prediction != nullptr && !prediction->is_null(row) &&
                         prediction->text(row) == edit.class_name;
  const auto suggested = evidence_suggestion(evidence_columns(samples), row);
  if (edit.kind != ReviewKind::kRelabel || predicted || !suggested ||
      suggested->label != edit.class_name) {
    return run;
  }
  return fmt::format("the evidence suggests {} {:.3f}{}{}", suggested->label, suggested->belief,
                     run.empty() ? "" : "; ", run);
}

}  // namespace

std::string evidence(const Table& samples, RowIndex row) {
  const Column* prediction = samples.find("prediction");
  if (samples.active_run.empty() || prediction == nullptr || prediction->is_null(row)) return {};
  std::string text = fmt::format("{}{}{}", samples.active_run, kSays, prediction->text(row));
  const Column* confidence = samples.find("confidence");
  const bool sure = confidence != nullptr && !confidence->is_null(row);
  return text + (sure ? fmt::format(" {:.3f}", confidence->number(row)) : " -");
}

std::optional<std::string> evidence_class(std::string_view why) {
  const size_t says = why.find(kSays);
  const size_t end = why.rfind(' ');
  if (says == std::string_view::npos || says == 0 || end < says + kSays.size()) return {};
  const std::string_view number = why.substr(end + 1);
  float value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == number.data() + number.size();
  if (!is_number && number != "-") return {};
  return std::string(why.substr(says + kSays.size(), end - says - kSays.size()));
}

std::vector<ReviewEdit> with_evidence(std::span<const ReviewEdit> edits,
                                      std::span<const RowIndex> rows, const Table& samples) {
  const Column* review = samples.find("review");
  std::vector<ReviewEdit> written;
  written.reserve(edits.size());
  for (size_t i = 0; i < edits.size(); ++i) {
    ReviewEdit edit = edits[i];
    if (edit.why.empty()) edit.why = reason(edit, samples, rows[i]);
    if (changes_nothing(edit.kind, review_at(review, rows[i]))) {
      written.push_back({edit.sample, ReviewKind::kUnreview, {}, {}, edit.why});
    }
    written.push_back(std::move(edit));
  }
  return written;
}

std::unordered_set<SampleId> outdated_decisions(std::span<const store::StandingDecision> decisions,
                                                const Table& samples,
                                                std::span<const SampleId> ids) {
  std::unordered_set<SampleId> outdated;
  const Column* review = samples.find("review");
  const Column* prediction = samples.find("prediction");
  if (prediction == nullptr) return outdated;
  for (const store::StandingDecision& decision : decisions) {
    const auto found = std::lower_bound(ids.begin(), ids.end(), decision.sample);
    if (found == ids.end() || *found != decision.sample) continue;
    const auto row = static_cast<RowIndex>(found - ids.begin());
    const std::string_view state = review_at(review, row);
    if (state != "kept" && state != "ambiguous") continue;
    const std::optional<std::string> then = evidence_class(decision.why);
    if (!then || prediction->is_null(row)) continue;
    if (*then != prediction->text(row)) outdated.insert(decision.sample);
  }
  return outdated;
}

}  // namespace errata::viewer
