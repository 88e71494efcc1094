#include "infer/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "base/finite.h"
#include "infer/preprocess.h"

namespace errata::infer {

namespace {

// Finished batches that may wait for an earlier one, for each worker: two let a worker go on while
// its neighbour is in a slow batch, and bound what waits to a few megabytes.
constexpr size_t kBatchesAheadPerWorker = 2;

constexpr float kNull = std::numeric_limits<float>::quiet_NaN();

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A finished batch on its way to the sink.
struct Finished {
  size_t number = 0;
  std::vector<RowStatus> status;
  RunOutput output;
  std::vector<uint32_t> detection_counts;  // detectors
  std::vector<Detection> detections;
};

// How the picture of a detector came from its file: what leads its boxes back.
struct Origin {
  media::Size upright;
  int orientation = 1;
};

class Pass {
 public:
  Pass(std::span<const InferItem> plan, const ModelSpec& spec, Runner& runner,
       media::SampleReader& reader, const PipelineOptions& options, Progress& progress,
       const CancelToken& cancel, IssueLog& issues)
      : plan_(plan),
        options_(options),
        runner_(runner),
        info_(runner.info()),
        batch_size_(options.batch == 0 ? info_.capacity : options.batch),
        reader_(reader),
        preprocessor_(spec),
        progress_(progress),
        cancel_(cancel),
        issues_(issues) {}

  PipelineReport run(WorkerGroup& workers, OutputSink& sink);

 private:
  size_t batch_count() const { return (plan_.size() + batch_size_ - 1) / batch_size_; }
  bool was_done(size_t batch) const {
    return batch < options_.batches_done.size() && options_.batches_done[batch];
  }
  std::span<const InferItem> items_of(size_t batch) const {
    const size_t first = batch * batch_size_;
    return plan_.subspan(first, std::min(batch_size_, plan_.size() - first));
  }

  void work(size_t slot);
  // The next batch to compute, waiting until it is not too far ahead of the sink; nothing at the
  // end.
  std::optional<size_t> claim();
  void compute(size_t slot, size_t batch);
  // Fills the slot's input from the items; how many could be read.
  size_t prepare_batch(size_t slot, std::span<const InferItem> items, Finished& finished,
                       std::vector<Origin>& origins);
  bool decode(const InferItem& item, media::Decoded& decoded);
  bool prepare_image(const InferItem& item, float* values, Origin& origin);
  // Whole batches of a detector: of fixed inputs, and picture by picture.
  void take_detections(std::span<const InferItem> items, std::span<const Origin> origins,
                       Finished& finished);
  void compute_pictures(size_t slot, std::span<const InferItem> items, Finished& finished,
                        double& prepare_secs);
  void keep_detections(size_t item, std::vector<Detection>&& found, Finished& finished);
  void reject_not_finite(const InferItem& item);
  void forward(size_t slot, std::span<const InferItem> items, size_t readable,
               std::span<const Origin> origins, Finished& finished);
  void judge(std::span<const InferItem> items, Finished& finished);
  void check_kind(const Finished& finished);
  void deliver(OutputSink& sink);
  void fail(std::exception_ptr error);
  void leave();

  const std::span<const InferItem> plan_;
  const PipelineOptions& options_;
  Runner& runner_;
  const RunnerInfo info_;
  const size_t batch_size_;
  media::SampleReader& reader_;
  const Preprocessor preprocessor_;
  Progress& progress_;
  const CancelToken& cancel_;
  IssueLog& issues_;

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t next_to_claim_ = 0;
  size_t next_to_sink_ = 0;
  size_t ahead_limit_ = 0;
  size_t working_ = 0;
  bool stopping_ = false;
  std::exception_ptr error_;
  std::map<size_t, Finished> finished_;  // by batch number
  PipelineReport report_;                // counters under mutex_
  std::atomic<bool> told_kind_{false};
};

void Pass::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  stopping_ = true;
  changed_.notify_all();
}

void Pass::leave() {
  const std::lock_guard lock(mutex_);
  --working_;
  changed_.notify_all();
}

std::optional<size_t> Pass::claim() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    while (next_to_claim_ < batch_count() && was_done(next_to_claim_)) ++next_to_claim_;
    if (next_to_claim_ >= batch_count()) return std::nullopt;
    if (finished_.size() < ahead_limit_ || next_to_claim_ == next_to_sink_) {
      return next_to_claim_++;
    }
    changed_.wait(lock);
  }
  return std::nullopt;
}

void Pass::work(size_t slot) {
  try {
    while (const std::optional<size_t> batch = claim()) compute(slot, *batch);
  } catch (...) {
    fail(std::current_exception());
  }
  leave();
}

std::string place_of(const InferItem& item) {
  return item.member >= 0 ? fmt::format("member {}", item.member) : "";
}

bool Pass::decode(const InferItem& item, media::Decoded& decoded) {
  media::DecodeOptions decode;
  decode.apply_orientation = preprocessor_.spec().apply_orientation;
  decoded = reader_.read(item.path, item.member, decode);
  if (decoded.ok()) return true;
  issues_.reject(std::string(media::issue_kind(decoded.status)), item.path, place_of(item), "",
                 decoded.message, "replace the file, or exclude the sample");
  return false;
}

bool Pass::prepare_image(const InferItem& item, float* values, Origin& origin) {
  media::Decoded decoded;
  if (!decode(item, decoded)) return false;
  origin = {{decoded.image.width_px, decoded.image.height_px}, decoded.orientation};
  std::string why;
  const TensorLayout layout =
      info_.channels_last ? TensorLayout::kChannelsLast : TensorLayout::kChannelsFirst;
  if (!preprocessor_.run(decoded.image, layout, values, why)) {
    issues_.reject("wrong-size-image", item.path, place_of(item), "", why,
                   "give the model description a \"resize\" or a \"crop\"");
    return false;
  }
  return true;
}

size_t Pass::prepare_batch(size_t slot, std::span<const InferItem> items, Finished& finished,
                           std::vector<Origin>& origins) {
  float* input = runner_.input(slot);
  size_t readable = 0;
  for (size_t i = 0; i < items.size() && !cancel_.cancelled(); ++i) {
    float* values = input + i * info_.input_values;
    if (prepare_image(items[i], values, origins[i])) {
      ++readable;
    } else {
      // The batch keeps its shape, so that its other rows do not depend on what could be read.
      std::fill_n(values, info_.input_values, 0.0f);
      finished.status[i] = RowStatus::kUnreadable;
    }
  }
  return readable;
}

void throw_failure(const RunnerFailure& failure) {
  if (!failure.failed()) return;
  throw Error(static_cast<ErrorCategory>(failure.category), failure.message, failure.hint);
}

void Pass::compute(size_t slot, size_t batch) {
  const std::span<const InferItem> items = items_of(batch);
  Finished finished;
  finished.number = batch;
  finished.status.assign(items.size(), RowStatus::kOk);
  const Clock::time_point start = Clock::now();
  double prepare_secs = 0;
  if (preprocessor_.spec().output_kind == OutputKind::kTorchvision) {
    compute_pictures(slot, items, finished, prepare_secs);
  } else {
    std::vector<Origin> origins(items.size());
    const size_t readable = prepare_batch(slot, items, finished, origins);
    prepare_secs = seconds_since(start);
    if (!cancel_.cancelled()) forward(slot, items, readable, origins, finished);
  }
  if (cancel_.cancelled()) return fail(nullptr);
  const double forward_secs = seconds_since(start) - prepare_secs;
  progress_.add(items.size());
  const std::lock_guard lock(mutex_);
  report_.prepare_secs += prepare_secs;
  report_.forward_secs += forward_secs;
  finished_.emplace(batch, std::move(finished));
  changed_.notify_all();
}

void Pass::forward(size_t slot, std::span<const InferItem> items, size_t readable,
                   std::span<const Origin> origins, Finished& finished) {
  const bool detector = preprocessor_.spec().is_detector();
  if (readable > 0) {
    throw_failure(runner_.run(slot, items.size(), finished.output));
  } else if (!detector) {
    finished.output.values.assign(items.size() * info_.classes, kNull);
    finished.output.embeddings.assign(items.size() * info_.embedding_columns, kNull);
    finished.output.stages.assign(items.size() * info_.stage_columns, kNull);
  }
  if (detector) {
    take_detections(items, origins, finished);
  } else {
    judge(items, finished);
  }
}

void Pass::reject_not_finite(const InferItem& item) {
  issues_.reject(
      "not-finite-output", item.path, place_of(item), "",
      "the model gave NaN or infinity for this image",
      info_.precision == "fp32" ? "look at the image, and at the model" : "try --precision fp32");
}

void Pass::keep_detections(size_t item, std::vector<Detection>&& found, Finished& finished) {
  finished.detection_counts[item] = static_cast<uint32_t>(found.size());
  std::move(found.begin(), found.end(), std::back_inserter(finished.detections));
}

// Decoded and suppressed by the worker, so that what waits for the sink is small.
void Pass::take_detections(std::span<const InferItem> items, std::span<const Origin> origins,
                           Finished& finished) {
  const ModelSpec& spec = preprocessor_.spec();
  const bool anchors = spec.output_kind == OutputKind::kYolo;
  const size_t rows = info_.output_shape.at(0);
  const size_t columns = info_.output_shape.at(1);
  const size_t classes = spec.class_names.size();
  finished.detection_counts.assign(items.size(), 0);
  for (size_t i = 0; i < items.size(); ++i) {
    if (finished.status[i] != RowStatus::kOk) continue;
    const std::span<const float> values(finished.output.values.data() + i * rows * columns,
                                        rows * columns);
    if (!all_finite(values)) {
      finished.status[i] = RowStatus::kNotFinite;
      reject_not_finite(items[i]);
      continue;
    }
    std::vector<Detection> found =
        anchors ? detections_of_anchors(values, rows, classes, options_.detect)
                : detections_of_rows(values, columns, classes, options_.detect);
    to_image(found, letterbox_of(origins[i].upright, spec.input_px));
    const bool swapped = media::orientation_swaps_sides(origins[i].orientation);
    const media::Size upright = origins[i].upright;
    to_stored(found, origins[i].orientation,
              swapped ? media::Size{upright.height_px, upright.width_px} : upright);
    keep_detections(i, std::move(found), finished);
  }
  finished.output = RunOutput();
}

// One picture in memory at a time.
void Pass::compute_pictures(size_t slot, std::span<const InferItem> items, Finished& finished,
                            double& prepare_secs) {
  const ModelSpec& spec = preprocessor_.spec();
  finished.detection_counts.assign(items.size(), 0);
  for (size_t i = 0; i < items.size() && !cancel_.cancelled(); ++i) {
    const Clock::time_point start = Clock::now();
    media::Decoded decoded;
    if (!decode(items[i], decoded)) {
      finished.status[i] = RowStatus::kUnreadable;
      continue;
    }
    prepare_secs += seconds_since(start);
    const media::Image& image = decoded.image;
    ObjectOutput output;
    throw_failure(
        runner_.run_picture(slot, image.pixels.data(), image.width_px, image.height_px, output));
    if (!all_finite(output.boxes) || !all_finite(output.scores)) {
      finished.status[i] = RowStatus::kNotFinite;
      reject_not_finite(items[i]);
      continue;
    }
    size_t background = 0;
    keep_detections(i,
                    detections_of_objects(std::move(output), {image.width_px, image.height_px},
                                          spec.first_label, spec.class_names.size(),
                                          options_.detect, background),
                    finished);
    if (background > 0 && !told_kind_.exchange(true)) {
      issues_.warn("background-label", items[i].path, place_of(items[i]), "",
                   "the model gave label 0, which torchvision keeps for the background: such boxes "
                   "are left out",
                   "if it is a class, write \"first_label\": 0 into the model description");
    }
  }
}

// Softmax, and NULL for the rows that have no meaning.
void Pass::judge(std::span<const InferItem> items, Finished& finished) {
  check_kind(finished);
  const size_t k = info_.classes;
  const size_t d = info_.embedding_columns;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::span<float> row(finished.output.values.data() + i * k, k);
    const std::span<float> embedding(finished.output.embeddings.data() + i * d, d);
    const std::span<float> stages(finished.output.stages.data() + i * info_.stage_columns,
                                  info_.stage_columns);
    if (finished.status[i] == RowStatus::kOk && (!all_finite(row) || !all_finite(embedding))) {
      finished.status[i] = RowStatus::kNotFinite;
      reject_not_finite(items[i]);
    }
    if (finished.status[i] != RowStatus::kOk) {
      std::fill(row.begin(), row.end(), kNull);
      std::fill(embedding.begin(), embedding.end(), kNull);
      std::fill(stages.begin(), stages.end(), kNull);
    } else if (preprocessor_.spec().output_kind == OutputKind::kLogits) {
      softmax_rows(row, k);
    }
  }
}

// Warns once when the outputs are not of the kind that the description says.
void Pass::check_kind(const Finished& finished) {
  if (told_kind_.load()) return;
  // Sums of a few thousand bfloat16 probabilities are off by about this much.
  constexpr double kSumTolerance = 0.02;
  const size_t k = info_.classes;
  bool all_probabilities = true;
  size_t rows = 0;
  for (size_t i = 0; i < finished.status.size(); ++i) {
    if (finished.status[i] != RowStatus::kOk) continue;
    const std::span<const float> row(finished.output.values.data() + i * k, k);
    if (!all_finite(row)) continue;
    ++rows;
    double sum = 0;
    bool in_range = true;
    for (const float value : row) {
      sum += value;
      in_range = in_range && value >= -1e-3f && value <= 1.001f;
    }
    all_probabilities = all_probabilities && in_range && std::abs(sum - 1) <= kSumTolerance;
  }
  if (rows == 0) return;
  const bool says_logits = preprocessor_.spec().output_kind == OutputKind::kLogits;
  if (says_logits && all_probabilities && rows >= 2 && k >= 2 && !told_kind_.exchange(true)) {
    issues_.warn(
        "not-logits", "", "", "",
        "the outputs are in [0, 1] and sum to 1: they look like probabilities, and softmax "
        "was applied to them",
        "write \"output\": \"probabilities\" into the model description");
  }
  if (!says_logits && !all_probabilities && !told_kind_.exchange(true)) {
    issues_.warn(
        "not-probabilities", "", "", "",
        "the model description says probabilities, but the outputs are not in [0, 1] or do "
        "not sum to 1",
        "write \"output\": \"logits\" into the model description");
  }
}

// Hands finished batches on in order until all are, or the pass stops.
void Pass::deliver(OutputSink& sink) {
  for (size_t batch = 0; batch < batch_count(); ++batch) {
    if (was_done(batch)) {
      progress_.add(items_of(batch).size());
      const std::lock_guard lock(mutex_);
      report_.skipped += items_of(batch).size();
      next_to_sink_ = batch + 1;
      changed_.notify_all();
      continue;
    }
    Finished finished;
    {
      std::unique_lock lock(mutex_);
      next_to_sink_ = batch;
      changed_.notify_all();
      changed_.wait(lock, [&] { return stopping_ || finished_.count(batch) > 0; });
      const auto found = finished_.find(batch);
      if (found == finished_.end()) return;
      finished = std::move(found->second);
      finished_.erase(found);
    }
    for (const RowStatus status : finished.status) {
      ++report_.images;
      report_.ok += status == RowStatus::kOk;
      report_.unreadable += status == RowStatus::kUnreadable;
      report_.not_finite += status == RowStatus::kNotFinite;
    }
    report_.detections += finished.detections.size();
    sink.batch({batch, batch * batch_size_, items_of(batch), finished.status,
                finished.output.values, finished.output.embeddings, finished.output.stages,
                finished.detection_counts, finished.detections});
  }
}

PipelineReport Pass::run(WorkerGroup& workers, OutputSink& sink) {
  const Clock::time_point start = Clock::now();
  const size_t count = std::min(workers.size(), info_.slots);
  const bool detector = preprocessor_.spec().is_detector();
  if (count < 1 || batch_size_ < 1 || batch_size_ > info_.capacity ||
      info_.input_values != preprocessor_.value_count() ||
      (detector && preprocessor_.spec().class_names.empty())) {
    throw Error(ErrorCategory::kInternal,
                "the inference pass was called with a runner, batch or workers that do not fit");
  }
  sink.begin(info_);
  ahead_limit_ = count * kBatchesAheadPerWorker;
  working_ = count;
  for (size_t slot = 0; slot < count; ++slot) {
    workers.submit([this, slot] { work(slot); });
  }
  try {
    deliver(sink);
  } catch (...) {
    fail(std::current_exception());
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return working_ == 0; });
  }
  if (error_) std::rethrow_exception(error_);
  cancel_.check();
  report_.elapsed_secs = seconds_since(start);
  return report_;
}

}  // namespace

PipelineReport run_pipeline(std::span<const InferItem> plan, const ModelSpec& spec, Runner& runner,
                            media::SampleReader& reader, const PipelineOptions& options,
                            WorkerGroup& workers, Progress& progress, const CancelToken& cancel,
                            IssueLog& issues, OutputSink& sink) {
  return Pass(plan, spec, runner, reader, options, progress, cancel, issues).run(workers, sink);
}

void softmax_rows(std::span<float> logits, size_t columns) {
  for (size_t begin = 0; columns > 0 && begin + columns <= logits.size(); begin += columns) {
    const std::span<float> row = logits.subspan(begin, columns);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float value : row) sum += std::exp(value - largest);
    for (float& value : row) value = static_cast<float>(std::exp(value - largest) / sum);
  }
}

}  // namespace errata::infer
