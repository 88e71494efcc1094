#include "viewer/app/embedding_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "store/runs.h"

namespace errata::viewer {

namespace {

// In eight sums, which a compiler may keep side by side.
float product(const float* a, const float* b, size_t columns) {
  std::array<float, 8> sums{};
  size_t c = 0;
  for (; c + sums.size() <= columns; c += sums.size()) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += a[c + i] * b[c + i];
  }
  float rest = 0;
  for (; c < columns; ++c) rest += a[c] * b[c];
  return std::accumulate(sums.begin(), sums.end(), rest);
}

store::RunInfo newest_embedded(store::Store& store) {
  std::vector<store::RunInfo> runs = store::list_runs(store);
  std::erase_if(runs, [](const store::RunInfo& run) { return run.summary.embedding_columns == 0; });
  const auto complete = std::find_if(runs.rbegin(), runs.rend(), [](const store::RunInfo& run) {
    return run.summary.state == RunState::kComplete;
  });
  const auto found = complete != runs.rend() ? complete : runs.rbegin();
  if (found == runs.rend()) {
    throw Error(ErrorCategory::kNotFound, "no run has embeddings yet",
                "run a model, which keeps what goes into its last layer");
  }
  return std::move(*found);
}

}  // namespace

void EmbeddingTable::read(store::Store& store, const store::RunInfo& run) {
  read_ = {};
  ids_ = {};
  values_ = {};
  columns_ = run.summary.embedding_columns;
  if (run.plan_rows > kMostBytes / sizeof(float) / columns_) {
    throw Error(ErrorCategory::kUsage,
                "the embeddings are too many to look for what is alike in a window",
                "`errata similar` reads them piece by piece");
  }
  values_.reserve(run.plan_rows * columns_);
  std::vector<std::pair<SampleId, size_t>> order;
  store::for_each_embedding_chunk(
      store, run.summary.id,
      [&](std::span<const SampleId> samples, std::span<const float> rows, size_t columns) {
        for (size_t i = 0; i < samples.size(); ++i) {
          const float* from = rows.data() + i * columns;
          const float norm = std::sqrt(product(from, from, columns));
          if (!std::isfinite(norm) || norm == 0) continue;
          order.emplace_back(samples[i], order.size());
          for (size_t c = 0; c < columns; ++c) values_.push_back(from[c] / norm);
        }
      });
  if (!std::is_sorted(order.begin(), order.end())) {
    std::sort(order.begin(), order.end());
    std::vector<float> sorted;
    sorted.reserve(values_.size());
    for (const auto& [sample, place] : order) {
      const auto from = values_.begin() + static_cast<std::ptrdiff_t>(place * columns_);
      sorted.insert(sorted.end(), from, from + static_cast<std::ptrdiff_t>(columns_));
    }
    values_ = std::move(sorted);
  }
  for (const auto& [sample, place] : order) ids_.push_back(sample);
  read_ = as_read(run);
}

std::vector<float> EmbeddingTable::direction_of(std::span<const SampleId> like) const {
  std::vector<float> direction(columns_, 0);
  bool any = false;
  for (const SampleId sample : like) {
    const auto found = std::lower_bound(ids_.begin(), ids_.end(), sample);
    if (found == ids_.end() || *found != sample) continue;
    any = true;
    const size_t row = static_cast<size_t>(found - ids_.begin());
    for (size_t c = 0; c < columns_; ++c) {
      direction[c] += values_[row * columns_ + c] / static_cast<float>(like.size());
    }
  }
  if (any) return direction;
  throw Error(ErrorCategory::kNotFound, "none of these samples has an embedding",
              "run a model over them");
}

std::vector<Alike> EmbeddingTable::nearest(store::Store& store, std::span<const SampleId> like,
                                           size_t limit) {
  const store::RunInfo run = newest_embedded(store);
  if (as_read(run) != read_) read(store, run);
  const std::vector<float> direction = direction_of(like);
  std::vector<Alike> all;
  all.reserve(ids_.size());
  for (size_t row = 0; row < ids_.size(); ++row) {
    all.push_back({ids_[row], product(direction.data(), &values_[row * columns_], columns_)});
  }
  std::erase_if(all, [&](const Alike& each) {
    return std::find(like.begin(), like.end(), each.sample) != like.end();
  });
  limit = std::min(limit, all.size());
  const auto more_alike = [](const Alike& a, const Alike& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.sample < b.sample;
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(limit), all.end(),
                    more_alike);
  all.resize(limit);
  return all;
}

}  // namespace errata::viewer
