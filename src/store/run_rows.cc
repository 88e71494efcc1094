#include "store/run_rows.h"

#include <algorithm>
#include <numeric>

namespace errata::store {

ChunkLayout::ChunkLayout(int64_t batch_rows, size_t row_bytes)
    : batch(std::max<int64_t>(batch_rows, 1)) {
  const auto most =
      std::max<int64_t>(1, static_cast<int64_t>(kMaxChunkBytes / std::max<size_t>(row_bytes, 1)));
  if (most >= batch) {
    rows_per_chunk = most / batch * batch;
  } else {
    chunks_per_batch = (batch + most - 1) / most;
    rows_per_chunk = (batch + chunks_per_batch - 1) / chunks_per_batch;
    chunks_per_batch = (batch + rows_per_chunk - 1) / rows_per_chunk;
  }
}

int64_t ChunkLayout::place_of(int64_t row) const {
  if (rows_per_chunk >= batch) return row / rows_per_chunk;
  return row / batch * chunks_per_batch + row % batch / rows_per_chunk;
}

int64_t ChunkLayout::first_row(int64_t place) const {
  if (rows_per_chunk >= batch) return place * rows_per_chunk;
  return place / chunks_per_batch * batch + place % chunks_per_batch * rows_per_chunk;
}

int64_t ChunkLayout::end_row(int64_t place) const {
  return first_row(place + 1);
}

int64_t RunPlan::place_of(SampleId sample) const {
  if (rising) {
    const auto found = std::lower_bound(samples.begin(), samples.end(), sample);
    return found != samples.end() && *found == sample ? found - samples.begin() : -1;
  }
  const auto found =
      std::lower_bound(by_sample.begin(), by_sample.end(), sample,
                       [&](uint32_t place, SampleId id) { return samples[place] < id; });
  return found != by_sample.end() && samples[*found] == sample ? int64_t{*found} : -1;
}

std::shared_ptr<const RunPlan> make_plan(std::vector<SampleId> samples) {
  auto plan = std::make_shared<RunPlan>();
  plan->samples = std::move(samples);
  plan->rising = std::is_sorted(plan->samples.begin(), plan->samples.end());
  if (!plan->rising) {
    plan->by_sample.resize(plan->samples.size());
    std::iota(plan->by_sample.begin(), plan->by_sample.end(), 0U);
    std::sort(plan->by_sample.begin(), plan->by_sample.end(),
              [&](uint32_t a, uint32_t b) { return plan->samples[a] < plan->samples[b]; });
  }
  return plan;
}

std::shared_ptr<const RunPlan> read_plan(Connection& db, RunId run) {
  std::shared_ptr<const RunPlan>& slot = db.plan_cache()[run];
  if (slot == nullptr) {
    slot = make_plan(values_of<int64_t>(read_stream(db, find_stream(db, "run", run, "samples"))));
  }
  return slot;
}

}  // namespace errata::store
