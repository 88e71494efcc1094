#include "analysis/kernel_head.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kRows = 800;
constexpr size_t kClasses = 2;

struct Squares {
  EmbeddingSpace space;
  std::vector<ClassIndex> labels;
  std::vector<uint8_t> fold;
  std::vector<float> weights = std::vector<float>(kRows, 1);
};

// The four quarters of a square, opposite ones of one class: no line tells them apart. The third
// coordinate keeps rows that are scaled to one length from losing the quarter.
Squares make_squares(uint8_t folds) {
  Rng rng(3);
  Squares made;
  std::vector<float> values;
  for (size_t row = 0; row < kRows; ++row) {
    const double x = rng.uniform() - 0.5;
    const double y = rng.uniform() - 0.5;
    values.insert(values.end(), {static_cast<float>(x), static_cast<float>(y), 1.0f});
    made.labels.push_back(x * y > 0 ? 1 : 0);
    made.fold.push_back(static_cast<uint8_t>(row % folds));
  }
  made.space = make_embedding_space(values, 3, serial_for);
  return made;
}

std::vector<float> ask(const Squares& of, size_t folds,
                       const ParallelFor& parallel_for = serial_for) {
  const Landmarks landmarks = choose_landmarks(of.space, kClasses, 1);
  return held_out_kernel(of.space, landmarks, of.labels, of.weights, of.fold, folds, kClasses,
                         parallel_for, [] {});
}

double accuracy(const std::vector<float>& probabilities, const std::vector<ClassIndex>& labels) {
  size_t right = 0;
  for (size_t row = 0; row < kRows; ++row) {
    right += (probabilities[row * kClasses + 1] > 0.5f) == (labels[row] == 1);
  }
  return static_cast<double>(right) / kRows;
}

}  // namespace

TEST_CASE("the kernel head learns what no line tells apart") {
  const Squares squares = make_squares(5);
  std::vector<uint32_t> groups(kRows);
  std::iota(groups.begin(), groups.end(), 0);
  const Probe linear = run_probe(squares.space, squares.labels, groups, kClasses, {},
                                 processor_head_math(serial_for), [] {});
  CHECK(accuracy(linear.probabilities, squares.labels) < 0.65);
  const std::vector<float> probabilities = ask(squares, 5);
  CHECK(accuracy(probabilities, squares.labels) > 0.95);
  for (size_t row = 0; row < kRows; ++row) {
    CHECK(probabilities[row * 2] + probabilities[row * 2 + 1] == doctest::Approx(1));
  }
  WorkerGroup workers(3);
  CHECK(ask(squares, 5, workers.as_parallel_for()) == probabilities);
}

TEST_CASE("a row's own label says nothing about it, and rows of weight 0 say nothing of others") {
  Squares squares = make_squares(4);
  const std::vector<float> before = ask(squares, 4);
  // Every label of one fold is turned: its own rows are judged as before, up to the temperature.
  for (size_t row = 0; row < kRows; row += 4) squares.labels[row] = 1 - squares.labels[row];
  const std::vector<float> turned = ask(squares, 4);
  for (size_t row = 0; row < kRows; row += 4) {
    CHECK((turned[row * 2] > 0.5f) == (before[row * 2] > 0.5f));
  }
  for (size_t row = 0; row < kRows; row += 4) squares.weights[row] = 0;
  const std::vector<float> unheard = ask(squares, 4);
  for (size_t row = 0; row < kRows; row += 4) {
    squares.labels[row] = 1 - squares.labels[row];
  }
  CHECK(ask(squares, 4) == unheard);
}

TEST_CASE("more folds than five, rows of no fold, and rows that are all the same") {
  Squares squares = make_squares(9);
  for (size_t row = 0; row < kRows; row += 7) {
    squares.fold[row] = kNoFold;
    squares.weights[row] = 0;
  }
  std::vector<ClassIndex> known = squares.labels;
  for (size_t row = 0; row < kRows; row += 7) squares.labels[row] = kNoClass;
  CHECK(accuracy(ask(squares, 9), known) > 0.95);

  std::vector<float> same(20 * 3, 0.5f);
  const EmbeddingSpace flat = make_embedding_space(same, 3, serial_for);
  CHECK(choose_landmarks(flat, 2, 1).count == 0);
  CHECK(choose_landmarks(squares.space, size_t{1} << 20, 1).count == 16);
}
