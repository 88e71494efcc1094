#include "analysis/label_errors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "analysis/verdict.h"
#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kColumns = 32;
constexpr size_t kClasses = 5;
constexpr size_t kRows = 1500;

struct Noisy {
  std::vector<float> values;
  std::vector<ClassIndex> truth;
  std::vector<ClassIndex> labels;
};

// Overlapping clouds; `rate` of the labels are wrong, each class mostly becoming the next one.
Noisy make_noisy(double rate, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> centres(kClasses * kColumns);
  for (double& value : centres) value = draw_normal(rng);
  Noisy noisy;
  for (size_t row = 0; row < kRows; ++row) {
    const size_t truth = row % kClasses;
    noisy.truth.push_back(static_cast<ClassIndex>(truth));
    const bool wrong = rng.uniform() < rate;
    const size_t step = rng.uniform() < 0.8 ? 1 : 2;
    noisy.labels.push_back(static_cast<ClassIndex>(wrong ? (truth + step) % kClasses : truth));
    for (size_t j = 0; j < kColumns; ++j) {
      noisy.values.push_back(
          static_cast<float>(centres[truth * kColumns + j] + 2.5 * draw_normal(rng)));
    }
  }
  return noisy;
}

// Area under precision over recall, of the wrong labels when `score` falls.
double average_precision(const std::vector<double>& score, const Noisy& noisy) {
  std::vector<size_t> order(kRows);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return score[a] > score[b]; });
  double found = 0;
  double sum = 0;
  for (size_t i = 0; i < kRows; ++i) {
    if (noisy.truth[order[i]] == noisy.labels[order[i]]) continue;
    found += 1;
    sum += found / static_cast<double>(i + 1);
  }
  return sum / found;
}

struct Prepared {
  EmbeddingSpace space;
  Neighbours neighbours;
  std::vector<uint32_t> groups;
};

Prepared prepare(Noisy& noisy) {
  Prepared made;
  std::vector<float> values = noisy.values;
  made.space = make_embedding_space(values, kColumns, serial_for);
  made.neighbours = nearest_neighbours(made.space.matrix(), {50, Distance::kCosine}, serial_for);
  made.groups = near_duplicate_groups(made.space.matrix(), made.neighbours, serial_for);
  return made;
}

LabelEvidence evidence_of(const Noisy& noisy, const Prepared& prepared) {
  return {kClasses, noisy.labels, &prepared.space, prepared.groups, nullptr, nullptr, {}};
}

}  // namespace

TEST_CASE("the only sample of a class is not judged, and does not change how others are") {
  Noisy noisy = make_noisy(0.1, 4);
  Prepared prepared = prepare(noisy);
  LabelEvidence evidence = evidence_of(noisy, prepared);
  evidence.classes = kClasses + 1;
  const LabelErrors before = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK(std::count(before.alone.begin(), before.alone.end(), 1) == 0);
  noisy.labels[0] = kClasses;
  evidence.labels = noisy.labels;
  const LabelErrors after = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK(after.alone[0] == 1);
  CHECK(std::count(after.alone.begin(), after.alone.end(), 1) == 1);
  CHECK(std::isnan(after.score[0]));
  CHECK(after.suspect[0] == 0);
  CHECK(after.judged == kRows - 1);
  double moved = 0;
  for (size_t row = 1; row < kRows; ++row) {
    moved += std::abs(static_cast<double>(after.score[row] - before.score[row])) / kRows;
  }
  CHECK(moved < 0.05);  // what other folds change
  CHECK(std::abs(after.estimated.value - before.estimated.value) < 0.02 * kRows);
  // What a run knows of it is evidence.
  const std::vector<float> flat(kRows * evidence.classes,
                                1.0F / static_cast<float>(evidence.classes));
  evidence.runs.push_back({flat, {}});
  CHECK(find_label_errors(evidence, {}, serial_for, [] {}).alone[0] == 0);
}

TEST_CASE("the belief of several rounds ranks wrong labels above the probe's self confidence") {
  for (const double rate : {0.15, 0.35}) {
    Noisy noisy = make_noisy(rate, 4);
    const Prepared prepared = prepare(noisy);
    const LabelErrors errors =
        find_label_errors(evidence_of(noisy, prepared), {}, serial_for, [] {});
    const Probe probe = run_probe(prepared.space, noisy.labels, prepared.groups, kClasses, {},
                                  processor_head_math(serial_for), [] {});
    std::vector<double> self(kRows);
    std::vector<double> ours(kRows);
    for (size_t row = 0; row < kRows; ++row) {
      self[row] = 1 - probe.probabilities[row * kClasses + static_cast<size_t>(noisy.labels[row])];
      ours[row] = errors.score[row];
    }
    CHECK(average_precision(ours, noisy) > average_precision(self, noisy));
    CHECK(errors.judged == kRows);
    // The cut: as many as are wrong, within what a few hundred samples can tell.
    const double wrong = rate * kRows;
    CHECK(errors.estimated.value > 0.6 * wrong);
    CHECK(errors.estimated.value < 1.5 * wrong);
    CHECK(errors.estimated.low <= errors.estimated.value);
    CHECK(errors.estimated.high >= errors.estimated.value);
    size_t suggested_right = 0;
    size_t suspects = 0;
    for (size_t row = 0; row < kRows; ++row) {
      if (errors.suspect[row] == 0) continue;
      ++suspects;
      suggested_right += errors.suggested[row] == noisy.truth[row];
      CHECK(errors.suggested[row] != noisy.labels[row]);
    }
    CHECK(suspects > 0);
    CHECK(suggested_right > 2 * suspects / 3);
    WorkerGroup workers(3);
    CHECK(find_label_errors(evidence_of(noisy, prepared), {}, workers.as_parallel_for(), [] {
          }).score == errors.score);
  }
}

TEST_CASE("further views are joined unless the head is the worse for them") {
  Noisy noisy = make_noisy(0.2, 6);
  const Prepared prepared = prepare(noisy);
  LabelEvidence evidence = evidence_of(noisy, prepared);
  const LabelErrors alone = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK_FALSE(alone.by_stages);
  CHECK_FALSE(alone.by_pictures);
  const auto precision = [&](const LabelErrors& errors) {
    return average_precision({errors.score.begin(), errors.score.end()}, noisy);
  };

  Rng rng(11);
  std::vector<float> chance(kRows * 200);
  for (float& value : chance) value = static_cast<float>(draw_normal(rng));
  const EmbeddingSpace useless = make_feature_space(chance, 200, serial_for);
  evidence.stages = &useless;
  evidence.pictures = &useless;
  const LabelErrors refused = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK_FALSE(refused.by_stages);
  CHECK_FALSE(refused.by_pictures);
  CHECK(refused.score == alone.score);

  // The same samples seen otherwise tell what the embeddings do not, and seen a third way still.
  const auto seen_otherwise = [&] {
    std::vector<float> values(kRows * kColumns);
    std::vector<double> centres(kClasses * kColumns);
    for (double& value : centres) value = draw_normal(rng);
    for (size_t i = 0; i < values.size(); ++i) {
      const auto truth = static_cast<size_t>(noisy.truth[i / kColumns]);
      values[i] =
          static_cast<float>(centres[truth * kColumns + i % kColumns] + 2.5 * draw_normal(rng));
    }
    return make_feature_space(values, kColumns, serial_for);
  };
  const EmbeddingSpace second = seen_otherwise();
  const EmbeddingSpace third = seen_otherwise();
  evidence.stages = &second;
  evidence.pictures = nullptr;
  const LabelErrors joined = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK(joined.by_stages);
  CHECK(precision(joined) > precision(alone) + 0.02);
  evidence.pictures = &third;
  const LabelErrors both = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK(both.by_stages);
  CHECK(both.by_pictures);
  CHECK(precision(both) > precision(joined));
}

TEST_CASE("of very many rows a part is asked which views to join, and all are judged") {
  constexpr size_t kMany = 16500;
  Rng rng(3);
  LabelEvidence evidence;
  evidence.classes = 3;
  std::vector<ClassIndex> labels;
  std::vector<float> values;
  std::vector<float> other;
  std::vector<float> chance;
  for (size_t row = 0; row < kMany; ++row) {
    const auto truth = static_cast<ClassIndex>(row % 3);
    labels.push_back(row % 10 == 7 ? (truth + 1) % 3 : truth);
    // Each view tells one class from the two others.
    values.push_back(static_cast<float>((truth == 0 ? 3 : 0) + draw_normal(rng)));
    values.push_back(1);
    other.push_back(static_cast<float>((truth == 1 ? 3 : 0) + draw_normal(rng)));
  }
  for (size_t i = 0; i < 100 * kMany; ++i) chance.push_back(static_cast<float>(draw_normal(rng)));
  const EmbeddingSpace space = make_feature_space(values, 2, serial_for);
  const EmbeddingSpace second = make_feature_space(other, 1, serial_for);
  const EmbeddingSpace useless = make_feature_space(chance, 100, serial_for);
  std::vector<uint32_t> alone(kMany);
  std::iota(alone.begin(), alone.end(), uint32_t{0});
  evidence.labels = labels;
  evidence.space = &space;
  evidence.groups = alone;
  evidence.stages = &useless;
  evidence.pictures = &second;
  std::vector<std::string> stages;
  WorkerGroup workers(2);
  const LabelErrors errors = find_label_errors(
      evidence, {}, workers.as_parallel_for(), [] {}, {},
      [&](const std::string& stage) { stages.push_back(stage); });
  CHECK_FALSE(errors.by_stages);
  CHECK(errors.by_pictures);
  CHECK(errors.judged == kMany);
  CHECK(std::count(stages.begin(), stages.end(), "asking a head of all samples") == 1);
  CHECK(stages.back() == "weighing labels, round 3 of 3");
  // A second class of a few labels, which a part would miss, is no reason to refuse.
  std::vector<ClassIndex> rare(kMany, 0);
  rare[5] = rare[8] = 1;
  evidence.labels = rare;
  evidence.stages = nullptr;
  evidence.pictures = nullptr;
  CHECK(find_label_errors(evidence, {}, workers.as_parallel_for(), [] {}).judged == kMany);
  double found = 0;
  double suspects = 0;
  for (size_t row = 0; row < kMany; ++row) {
    suspects += errors.suspect[row];
    found += errors.suspect[row] != 0 && row % 10 == 7;
  }
  CHECK(suspects > 0.05 * kMany);
  CHECK(found > 0.8 * suspects);
}

TEST_CASE("a run trained on the very samples does not talk the errors away") {
  Noisy noisy = make_noisy(0.2, 8);
  const Prepared prepared = prepare(noisy);
  // It has learnt every label by heart: alone, it finds none.
  std::vector<float> memorised(kRows * kClasses, 0.01f);
  for (size_t row = 0; row < kRows; ++row) {
    memorised[row * kClasses + static_cast<size_t>(noisy.labels[row])] = 0.96f;
  }
  const std::vector<uint8_t> trained(kRows, 1);
  LabelEvidence evidence = evidence_of(noisy, prepared);
  const LabelErrors without = find_label_errors(evidence, {}, serial_for, [] {});
  evidence.runs.push_back({memorised, trained});
  const LabelErrors with = find_label_errors(evidence, {}, serial_for, [] {});
  const auto ap = [&](const LabelErrors& errors) {
    return average_precision({errors.score.begin(), errors.score.end()}, noisy);
  };
  CHECK(ap(with) > ap(without) - 0.02);
}

TEST_CASE(
    "a run fitted here in folds weighs as much as all rounds, but a tenth where it had learnt") {
  Noisy noisy = make_noisy(0.2, 3);
  const Prepared prepared = prepare(noisy);
  // It knows the truth of every other row, and repeats the label of the rest.
  std::vector<float> said(kRows * kClasses, 0.02f);
  for (size_t row = 0; row < kRows; ++row) {
    const ClassIndex by = row % 2 == 0 ? noisy.truth[row] : noisy.labels[row];
    said[row * kClasses + static_cast<size_t>(by)] = 1 - 0.02f * (kClasses - 1);
  }
  std::vector<uint8_t> learnt(kRows, 0);
  for (size_t row = 1; row < kRows; row += 2) learnt[row] = 1;
  const auto ranked = [&](bool by_folds, std::span<const uint8_t> trained) {
    LabelEvidence evidence = evidence_of(noisy, prepared);
    evidence.runs.push_back({said, trained, by_folds});
    const LabelErrors errors = find_label_errors(evidence, {}, serial_for, [] {});
    double told = 0;    // of the rows whose truth it knows
    double hidden = 0;  // of the others
    for (size_t row = 0; row < kRows; ++row) {
      if (noisy.truth[row] == noisy.labels[row]) continue;
      (row % 2 == 0 ? told : hidden) += errors.score[row];
    }
    return std::pair(told, hidden);
  };
  const auto plain = ranked(false, {});
  const auto by_folds = ranked(true, {});
  CHECK(by_folds.first > plain.first);
  CHECK(by_folds.second < plain.second);
  const auto with_learnt = ranked(true, learnt);
  CHECK(with_learnt.second > plain.second);
}

TEST_CASE("without embeddings the runs speak, and rows that no run knows are not judged") {
  const std::vector<float> first{0.9f, 0.1f, 0.2f, 0.8f, std::nanf(""), std::nanf(""), 0.6f, 0.4f};
  const std::vector<float> second{0.8f, 0.2f, 0.1f, 0.9f, std::nanf(""), std::nanf(""), 0.1f, 0.9f};
  const std::vector<ClassIndex> labels{0, 0, 1, kNoClass};
  LabelEvidence evidence;
  evidence.classes = 2;
  evidence.labels = labels;
  evidence.runs = {{first, {}}, {second, {}}};
  const LabelErrors errors = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK(errors.judged == 2);
  CHECK(errors.score[0] < 0.5f);
  CHECK(errors.score[1] > 0.5f);
  CHECK(errors.suggested[1] == 1);
  CHECK(std::isnan(errors.score[2]));
  CHECK(std::isnan(errors.score[3]));
}

TEST_CASE("verdicts: a mistake is the label's, the model's, nobody's, or no image of any class") {
  const auto verdict = [](bool contradicted, bool suspect, float score, float highest,
                          bool isolated) {
    return verdict_of({contradicted, suspect, score, highest, isolated});
  };
  CHECK(verdict(false, false, 0.1f, 0.9f, true) == std::nullopt);
  CHECK(verdict(true, true, 0.95f, 0.9f, false) == Verdict::kLabelWrong);
  // The model alone is against it: all else believes the label.
  CHECK(verdict(true, false, 0.1f, 0.9f, false) == Verdict::kModelWrong);
  CHECK(verdict(true, true, 0.55f, 0.5f, false) == Verdict::kAmbiguous);
  CHECK(verdict(true, false, 0.6f, 0.3f, true) == Verdict::kNotValid);
  // A black picture that nothing recognises, and one that is dark but well known.
  CHECK(verdict_of({true, true, 0.8f, 0.3f, false, true}) == Verdict::kNotValid);
  CHECK(verdict_of({true, true, 0.8f, 0.8f, false, true}) == Verdict::kLabelWrong);
  CHECK(verdict_of({false, false, 0.2f, 0.3f, false, true}) == std::nullopt);
  // Far away, but clearly of one class.
  CHECK(verdict(true, true, 0.9f, 0.9f, true) == Verdict::kLabelWrong);
}

TEST_CASE("rows off the axes of the many are isolated, though on the axes they are near") {
  // More crowds than axes, and a few rows that each lie in a direction of their own: on the axes
  // these are all in the middle.
  constexpr size_t kCrowds = EmbeddingSpace::kMostAxes + 10;
  constexpr size_t kEach = 30;
  constexpr size_t kMany = kCrowds * kEach;
  constexpr size_t kOdd = kEach;
  Rng rng(4);
  std::vector<float> values;
  Neighbours neighbours{kMany + kOdd, kEach - 1, {}, {}};
  for (size_t row = 0; row < kMany + kOdd; ++row) {
    const size_t first = row < kMany ? row / kEach * kEach : kMany;
    std::vector<float> at(kCrowds + kOdd, 0);
    for (size_t j = 0; j < kCrowds; ++j) at[j] = static_cast<float>(0.02 * draw_normal(rng));
    at[row < kMany ? row / kEach : kCrowds + row - kMany] += 1;
    values.insert(values.end(), at.begin(), at.end());
    for (size_t near = first; near < first + kEach; ++near) {
      if (near != row) neighbours.index.push_back(static_cast<uint32_t>(near));
    }
  }
  EmbeddingSpace space = make_embedding_space(values, kCrowds + kOdd, serial_for);
  const auto isolated = [&] {
    const std::vector<uint8_t> each = isolated_rows(space, neighbours, serial_for);
    const auto odd = each.begin() + kMany;
    return std::pair(std::count(each.begin(), odd, 1), std::count(odd, each.end(), 1));
  };
  CHECK(isolated().first < static_cast<ptrdiff_t>(kMany / 50));
  CHECK(isolated().second == kOdd);
  space.left_out.clear();
  CHECK(isolated().second < static_cast<ptrdiff_t>(kOdd / 5));
}

TEST_CASE("rows behind those of the space are judged by the runs alone, and change nothing there") {
  Noisy noisy = make_noisy(0.2, 3);
  const Prepared prepared = prepare(noisy);
  const LabelErrors alone = find_label_errors(evidence_of(noisy, prepared), {}, serial_for, [] {});
  // A run that knows two rows more, and no other.
  std::vector<float> run((kRows + 3) * kClasses, std::nanf(""));
  for (size_t row = kRows; row < kRows + 2; ++row) {
    std::fill_n(run.begin() + static_cast<ptrdiff_t>(row * kClasses), kClasses, 0.02f);
    run[row * kClasses + 1] = 0.92f;
  }
  noisy.labels.insert(noisy.labels.end(), {0, 1, 0});
  LabelEvidence evidence = evidence_of(noisy, prepared);
  evidence.runs.push_back({run, {}});
  const LabelErrors more = find_label_errors(evidence, {}, serial_for, [] {});
  CHECK(more.judged == kRows + 2);
  CHECK(std::equal(alone.score.begin(), alone.score.end(), more.score.begin()));
  CHECK(more.suggested[kRows] == 1);
  CHECK(more.score[kRows] > 0.5f);
  CHECK(more.score[kRows + 1] < 0.5f);
  CHECK(std::isnan(more.score[kRows + 2]));
}
