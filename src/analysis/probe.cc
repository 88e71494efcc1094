#include "analysis/probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "analysis/near_embeddings.h"
#include "base/error.h"
#include "base/random.h"
#include "base/union_find.h"

namespace errata::analysis {

std::vector<uint32_t> near_duplicate_groups(const FloatMatrix& points, const Neighbours& neighbours,
                                            const ParallelFor& parallel_for) {
  UnionFind groups(points.rows);
  for (const auto& [a, b] : near_copies_among(points, neighbours, {}, parallel_for).pairs) {
    groups.join(a, b);
  }
  return groups.roots();
}

size_t grouped_rows(std::span<const uint32_t> groups) {
  std::vector<uint32_t> sizes(groups.size(), 0);
  for (const uint32_t group : groups) ++sizes[group];
  size_t count = 0;
  for (const uint32_t size : sizes) count += size > 1 ? size : 0;
  return count;
}

std::vector<uint8_t> stratified_folds(std::span<const ClassIndex> labels,
                                      std::span<const uint32_t> groups, size_t classes,
                                      size_t folds, uint64_t seed) {
  std::vector<uint8_t> fold(labels.size(), kNoFold);
  std::vector<size_t> order;  // rows with a label, those of a group next to each other
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] != kNoClass) order.push_back(row);
  }
  std::vector<uint32_t> size(labels.size(), 0);
  for (const size_t row : order) ++size[groups[row]];
  Rng rng(seed);
  rng.shuffle(order);
  std::vector<size_t> place(labels.size(), 0);  // of a group's first member
  for (size_t i = order.size(); i-- > 0;) place[groups[order[i]]] = i;
  // Large groups first, while there is room to even out; classes by turns within a size.
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const uint32_t x = groups[a];
    const uint32_t y = groups[b];
    return size[x] != size[y] ? size[x] > size[y] : place[x] < place[y];
  });
  std::vector<size_t> of_class(classes * folds, 0);
  std::vector<size_t> of_fold(folds, 0);
  for (size_t i = 0; i < order.size();) {
    const uint32_t group = groups[order[i]];
    size_t best = 0;
    for (size_t f = 1; f < folds; ++f) {
      const size_t label = static_cast<size_t>(labels[order[i]]);
      const auto key = [&](size_t each) {
        return std::pair(of_class[label * folds + each], of_fold[each]);
      };
      if (key(f) < key(best)) best = f;
    }
    for (; i < order.size() && groups[order[i]] == group; ++i) {
      fold[order[i]] = static_cast<uint8_t>(best);
      ++of_class[static_cast<size_t>(labels[order[i]]) * folds + best];
      ++of_fold[best];
    }
  }
  return fold;
}

FoldsInUse folds_in_use(std::span<const uint8_t> fold, std::span<const ClassIndex> labels,
                        size_t folds) {
  std::vector<std::set<ClassIndex>> inside(folds);
  for (size_t row = 0; row < fold.size(); ++row) {
    if (fold[row] != kNoFold) inside[fold[row]].insert(labels[row]);
  }
  FoldsInUse used;
  for (size_t f = 0; f < folds; ++f) {
    if (inside[f].empty()) continue;
    used.folds.push_back(static_cast<uint8_t>(f));
    std::set<ClassIndex> outside;
    for (size_t other = 0; other < folds; ++other) {
      if (other != f) outside.insert(inside[other].begin(), inside[other].end());
    }
    used.all_taught = used.all_taught && outside.size() >= 2;
  }
  return used;
}

namespace {

double held_out_log_loss(std::span<const float> probabilities, size_t classes,
                         std::span<const ClassIndex> labels) {
  constexpr float kLeast = 1e-9f;
  double sum = 0;
  size_t count = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass) continue;
    const float p = probabilities[row * classes + static_cast<size_t>(labels[row])];
    sum -= std::log(std::max(p, kLeast));
    ++count;
  }
  return sum / static_cast<double>(std::max<size_t>(count, 1));
}

}  // namespace

Probe run_probe(const EmbeddingSpace& space, std::span<const ClassIndex> labels,
                std::span<const uint32_t> groups, size_t classes, const ProbeOptions& options,
                const HeadMathFactory& make_math, const std::function<void()>& tick) {
  // A decade is crossed in two steps. Strong ones first: each begins where the last ended.
  constexpr std::array kLambdas{1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6};
  std::vector<uint8_t> seen(classes, 0);
  for (const ClassIndex label : labels) {
    if (label != kNoClass) seen[static_cast<size_t>(label)] = 1;
  }
  if (std::count(seen.begin(), seen.end(), 1) < 2) {
    throw Error(ErrorCategory::kBadInput, "a probe needs labels of at least two classes",
                "Import labels first, or widen the filter.");
  }
  Probe probe;
  probe.fold = stratified_folds(labels, groups, classes, options.folds, options.seed);
  std::vector<float> targets(labels.size() * classes, 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] != kNoClass) targets[row * classes + static_cast<size_t>(labels[row])] = 1;
  }
  const std::vector<float> weights(labels.size(), 1);
  const HeadRows rows{space.coordinates(), classes, options.folds, probe.fold, targets, weights};
  const std::unique_ptr<HeadMath> math = make_math(rows);
  Heads heads;
  for (const double lambda : kLambdas) {
    if (lambda > options.strongest) continue;
    heads = train_heads(rows, *math, {lambda}, probe.tried.empty() ? nullptr : &heads, tick);
    std::vector<float> held_out = math->held_out_probabilities(heads);
    const double loss = held_out_log_loss(held_out, classes, labels);
    const bool better = probe.tried.empty() || std::all_of(probe.tried.begin(), probe.tried.end(),
                                                           [&](const TriedStrength& each) {
                                                             return loss < each.log_loss;
                                                           });
    probe.tried.push_back({lambda, loss});
    // The loss is a valley over the strength: past its floor it only rises.
    if (!better) break;
    probe.lambda = lambda;
    probe.probabilities = std::move(held_out);
  }
  return probe;
}

}  // namespace errata::analysis
