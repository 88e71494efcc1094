#include "analysis/object_doubts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "analysis/score_worth.h"
#include "base/error.h"
#include "base/random.h"
#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;

namespace {

constexpr size_t kImages = 60;
constexpr int kPerImage = 6;

Box at_cell(int cell) {
  return {20.0 + 100 * (cell % 3), 20.0 + 100 * (cell / 3), 50, 50};
}

// Objects on a grid, each found well; now and then a faint detection of nothing.
DetectionCase clean_case() {
  DetectionCase each;
  each.images = kImages;
  each.classes = 2;
  Rng rng(3);
  for (size_t image = 0; image < kImages; ++image) {
    for (int cell = 0; cell < kPerImage; ++cell) {
      const Box box = at_cell(cell);
      const ClassIndex k = cell % 2;
      each.object(static_cast<int32_t>(image), k, box);
      const auto wobble = [&] { return 4 * (rng.uniform() - 0.5); };
      each.detection(
          static_cast<int32_t>(image), k,
          {box.x + wobble(), box.y + wobble(), box.width + wobble(), box.height + wobble()},
          0.7 + 0.25 * rng.uniform());
    }
    each.detection(static_cast<int32_t>(image), 0, {330, 20 + 100 * rng.uniform(), 40, 40},
                   0.2 * rng.uniform());
  }
  return each;
}

ObjectDoubts doubts_of(const DetectionCase& each) {
  return doubt_objects(each.set(), serial_for);
}

size_t highest(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

TEST_CASE("each planted error is the first of its kind, and its strongest doubt names the kind") {
  DetectionCase each = clean_case();
  each.objects.class_index[7] = 1 - each.objects.class_index[7];
  each.objects.x[100] += 18;
  each.objects.y[100] -= 15;
  each.object(30, 0, {340, 220, 50, 50});  // nothing is there
  const size_t ghost = each.area.size() - 1;
  each.object(40, 1, {123, 22, 49, 50});  // once more
  const size_t copy = each.area.size() - 1;
  each.detection(50, 0, {340, 320, 50, 50}, 0.93);  // nobody drew it
  const size_t missing = each.score.size() - 1;

  const ObjectDoubts found = doubts_of(each);
  CHECK(highest(found.of_class) == 7);
  CHECK(strongest_doubt(found, 7).kind == ObjectDoubt::kClass);
  CHECK(found.detections[7] == 7 + 7 / kPerImage);
  CHECK(highest(found.of_place) == 100);
  CHECK(strongest_doubt(found, 100).kind == ObjectDoubt::kPlace);
  CHECK(highest(found.spurious) == ghost);
  CHECK(strongest_doubt(found, ghost).kind == ObjectDoubt::kSpurious);
  CHECK(found.detections[ghost] == kNoMatch);
  const size_t original = 40 * kPerImage + 1;
  CHECK((highest(found.copy) == copy || highest(found.copy) == original));
  CHECK(found.copy_of[copy] == static_cast<int32_t>(original));
  CHECK(strongest_doubt(found, copy).kind == ObjectDoubt::kCopy);
  CHECK(highest(found.missing) == missing);
  for (const auto* values : {&found.of_class, &found.of_place, &found.spurious, &found.copy}) {
    CHECK((*values)[highest(*values)] > 0.5);
  }
  CHECK(found.missing[missing] > 0.5);
  // A clean box is in no doubt.
  CHECK(strongest_doubt(found, 200).value < 0.2);

  WorkerGroup workers(3);
  const ObjectDoubts many = doubt_objects(each.set(), workers.as_parallel_for());
  CHECK(many.of_place == found.of_place);
  CHECK(many.spurious == found.spurious);
  CHECK(many.missing == found.missing);
}

TEST_CASE("of two copies only the later is doubted as one; the other's next doubt stays") {
  ObjectDoubts doubts;
  doubts.of_class = {0.4, 0.1};
  doubts.of_place = {0.2, 0};
  doubts.spurious = {0, 0};
  doubts.copy = {0.9, 0.9};
  doubts.copy_of = {1, 0};
  CHECK(strongest_doubt(doubts, 0).kind == ObjectDoubt::kClass);
  CHECK(strongest_doubt(doubts, 0).value == 0.4);
  CHECK(strongest_doubt(doubts, 1).kind == ObjectDoubt::kCopy);
  CHECK(strongest_doubt(doubts, 1).value == 0.9);
  doubts.copy_of = {1, kNoMatch};  // not of each other
  CHECK(strongest_doubt(doubts, 0).kind == ObjectDoubt::kCopy);
}

TEST_CASE("an unfound box is less doubtful where the class is often not found") {
  // Class 1 is found half of the time: that nothing supports one more box says little.
  DetectionCase each = clean_case();
  DetectionCase blind;
  blind.images = each.images;
  blind.classes = 2;
  for (size_t g = 0; g < each.area.size(); ++g) {
    blind.object(each.objects.image[g], each.objects.class_index[g],
                 box_at(each.objects.columns(), g));
  }
  for (size_t d = 0; d < each.score.size(); ++d) {
    if (each.detections.class_index[d] == 1 && d % 4 < 2) continue;
    blind.detection(each.detections.image[d], each.detections.class_index[d],
                    box_at(each.detections.columns(), d), each.score[d]);
  }
  blind.object(10, 0, {340, 320, 50, 50});
  blind.object(11, 1, {340, 320, 50, 50});
  const size_t count = blind.area.size();
  const ObjectDoubts found = doubts_of(blind);
  CHECK(found.spurious[count - 2] > 1.5 * found.spurious[count - 1]);
}

TEST_CASE("crowds are in no doubt, and a set without detections or objects has answers") {
  DetectionCase each = clean_case();
  each.object(5, 0, {330, 300, 60, 60}, true);
  CHECK(strongest_doubt(doubts_of(each), each.area.size() - 1).value == 0);
  DetectionCase empty;
  empty.images = 2;
  empty.classes = 1;
  CHECK(doubts_of(empty).of_class.empty());
  empty.object(0, 0, at_cell(0));
  CHECK(doubts_of(empty).spurious[0] < 0.5);  // nothing is found at all
  DetectionCase only;
  only.images = 1;
  only.classes = 1;
  only.detection(0, 0, at_cell(0), 0.9);
  CHECK(doubts_of(only).missing.size() == 1);
}

TEST_CASE("what a score is worth is read off outcomes, class by class") {
  Rng rng(5);
  std::vector<double> scores;
  std::vector<ClassIndex> classes;
  std::vector<uint8_t> outcomes;
  for (int i = 0; i < 20000; ++i) {
    const double score = rng.uniform();
    scores.push_back(score);
    classes.push_back(i % 2);
    // Class 0 is honest, class 1 boasts.
    const double chance = i % 2 == 0 ? score : score * 0.3 / (score * 0.3 + 1 - score);
    outcomes.push_back(rng.uniform() < chance ? 1 : 0);
  }
  // Three of a third class, all wrong: too few to say much.
  for (int i = 0; i < 3; ++i) {
    scores.push_back(0.9);
    classes.push_back(2);
    outcomes.push_back(0);
  }
  const std::vector<double> worth = worth_of_scores(scores, classes, 3, outcomes);
  double worst = 0;
  for (size_t i = 0; i < 20000; ++i) {
    const double chance =
        i % 2 == 0 ? scores[i] : scores[i] * 0.3 / (scores[i] * 0.3 + 1 - scores[i]);
    worst = std::max(worst, std::abs(worth[i] - chance));
  }
  CHECK(worst < 0.03);
  CHECK(worth[20000] > 0.2);
  CHECK(worth[20000] < 0.8);
  CHECK_THROWS_AS(worth_of_scores(scores, classes, 3, {}), Error);
  CHECK(worth_of_scores({}, {}, 3, {}).empty());
}

TEST_CASE("a stack has the ties of a sort of all its pairs, which are more than are held at once") {
  DetectionCase each;
  each.images = 2;
  each.classes = 3;
  Rng rng(11);
  const auto box = [&] {
    return Box{100 + 60 * rng.uniform(), 100 + 60 * rng.uniform(), 150 + 80 * rng.uniform(),
               150 + 80 * rng.uniform()};
  };
  const auto any_class = [&] { return static_cast<ClassIndex>(3 * rng.uniform()); };
  for (int i = 0; i < 900; ++i) {
    each.object(0, any_class(), box(), i % 50 == 0);
    // Scores of two decimals: many pairs of equal boxes are as sure as others.
    if (i < 820) each.detection(0, any_class(), box(), std::floor(100 * rng.uniform()) / 100);
  }
  each.object(1, 0, box());
  const ObjectDoubts doubts = doubts_of(each);

  struct Tie {
    double sure;
    size_t object, detection;
  };
  std::vector<Tie> ties;
  const DetectionSet set = each.set();
  for (size_t g = 0; g < 900; ++g) {
    for (size_t d = 0; d < each.score.size(); ++d) {
      const double of = set.overlap_of(d, g);
      if (of >= 0.1 && each.crowd[g] == 0) ties.push_back({each.score[d] * of, g, d});
    }
  }
  REQUIRE(ties.size() > (size_t{2} << 18));
  std::sort(ties.begin(), ties.end(), [](const Tie& a, const Tie& b) {
    return std::tuple(-a.sure, a.object, a.detection) < std::tuple(-b.sure, b.object, b.detection);
  });
  std::vector<int32_t> expected(each.score.size(), kNoMatch);
  std::vector<uint8_t> taken(each.area.size(), 0);
  for (const Tie& tie : ties) {
    if (taken[tie.object] != 0 || expected[tie.detection] != kNoMatch) continue;
    taken[tie.object] = 1;
    expected[tie.detection] = static_cast<int32_t>(tie.object);
  }
  CHECK(doubts.objects == expected);
  CHECK(std::count(expected.begin(), expected.end(), kNoMatch) < 10);
}
