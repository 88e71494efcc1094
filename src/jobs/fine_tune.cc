#include "jobs/fine_tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <numbers>
#include <set>

#include "analysis/probe.h"
#include "base/files.h"
#include "base/finite.h"
#include "base/hash.h"
#include "base/random.h"
#include "infer/load_head_device.h"
#include "infer/load_tuner.h"
#include "infer/preprocess.h"
#include "jobs/image_pass.h"
#include "store/sample_files.h"

namespace errata::jobs {

namespace {

constexpr size_t kBatch = 32;
constexpr size_t kEpochs = 3;
constexpr size_t kLeastSteps = 240;  // of few samples, more epochs
constexpr double kRate = 2e-4;       // at its highest, of the model's own weights
constexpr double kWarmUp = 0.15;     // of the steps
constexpr float kSmoothing = 0.1f;   // of a label, over all classes
constexpr size_t kMovesPart = 10;    // pictures move by up to a tenth of their side

infer::ModelSpec spec_of(const store::RunInfo& run) {
  const std::string& name = run.spec.name;
  if (run.spec.preprocessing_json.empty()) {
    throw Error(
        ErrorCategory::kNotFound,
        fmt::format("the embeddings of run '{}' came from a file, not from a model here", name),
        "`errata infer --model FILE` makes embeddings of a model that can be fine-tuned.");
  }
  infer::ModelSpec spec =
      infer::parse_model_spec(run.spec.preprocessing_json, fmt::format("run '{}'", name)).spec;
  if (spec.is_detector()) {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("the model of run '{}' is a detector: it cannot be fine-tuned", name));
  }
  const std::string& path = run.spec.model_path;
  if (!file_exists(path)) {
    throw Error(ErrorCategory::kNotFound,
                fmt::format("the model of run '{}' is not there any more", name),
                "Put it back, or make the embeddings anew: `errata infer --model FILE`.", path);
  }
  if (to_hex(sha256_file(path)) != run.spec.model_sha256) {
    throw Error(ErrorCategory::kConflict,
                fmt::format("this is not the model any more that run '{}' was made with", name),
                "Make the embeddings anew: `errata infer --model FILE --replace`.", path);
  }
  return spec;
}

// The pictures as the model takes them, in bytes, on the disk.
class Pictures {
 public:
  Pictures(const FineTuneRequest& request, const infer::Preprocessor& preprocessor,
           LoadedState& state, JobContext& context)
      : bytes_(preprocessor.value_count()),
        file_(std::string(parent_path(absolute_path(state.store.path()))),
              bytes_ * request.rows.size()),
        known_(request.rows.size(), 0) {
    const infer::ModelSpec& spec = preprocessor.spec();
    std::vector<SampleId> ids;
    for (const RowIndex row : request.rows) ids.push_back(state.snapshot.ids[row]);
    const std::vector<store::SampleFile> files = store::sample_files(state.store, ids);
    media::DecodeOptions decode;
    decode.apply_orientation = spec.apply_orientation;
    std::mutex mutex;
    std::vector<Issue> wrong_size;
    unreadable_ = pass_over_images(files, "preparing pictures", decode, context,
                                   [&](const PassedImage& image) {
                                     if (!image.decoded.ok()) return;
                                     media::Image cut;
                                     std::string why;
                                     if (preprocessor.picture(image.decoded.image, cut, why)) {
                                       file_.write_at(image.index * bytes_, cut.pixels);
                                       known_[image.index] = 1;
                                       return;
                                     }
                                     const std::lock_guard lock(mutex);
                                     wrong_size.push_back({IssueSeverity::kWarning,
                                                           "wrong-size-image",
                                                           files[image.index].path,
                                                           {},
                                                           {},
                                                           why,
                                                           {}});
                                   });
    unreadable_.insert(unreadable_.end(), wrong_size.begin(), wrong_size.end());
  }

  bool known(size_t row) const { return known_[row] != 0; }
  const std::vector<Issue>& unreadable() const { return unreadable_; }
  void read(size_t row, media::Image& picture) const {
    file_.read_at(row * bytes_, picture.pixels);
  }

 private:
  size_t bytes_;
  ScratchFile file_;
  std::vector<uint8_t> known_;
  std::vector<Issue> unreadable_;
};

// `to` becomes `from` moved by `dx` and `dy`, its edges drawn out, and mirrored.
void move_picture(const media::Image& from, int64_t dx, int64_t dy, bool mirrored,
                  media::Image& to) {
  const auto channels = static_cast<size_t>(from.channels);
  for (int64_t y = 0; y < from.height_px; ++y) {
    const int64_t source_y = std::clamp<int64_t>(y + dy, 0, from.height_px - 1);
    const uint8_t* row = from.pixels.data() + source_y * from.width_px * from.channels;
    uint8_t* out = to.pixels.data() + y * from.width_px * from.channels;
    for (int64_t x = 0; x < from.width_px; ++x) {
      const int64_t across = mirrored ? from.width_px - 1 - x : x;
      const int64_t source_x = std::clamp<int64_t>(across + dx, 0, from.width_px - 1);
      std::copy_n(row + source_x * from.channels, channels, out);
      out += channels;
    }
  }
}

// What trains and asks the model of one fold.
class FoldTraining {
 public:
  FoldTraining(const FineTuneRequest& request, const Pictures& pictures,
               const infer::Preprocessor& preprocessor, infer::Tuner& tuner, size_t epochs,
               JobContext& context)
      : request_(request),
        pictures_(pictures),
        preprocessor_(preprocessor),
        tuner_(tuner),
        layout_(tuner.info().channels_last ? infer::TensorLayout::kChannelsLast
                                           : infer::TensorLayout::kChannelsFirst),
        epochs_(epochs),
        context_(context) {}

  void train(size_t fold, size_t slot) const {
    std::vector<size_t> rows =
        known_rows([&](uint8_t of_row) { return of_row != fold && of_row != analysis::kNoFold; });
    infer::check(tuner_.restart(slot));
    Rng rng(request_.seed, fold);
    const size_t steps = epochs_ * ((rows.size() + kBatch - 1) / kBatch);
    size_t step = 0;
    std::vector<float> targets;
    for (size_t epoch = 0; epoch < epochs_; ++epoch) {
      rng.shuffle(rows);
      for (size_t first = 0; first < rows.size(); first += kBatch) {
        context_.cancel.check();
        const size_t count = std::min(kBatch, rows.size() - first);
        targets.resize(count * request_.classes);
        for (size_t i = 0; i < count; ++i) {
          const size_t row = rows[first + i];
          show(row, slot, i, &rng, false);
          const std::span<float> target =
              std::span(targets).subspan(i * request_.classes, request_.classes);
          const float weight = request_.weights[row];
          std::fill(target.begin(), target.end(),
                    weight * kSmoothing / static_cast<float>(request_.classes));
          target[static_cast<size_t>(request_.labels[row])] += weight * (1 - kSmoothing);
        }
        infer::check(tuner_.learn(slot, count, targets.data(), rate(step, steps)));
        ++step;
        context_.progress.add(count);
      }
    }
  }

  std::vector<size_t> rows_of(uint8_t fold) const {
    return known_rows([&](uint8_t of_row) { return of_row == fold; });
  }

  // `take(i, probabilities)` for each of `rows`, in their order.
  template <typename Take>
  void ask(std::span<const size_t> rows, size_t slot, const Take& take) const {
    const size_t classes = request_.classes;
    std::vector<float> as_is(kBatch * classes);
    std::vector<float> mirrored(kBatch * classes);
    for (size_t first = 0; first < rows.size(); first += kBatch) {
      context_.cancel.check();
      const size_t count = std::min(kBatch, rows.size() - first);
      for (const bool mirror : {false, true}) {
        for (size_t i = 0; i < count; ++i) show(rows[first + i], slot, i, nullptr, mirror);
        infer::check(tuner_.ask(slot, count, (mirror ? mirrored : as_is).data()));
      }
      for (size_t i = 0; i < count * classes; ++i) as_is[i] = (as_is[i] + mirrored[i]) / 2;
      if (!all_finite(std::span(as_is).first(count * classes))) {
        throw Error(
            ErrorCategory::kUnsupported, "the model gives no finite numbers after fine-tuning",
            "Its embeddings can still be asked: `errata probe`.", request_.run.spec.model_path);
      }
      for (size_t i = 0; i < count; ++i) {
        take(first + i, std::span<const float>(as_is).subspan(i * classes, classes));
      }
      context_.progress.add(count);
    }
  }

 private:
  template <typename Wanted>
  std::vector<size_t> known_rows(const Wanted& wanted) const {
    std::vector<size_t> rows;
    for (size_t row = 0; row < request_.rows.size(); ++row) {
      if (wanted(request_.fold[row]) && pictures_.known(row)) rows.push_back(row);
    }
    return rows;
  }

  double rate(size_t step, size_t steps) const {
    const double at = (static_cast<double>(step) + 1) / (static_cast<double>(steps) + 1);
    if (at < kWarmUp) return kRate * at / kWarmUp;
    return kRate * (1 + std::cos(std::numbers::pi * (at - kWarmUp) / (1 - kWarmUp))) / 2;
  }

  // Moved and mirrored at random where there is an `rng`.
  void show(size_t row, size_t slot, size_t place, Rng* rng, bool mirrored) const {
    const infer::ModelSpec& spec = preprocessor_.spec();
    media::Image picture(spec.input_px.width_px, spec.input_px.height_px, spec.input_channels);
    pictures_.read(row, picture);
    int64_t dx = 0;
    int64_t dy = 0;
    if (rng != nullptr) {
      const auto moved = [&](int32_t side) {
        const int64_t most = side / static_cast<int32_t>(kMovesPart);
        return static_cast<int64_t>(rng->below(static_cast<uint64_t>(2 * most + 1))) - most;
      };
      mirrored = (rng->next() & 1) != 0;
      dx = moved(picture.width_px);
      dy = moved(picture.height_px);
    }
    if (mirrored || dx != 0 || dy != 0) {
      media::Image changed(picture.width_px, picture.height_px, picture.channels);
      move_picture(picture, dx, dy, mirrored, changed);
      std::swap(picture, changed);
    }
    preprocessor_.normalise(picture, layout_,
                            tuner_.input(slot) + place * preprocessor_.value_count());
  }

  const FineTuneRequest& request_;
  const Pictures& pictures_;
  const infer::Preprocessor& preprocessor_;
  infer::Tuner& tuner_;
  infer::TensorLayout layout_;
  size_t epochs_;
  JobContext& context_;
};

// A slot for each that works at the same time.
class Slots {
 public:
  explicit Slots(size_t count) {
    for (size_t slot = 0; slot < count; ++slot) free_.push_back(slot);
  }
  size_t take() {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [&] { return !free_.empty(); });
    const size_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(size_t slot) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(slot);
    }
    given_back_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<size_t> free_;
};

struct TunerSlot {
  TunerSlot(Slots& slots, infer::Tuner& of) : all(slots), tuner(of), number(slots.take()) {}
  ~TunerSlot() {
    tuner.forget(number);
    all.give_back(number);
  }
  TunerSlot(const TunerSlot&) = delete;
  TunerSlot& operator=(const TunerSlot&) = delete;
  Slots& all;
  infer::Tuner& tuner;
  size_t number;
};

// Throws where there is nothing to learn, or nothing to learn from.
size_t count_trained(const FineTuneRequest& request, const Pictures& pictures) {
  size_t known = 0;
  size_t trained = 0;
  std::set<ClassIndex> classes;
  for (size_t row = 0; row < request.rows.size(); ++row) {
    if (!pictures.known(row)) continue;
    ++known;
    if (request.fold[row] == analysis::kNoFold) continue;
    ++trained;
    classes.insert(request.labels[row]);
  }
  if (known == 0 && !pictures.unreadable().empty()) {
    const Issue& first = pictures.unreadable().front();
    throw Error(ErrorCategory::kBadInput, "no picture could be read: " + first.message, "",
                first.file);
  }
  if (classes.size() < 2) {
    throw Error(ErrorCategory::kBadInput,
                "fewer than two classes have a label: there is nothing to learn");
  }
  return trained;
}

// Those that have a row to judge. Throws where one of them leaves too little to learn from.
std::vector<uint8_t> trained_folds(const FineTuneRequest& request, const Pictures& pictures) {
  std::vector<uint8_t> fold(request.fold.begin(), request.fold.end());
  for (size_t row = 0; row < fold.size(); ++row) {
    if (!pictures.known(row)) fold[row] = analysis::kNoFold;
  }
  analysis::FoldsInUse used = analysis::folds_in_use(fold, request.labels, request.folds);
  if (used.all_taught) return std::move(used.folds);
  throw Error(ErrorCategory::kBadInput,
              "the labelled samples cannot be judged by a model that did not see them: outside one "
              "of the folds fewer than two classes are left to learn",
              "Near duplicates stay in one fold. It wants more labels, or more folds (--folds).");
}

size_t epochs_of(size_t trained_of_fold) {
  return std::max(kEpochs, (kLeastSteps * kBatch + trained_of_fold - 1) / trained_of_fold);
}

struct Loaded {
  std::unique_ptr<infer::Tuner> tuner;
  size_t slots = 1;
};

Loaded load(const FineTuneRequest& request, const infer::ModelSpec& spec, JobContext& context) {
  infer::RunnerOptions options;
  options.device = request.device;
  options.batch = kBatch;
  const size_t threads = context.workers.size() + 1;
  options.slots = options.device == "cpu" ? std::min(request.folds, threads) : 1;
  options.threads_per_slot = std::max<size_t>(1, threads / options.slots);
  context.progress.start_stage("loading the model", 0);
  return {infer::load_tuner(request.run.spec.model_path, spec, options, request.classes),
          options.slots};
}

// Sums of probabilities that do not depend on the order of the additions: in whole numbers.
class ProbabilitySums {
 public:
  explicit ProbabilitySums(size_t count) : sums_(count, 0) {}

  void add(size_t first, std::span<const float> probabilities) {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < probabilities.size(); ++i) {
      sums_[first + i] += static_cast<uint64_t>(double{probabilities[i]} * kOne);
    }
  }
  float mean(size_t at, size_t added) const {
    return static_cast<float>(static_cast<double>(sums_[at]) / kOne / static_cast<double>(added));
  }

 private:
  static constexpr double kOne = 0x1p56;  // so that 255 folds fit
  std::mutex mutex_;
  std::vector<uint64_t> sums_;
};

}  // namespace

double expected_fine_tune_secs(const FineTuneRequest& request, JobContext& context) {
  const infer::ModelSpec spec = spec_of(request.run);
  const auto [tuner, slots] = load(request, spec, context);
  const size_t rows = request.rows.size();
  const size_t trained = rows - static_cast<size_t>(std::count(request.labels.begin(),
                                                               request.labels.end(), kNoClass));
  const size_t of_fold = trained - trained / request.folds;
  if (of_fold == 0) return 0;
  const auto learnt = static_cast<double>(epochs_of(of_fold) * of_fold * request.folds);
  const auto asked = static_cast<double>(2 * (trained + (rows - trained) * request.folds));
  // Asking is a third of learning.
  const double steps = (learnt + asked / 3) / static_cast<double>(kBatch * slots);

  infer::check(tuner->restart(0));
  std::fill_n(tuner->input(0), kBatch * tuner->info().input_values, 0.25f);
  const std::vector<float> targets(kBatch * request.classes,
                                   1 / static_cast<float>(request.classes));
  // The quickest of them: the first makes what the others have.
  double secs = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3; ++i) {
    context.cancel.check();
    const auto start = std::chrono::steady_clock::now();
    infer::check(tuner->learn(0, kBatch, targets.data(), 0));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    secs = std::min(secs, taken.count());
  }
  return secs * steps;
}

FineTuned fine_tune(const FineTuneRequest& request, LoadedState& state, JobContext& context) {
  const infer::ModelSpec spec = spec_of(request.run);
  const infer::Preprocessor preprocessor(spec);
  const auto [tuner, slot_count] = load(request, spec, context);
  const Pictures pictures(request, preprocessor, state, context);
  const size_t trained = count_trained(request, pictures);

  FineTuned tuned;
  tuned.info = tuner->info();
  tuned.unreadable = pictures.unreadable();
  const std::vector<uint8_t> folds = trained_folds(request, pictures);
  const size_t of_fold = trained - trained / folds.size();
  tuned.epochs = epochs_of(of_fold);
  const FoldTraining training(request, pictures, preprocessor, *tuner, tuned.epochs, context);
  const size_t classes = request.classes;
  tuned.probabilities.assign(request.rows.size() * classes,
                             std::numeric_limits<float>::quiet_NaN());
  const std::vector<size_t> others = training.rows_of(analysis::kNoFold);
  ProbabilitySums of_others(others.size() * classes);
  context.progress.start_stage(
      "fine-tuning the model in folds",
      tuned.epochs * (folds.size() - 1) * trained + trained + folds.size() * others.size());
  Slots slots(slot_count);
  context.workers.parallel_for(folds.size(), 1, [&](size_t begin, size_t end) {
    for (size_t at = begin; at < end; ++at) {
      const TunerSlot slot(slots, *tuner);
      training.train(folds[at], slot.number);
      const std::vector<size_t> own = training.rows_of(folds[at]);
      training.ask(own, slot.number, [&](size_t i, std::span<const float> p) {
        std::copy(p.begin(), p.end(),
                  tuned.probabilities.begin() + static_cast<ptrdiff_t>(own[i] * classes));
      });
      training.ask(others, slot.number,
                   [&](size_t i, std::span<const float> p) { of_others.add(i * classes, p); });
    }
  });
  for (size_t i = 0; i < others.size(); ++i) {
    for (size_t k = 0; k < classes; ++k) {
      tuned.probabilities[others[i] * classes + k] = of_others.mean(i * classes + k, folds.size());
    }
  }
  return tuned;
}

}  // namespace errata::jobs
