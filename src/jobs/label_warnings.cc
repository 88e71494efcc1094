#include "jobs/label_warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace errata::jobs {

namespace {

// Where the evidence knows the labels hardly better than who always says the largest class, what it
// holds against them is worth little: a sentence, else empty.
std::string weakness(const JudgedLabels& judged, size_t classes) {
  constexpr double kHardly = 0.8;
  if (judged.errors.judged == 0) return {};
  std::vector<size_t> sizes(classes, 0);
  size_t agreed = 0;
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    if (std::isnan(judged.errors.score[i])) continue;
    const float* belief = judged.errors.belief.data() + i * classes;
    ++sizes[static_cast<size_t>(judged.labels[i])];
    agreed += belief[judged.labels[i]] >= belief[judged.errors.suggested[i]];
  }
  const auto all = static_cast<double>(judged.errors.judged);
  const auto largest = static_cast<double>(*std::max_element(sizes.begin(), sizes.end()));
  // Of one class there is nothing that a guess could miss.
  if (largest == all) return {};
  if (all - static_cast<double>(agreed) <= kHardly * (all - largest)) return {};
  return fmt::format(
      "the evidence agrees with {:.0f} % of the labels, the largest class alone has {:.0f} %: it "
      "knows too little to judge them",
      100 * static_cast<double>(agreed) / all, 100 * largest / all);
}

// "run 'a' does not know" or, of several, "no run knows".
std::string unknown_to(const JudgedLabels& judged) {
  constexpr size_t kNamed = 3;
  std::vector<std::string> names;
  for (const std::string& name : judged.unknown_classes) {
    if (names.size() < kNamed) names.push_back(fmt::format("'{}'", name));
  }
  const size_t more = judged.unknown_classes.size() - names.size();
  return fmt::format("{} ({}{})",
                     judged.runs.size() == 1
                         ? fmt::format("run '{}' does not know", judged.runs.front())
                         : std::string("no run knows"),
                     fmt::join(names, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

// That some samples are judged by the runs alone: a sentence, else empty.
std::string less_evidence(const JudgedLabels& judged) {
  if (judged.without_embedding <= judged.unjudged) return {};
  const size_t by_runs = judged.without_embedding - judged.unjudged;
  return fmt::format("{} samples have no embedding: runs alone judge {}",
                     with_thousands(judged.without_embedding),
                     judged.unjudged == 0 ? "them" : with_thousands(by_runs) + " of them");
}

// How many have a label that nothing could judge, and why: a sentence, else empty.
std::string unjudged(const JudgedLabels& judged, size_t classes) {
  if (judged.unjudged == 0) return {};
  const std::string all = with_thousands(judged.unjudged);
  if (classes < 2) return all + " samples with a label are not judged: there is no other class";
  const size_t unknown = judged.unjudged - judged.alone;
  std::vector<std::string> reasons;
  if (judged.alone > 0) {
    reasons.push_back(fmt::format(
        "{} the only ones of their label, but for copies",
        unknown == 0 ? std::string("they are") : with_thousands(judged.alone) + " of them are"));
  }
  if (judged.runs.empty()) {
    if (judged.alone == 0) return all + " samples have no embedding and are not judged";
    if (unknown > 0) reasons.push_back(with_thousands(unknown) + " of them have no embedding");
    return fmt::format("{} samples with a label are not judged: {}", all, fmt::join(reasons, ", "));
  }
  if (unknown > 0 && !judged.embeddings.empty()) {
    reasons.push_back(judged.alone == 0 ? std::string("they have no embedding")
                                        : with_thousands(unknown) + " of them have no embedding");
  }
  const size_t others = unknown - judged.of_unknown_class;
  if (judged.of_unknown_class > 0) {
    reasons.push_back(fmt::format(
        "{} have a label that {}",
        others == 0 ? std::string("they") : with_thousands(judged.of_unknown_class) + " of them",
        unknown_to(judged)));
  }
  if (others > 0) {
    reasons.push_back(fmt::format(
        "no run that knows the label predicts {}",
        judged.of_unknown_class == 0 ? std::string("them") : with_thousands(others) + " of them"));
  }
  return fmt::format("{} samples with a label are not judged: {}", all, fmt::join(reasons, ", "));
}

}  // namespace

std::vector<std::string> label_warnings(const JudgedLabels& judged, size_t classes) {
  std::vector<std::string> warnings = judged.notes;
  for (const std::string& warning :
       {weakness(judged, classes), less_evidence(judged), unjudged(judged, classes)}) {
    if (!warning.empty()) warnings.push_back(warning);
  }
  return warnings;
}

}  // namespace errata::jobs
