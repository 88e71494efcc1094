#include "analysis/confident_learning.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>
#include <map>
#include <type_traits>

#include "analysis/dataset_health.h"
#include "base/error.h"
#include "base/random.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

using namespace errata;
using namespace errata::analysis;
using text::Json;

namespace {

const std::map<std::string, LabelIssueFilter> kFilters{
    {"prune_by_noise_rate", LabelIssueFilter::kPruneByNoiseRate},
    {"prune_by_class", LabelIssueFilter::kPruneByClass},
    {"both", LabelIssueFilter::kBoth},
    {"confident_learning", LabelIssueFilter::kConfidentLearning},
    {"predicted_neq_given", LabelIssueFilter::kPredictedNeqGiven},
    {"low_normalized_margin", LabelIssueFilter::kLowNormalizedMargin},
    {"low_self_confidence", LabelIssueFilter::kLowSelfConfidence}};

struct Case {
  explicit Case(const Json& json) : classes(static_cast<size_t>(json.at("classes").as_int())) {
    for (const Json& value : json.at("labels").as_array()) {
      labels.push_back(static_cast<ClassIndex>(value.as_int()));
    }
    for (const Json& value : json.at("probabilities").as_array()) {
      values.push_back(static_cast<float>(value.as_double()));
    }
  }

  explicit Case(size_t columns) : classes(columns) {}

  LabelIssues find(const ConfidentLearningOptions& options) const {
    return find_label_issues(source_of(values, classes), classes, labels, options, serial_for);
  }

  size_t classes;
  std::vector<ClassIndex> labels;
  std::vector<float> values;
};

std::vector<int64_t> rows_of(const LabelIssues& issues) {
  std::vector<int64_t> rows;
  for (size_t row = 0; row < issues.is_issue.size(); ++row) {
    if (issues.is_issue[row] != 0) rows.push_back(static_cast<int64_t>(row));
  }
  return rows;
}

std::vector<int64_t> ints(const Json& json) {
  std::vector<int64_t> values;
  for (const Json& value : json.as_array()) values.push_back(value.as_int());
  return values;
}

template <typename Score>
void check_scores(const Json& expected, const std::vector<Score>& found) {
  REQUIRE(expected.size() == found.size());
  for (size_t row = 0; row < found.size(); ++row) {
    CAPTURE(row);
    constexpr double kTolerance = std::is_same_v<Score, double> ? 1e-12 : 2e-7;
    CHECK(std::abs(static_cast<double>(found[row]) - expected.at(row).as_double()) < kTolerance);
  }
}

// The whole matrix, [given][true].
std::vector<int64_t> joint_of(const LabelIssues& issues) {
  std::vector<int64_t> values;
  for (size_t g = 0; g < issues.classes; ++g) {
    for (size_t k = 0; k < issues.classes; ++k) values.push_back(issues.joint(g, k));
  }
  return values;
}

// Beliefs that spread over a few classes, and labels of which a sixth is another of those.
Case made_up(size_t rows, size_t classes, size_t columns) {
  Case made(columns);
  Rng rng(7);
  for (size_t row = 0; row < rows; ++row) {
    const size_t truth = rng.below(classes);
    const size_t rival = (truth + 1 + rng.below(3)) % classes;
    std::vector<float> p(columns, 0);
    for (size_t k = 0; k < classes; ++k) p[k] = static_cast<float>(0.2 * rng.uniform()) / 10;
    p[truth] += static_cast<float>(0.3 + 0.4 * rng.uniform());
    p[rival] += static_cast<float>(0.3 * rng.uniform());
    float sum = 0;
    for (const float value : p) sum += value;
    for (float& value : p) value /= sum;
    made.labels.push_back(static_cast<ClassIndex>(rng.below(6) == 0 ? rival : truth));
    made.values.insert(made.values.end(), p.begin(), p.end());
  }
  return made;
}

const Json& references() {
  static const Json json =
      text::read_json_file(test::source_dir() + "/tests/analysis/data/cleanlab.json");
  return json.at("cases");
}

}  // namespace

TEST_CASE("compat finds what cleanlab finds: thresholds, joint, counts, scores, every filter") {
  REQUIRE(references().size() >= 7);
  for (const Json& json : references().as_array()) {
    CAPTURE(json.at("name").as_string());
    const Case each(json);
    ConfidentLearningOptions options;
    options.compat = true;
    options.entropy_score = true;
    const LabelIssues issues = each.find(options);
    for (size_t k = 0; k < each.classes; ++k) {
      CHECK(issues.thresholds[k] == doctest::Approx(json.at("thresholds").at(k).as_double()));
    }
    CHECK(joint_of(issues) == ints(json.at("confident_joint")));
    CHECK(issues.off_diagonal == json.at("num_label_issues").as_int());
    CHECK(issues.off_diagonal_calibrated == json.at("num_label_issues_calibrated").as_int());
    check_scores(json.at("scores").at("self_confidence"), issues.self_confidence);
    check_scores(json.at("scores").at("normalized_margin"), issues.normalized_margin);
    check_scores(json.at("scores").at("confidence_weighted_entropy"),
                 issues.confidence_weighted_entropy);
    for (const Json& expected : json.at("issues").as_array()) {
      const std::string filter = expected.at("filter").as_string();
      CAPTURE(filter);
      options.filter = kFilters.at(filter);
      options.frac_noise = expected.get_double("frac_noise", 1);
      options.min_examples_per_class = expected.get_int("min_examples_per_class", 1);
      options.remove_per_class.clear();
      if (const Json* remove = expected.find("num_to_remove_per_class")) {
        options.remove_per_class = ints(*remove);
      }
      CHECK(rows_of(each.find(options)) == ints(expected.at("rows")));
    }
  }
}

TEST_CASE("class quality is cleanlab's") {
  size_t compared = 0;
  for (const Json& json : references().as_array()) {
    const Json* quality = json.find("class_quality");
    if (quality == nullptr) continue;
    ConfidentLearningOptions options;
    options.compat = true;
    const DatasetHealth health = dataset_health(Case(json).find(options));
    for (const ClassHealth& each : health.by_class) {
      CHECK(each.quality == doctest::Approx(quality->at(std::to_string(each.index)).as_double()));
      ++compared;
    }
    for (size_t i = 1; i < health.by_class.size(); ++i) {
      CHECK(health.by_class[i - 1].quality <= health.by_class[i].quality);
    }
  }
  CHECK(compared > 20);
}

TEST_CASE("a row above several thresholds counts for the best of those, not of all classes") {
  // Thresholds 0.9, 0.2 and 0.225: the last row is above those of 1 and 2 only, although 0 is its
  // most probable class (cleanlab#1248). The row before it is above none.
  const std::vector<float> values{0.9F, 0.05F, 0.05F, 0.9F, 0.05F, 0.05F, 0.7F, 0.2F,
                                  0.1F, 0.65F, 0.15F, 0.2F, 0.4F,  0.35F, 0.25F};
  const std::vector<ClassIndex> labels{0, 0, 1, 2, 2};
  ConfidentLearningOptions options;
  const auto joint = [&](bool compat) {
    options.compat = compat;
    return find_label_issues(source_of(values, 3), 3, labels, options, serial_for);
  };
  CHECK(joint(false).joint(2, 1) == 1);
  CHECK(joint(false).joint(2, 0) == 0);
  CHECK(joint(true).joint(2, 1) == 0);
  CHECK(joint(true).joint(2, 0) == 1);
}

TEST_CASE("a prediction certain of its label is the best, not the worst") {
  const std::vector<float> values{1, 0, 0.6F, 0.4F};
  const std::vector<ClassIndex> labels{0, 1};
  ConfidentLearningOptions options;
  options.entropy_score = true;
  const auto entropy = [&](bool compat) {
    options.compat = compat;
    return find_label_issues(source_of(values, 2), 2, labels, options, serial_for)
        .confidence_weighted_entropy;
  };
  CHECK(entropy(false)[0] == 1);
  CHECK(entropy(true)[0] == 0);
  CHECK(entropy(false)[1] == entropy(true)[1]);
}

TEST_CASE("another label than the given one is suggested, also where that is the most probable") {
  // The second one is off the diagonal, the first one least sure of its label all the same.
  const std::vector<float> values{0.4F, 0.25F, 0.35F, 0.55F, 0.45F, 0,    0.6F, 0.4F,
                                  0,    0.1F,  0.8F,  0.1F,  0.1F,  0.2F, 0.7F};
  const std::vector<ClassIndex> labels{0, 1, 0, 1, 2};
  ConfidentLearningOptions options;
  options.filter = LabelIssueFilter::kLowSelfConfidence;
  const LabelIssues found = find_label_issues(source_of(values, 3), 3, labels, options, serial_for);
  CHECK(found.is_issue == std::vector<uint8_t>{1, 0, 0, 0, 0});
  CHECK(found.suggested == std::vector<ClassIndex>{2, kNoClass, kNoClass, kNoClass, kNoClass});
  options.filter = LabelIssueFilter::kConfidentLearning;
  CHECK(find_label_issues(source_of(values, 3), 3, labels, options, serial_for).suggested ==
        std::vector<ClassIndex>{kNoClass, 0, kNoClass, kNoClass, kNoClass});
  const std::vector<float> alone{1.0F};
  const std::vector<ClassIndex> one{0};
  CHECK(find_label_issues(source_of(alone, 1), 1, one, {}, serial_for).suggested[0] == kNoClass);
}

TEST_CASE("so many labels of a class are taken as were asked for, not of what is truly of it") {
  constexpr size_t kClasses = 3;
  Rng rng(2);
  std::vector<float> values;
  std::vector<ClassIndex> labels;
  for (size_t row = 0; row < 300; ++row) {
    const size_t truth = rng.below(kClasses);
    for (size_t k = 0; k < kClasses; ++k) {
      values.push_back(k == truth ? 0.7F + 0.2F * static_cast<float>(rng.uniform()) : 0.1F);
    }
    const size_t step = rng.uniform() < 0.2 ? 1 + rng.below(2) : 0;
    labels.push_back(static_cast<ClassIndex>((truth + step) % kClasses));
  }
  ConfidentLearningOptions options;
  options.remove_per_class = {10, 0, 4};
  for (const LabelIssueFilter filter : {LabelIssueFilter::kPruneByNoiseRate,
                                        LabelIssueFilter::kPruneByClass, LabelIssueFilter::kBoth}) {
    options.filter = filter;
    const LabelIssues found =
        find_label_issues(source_of(values, kClasses), kClasses, labels, options, serial_for);
    std::vector<size_t> taken(kClasses, 0);
    for (size_t row = 0; row < labels.size(); ++row) {
      if (found.is_issue[row] != 0) ++taken[static_cast<size_t>(labels[row])];
    }
    if (filter == LabelIssueFilter::kBoth) {
      CHECK(taken[0] <= 10);
      CHECK(taken[1] == 0);
    } else {
      CHECK(taken == std::vector<size_t>{10, 0, 4});
    }
  }
}

TEST_CASE("rows without a label or with a NaN take no part") {
  const Json& json = references().at(size_t{0});
  Case each(json);
  const LabelIssues before = each.find({});
  each.labels.push_back(kNoClass);
  each.labels.push_back(0);
  for (size_t k = 0; k < each.classes; ++k) each.values.push_back(1.0F / 3);
  each.values.push_back(0.9F);
  for (size_t k = 1; k < each.classes; ++k) {
    each.values.push_back(std::numeric_limits<float>::quiet_NaN());
  }
  const LabelIssues after = each.find({});
  CHECK(after.rows_considered == before.rows_considered);
  CHECK(after.considered[before.considered.size()] == 0);
  CHECK(after.considered[before.considered.size() + 1] == 0);
  CHECK(rows_of(after) == rows_of(before));
  CHECK(std::isnan(after.self_confidence.back()));
}

TEST_CASE("pieces and threads change nothing") {
  const Json& json = references().at(size_t{1});
  const Case each(json);
  const LabelIssues whole = each.find({});
  const ProbabilitySource pieces = [&](const ProbabilityVisit& visit) {
    const size_t rows = each.labels.size();
    for (size_t first = 0; first < rows; first += 37) {
      const size_t count = std::min<size_t>(37, rows - first);
      visit(first, std::span(each.values).subspan(first * each.classes, count * each.classes));
    }
  };
  WorkerGroup workers(3, "test");
  const LabelIssues other =
      find_label_issues(pieces, each.classes, each.labels, {}, workers.as_parallel_for());
  CHECK(rows_of(other) == rows_of(whole));
  CHECK(joint_of(other) == joint_of(whole));
}

TEST_CASE("classes that no sample has change nothing, however many") {
  constexpr size_t kClasses = 12;
  constexpr size_t kUnused = 300;
  const Case few = made_up(2000, kClasses, kClasses);
  const Case many = made_up(2000, kClasses, kClasses + kUnused);
  for (const auto& [name, filter] : kFilters) {
    CAPTURE(name);
    ConfidentLearningOptions options;
    options.filter = filter;
    const LabelIssues expected = few.find(options);
    const LabelIssues found = many.find(options);
    CHECK(expected.issues > 100);
    CHECK(rows_of(found) == rows_of(expected));
    CHECK(found.off_diagonal_calibrated == expected.off_diagonal_calibrated);
    const DatasetHealth health = dataset_health(expected);
    const DatasetHealth other = dataset_health(found);
    REQUIRE(other.overlapping.size() == health.overlapping.size());
    for (size_t i = 0; i < health.overlapping.size(); ++i) {
      CHECK(other.overlapping[i].a == health.overlapping[i].a);
      CHECK(other.overlapping[i].b == health.overlapping[i].b);
      CHECK(other.overlapping[i].joint == doctest::Approx(health.overlapping[i].joint));
    }
  }
}

TEST_CASE("memory grows with the samples, not with the pairs of classes") {
  constexpr size_t kClasses = 12'000;  // a matrix of counts of their pairs would take 1.2 GB
  constexpr size_t kRows = 3000;
  // Ten rows of each of the first 300 classes; every tenth is labelled as the next of them.
  const auto shown = [](size_t row) { return row / 10; };
  const auto next = [](size_t row) { return (row / 10 + 1) % (kRows / 10); };
  std::vector<ClassIndex> labels;
  for (size_t row = 0; row < kRows; ++row) {
    labels.push_back(static_cast<ClassIndex>(row % 10 == 9 ? next(row) : shown(row)));
  }
  const ProbabilitySource source = [&](const ProbabilityVisit& visit) {
    std::vector<float> p(kClasses, 0);
    for (size_t row = 0; row < kRows; ++row) {
      p[shown(row)] = 0.9F;
      p[next(row)] = 0.1F;
      visit(row, p);
      p[shown(row)] = p[next(row)] = 0;
    }
  };
  const auto peak_kib = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const auto before = peak_kib();
  const LabelIssues issues = find_label_issues(source, kClasses, labels, {}, serial_for);
  const DatasetHealth health = dataset_health(issues);
  CHECK(peak_kib() - before < 64 * 1024);
  std::vector<int64_t> expected;
  for (size_t row = 9; row < kRows; row += 10) expected.push_back(static_cast<int64_t>(row));
  CHECK(rows_of(issues) == expected);
  CHECK(health.overlapping.size() == kRows / 10);
}

TEST_CASE("what does not fit together is refused") {
  const std::vector<float> values{0.5F, 0.5F};
  const std::vector<ClassIndex> labels{0, 1};
  CHECK_THROWS_AS(find_label_issues(source_of(values, 2), 2, labels, {}, serial_for), Error);
  ConfidentLearningOptions options;
  options.remove_per_class = {1};
  const std::vector<ClassIndex> one{0};
  CHECK_THROWS_AS(find_label_issues(source_of(values, 2), 2, one, options, serial_for), Error);
}
