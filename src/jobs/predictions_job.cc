#include "jobs/predictions_job.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <future>
#include <unordered_set>

#include "base/files.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "importers/registry.h"
#include "importers/yolo_layout.h"
#include "infer/pipeline.h"
#include "jobs/detection_rows.h"
#include "jobs/import_job.h"
#include "jobs/score_job.h"
#include "query/filter.h"
#include "store/classes.h"
#include "store/issues.h"
#include "store/object_sets.h"
#include "store/sample_files.h"
#include "store/snapshot_loader.h"

namespace errata::jobs {

namespace {

std::optional<PredictionKind> parse_kind(const std::string& kind) {
  if (kind.empty()) return std::nullopt;
  if (kind == "probabilities") return PredictionKind::kProbabilities;
  if (kind == "logits") return PredictionKind::kLogits;
  if (kind == "top-one") return PredictionKind::kTopOne;
  if (kind == "embedding") return PredictionKind::kEmbedding;
  if (kind == "detections") return PredictionKind::kDetections;
  throw Error(ErrorCategory::kUsage, fmt::format("there is no kind of predictions '{}'", kind),
              "Use --kind probabilities, logits, top-one, embedding or detections.");
}

std::string_view stored_kind(PredictionKind kind) {
  switch (kind) {
    case PredictionKind::kProbabilities:
    case PredictionKind::kLogits: return "probabilities";
    case PredictionKind::kTopOne: return "top_one";
    case PredictionKind::kEmbedding: return "embedding";
    case PredictionKind::kDetections: return "detections";
  }
  return "";
}

std::string stem_of(const std::string& path) {
  std::string name(base_name(path));
  while (!extension(name).empty() && extension(name).size() < name.size()) {
    name.resize(name.size() - extension(name).size());
  }
  std::string clean;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ||
                       c == '-' || c == '+' || c == ' ';
    clean += plain ? c : '_';
  }
  return clean.empty() ? "predictions" : clean;
}

// The samples of the store, found by whatever name a file gives them. Built by a worker while the
// file is looked at; until the first call of get() returns nobody else may use the store.
class SampleIndex {
 public:
  using Samples = DetectionRows::Samples;

  SampleIndex(store::Store& store, WorkerGroup& workers) : samples_(promise_.get_future()) {
    const auto build = [this, &store] {
      try {
        promise_.set_value(read(store));
      } catch (...) {
        promise_.set_exception(std::current_exception());
      }
    };
    if (workers.size() > 0) {
      workers.submit(build);
    } else {
      build();
    }
  }
  ~SampleIndex() { samples_.wait(); }
  SampleIndex(const SampleIndex&) = delete;
  SampleIndex& operator=(const SampleIndex&) = delete;

  const Samples& get() const { return samples_.get(); }

 private:
  static Samples read(store::Store& store) {
    Samples samples;
    for (const store::SampleFile& file : store::all_sample_files(store)) {
      std::string_view root = file.absolute_path;
      if (root.size() > file.path.size()) root.remove_suffix(file.path.size() + 1);
      samples.matcher.add(root, file.path, file.member, file.raw_id);
      samples.ids.push_back(file.id);
      samples.frames.push_back({file.orientation, static_cast<double>(file.width_px),
                                static_cast<double>(file.height_px)});
    }
    return samples;
  }

  std::promise<Samples> promise_;
  std::shared_future<Samples> samples_;
};

std::span<const float> slice(const std::vector<float>& values, size_t first, size_t count,
                             size_t columns) {
  return std::span(values).subspan(first * columns, count * columns);
}

// What was accepted, in the order of the file.
struct AcceptedRows {
  std::vector<SampleId> samples;
  std::vector<float> values;
  std::vector<ClassIndex> top;
  std::vector<float> confidence;
};

// First pass: finds the sample of each row, and keeps the values while they fit into memory.
class CollectingSink : public PredictionSink {
 public:
  CollectingSink(const SampleIndex& index, const PredictionsJobOptions& options,
                 JobContext& context)
      : index_(index), options_(options), context_(context) {}

  void begin(const PredictionHeader& header) override {
    header_ = header;
    if (header.kind == PredictionKind::kDetections) {
      detections_.emplace(index_.get(), header, options_.input_path, options_.store_path,
                          options_.memory_bytes / 4, context_);
    }
  }

  void rows(PredictionBatch&& batch) override {
    context_.cancel.check();
    if (detections_) return detections_->take(std::move(batch));
    for (size_t i = 0; i < batch.keys.size(); ++i) {
      const bool taken = take(batch.keys[i], batch.places[i]);
      accepted_.push_back(taken);
      if (!taken || !keeps_values_) continue;
      if (header_.kind == PredictionKind::kTopOne) {
        kept_.top.push_back(batch.top[i]);
        kept_.confidence.push_back(batch.confidence[i]);
      } else {
        const auto row = slice(batch.values, i, 1, header_.columns);
        kept_.values.insert(kept_.values.end(), row.begin(), row.end());
        keeps_values_ = kept_.values.size() * sizeof(float) <= options_.memory_bytes;
      }
    }
    if (!keeps_values_) kept_.values = {};
  }

  void end(uint64_t seen) override { seen_ = seen; }

  const PredictionHeader& header() const { return header_; }
  const importers::MatchCounts& matches() const { return matches_; }
  uint64_t seen() const { return seen_; }
  bool keeps_values() const { return keeps_values_; }
  // Of every row that the reader handed over: whether it was taken.
  const std::vector<bool>& accepted() const { return accepted_; }
  const AcceptedRows& kept() const { return kept_; }
  const std::string& first_missing() const { return first_missing_; }
  // Of a file of detections; else nullptr.
  const DetectionRows* detections() const { return detections_ ? &*detections_ : nullptr; }
  DetectionRows* detections() { return detections_ ? &*detections_ : nullptr; }

 private:
  bool take(const std::string& key, const std::string& place) {
    const importers::Match match = index_.get().matcher.find(key);
    matches_.add(match.method);
    if (!match.found()) {
      if (first_missing_.empty()) first_missing_ = key;
      const bool ambiguous = match.method == importers::MatchMethod::kAmbiguous;
      context_.issues.reject(ambiguous ? "ambiguous-sample" : "unknown-sample", options_.input_path,
                             place, shorten_utf8(to_valid_utf8(key), 200),
                             ambiguous ? "Several samples fit this name equally well."
                                       : "No sample of the store has this name.",
                             ambiguous ? "Give the path below the source's root."
                                       : "Import the image first, or correct the name.");
      return false;
    }
    const SampleId id = index_.get().ids[match.index];
    if (!seen_samples_.insert(id).second) {
      context_.issues.reject(
          "duplicate-prediction", options_.input_path, place, shorten_utf8(to_valid_utf8(key), 200),
          "An earlier row is about the same sample; that one counts.", "Keep one row per sample.");
      return false;
    }
    kept_.samples.push_back(id);
    return true;
  }

  const SampleIndex& index_;
  const PredictionsJobOptions& options_;
  JobContext& context_;
  PredictionHeader header_;
  importers::MatchCounts matches_;
  std::unordered_set<SampleId> seen_samples_;
  std::vector<bool> accepted_;
  AcceptedRows kept_;
  bool keeps_values_ = true;
  uint64_t seen_ = 0;
  std::string first_missing_;
  std::optional<DetectionRows> detections_;
};

void write_rows(store::RunWriter& writer, const PredictionHeader& header, AcceptedRows& rows,
                size_t first_row, size_t count) {
  if (header.kind == PredictionKind::kLogits) infer::softmax_rows(rows.values, header.columns);
  constexpr size_t kSlab = 8192;
  for (size_t first = 0; first < count; first += kSlab) {
    const size_t n = std::min(kSlab, count - first);
    store::RunRows slab;
    if (header.kind == PredictionKind::kTopOne) {
      slab.top = std::span(rows.top).subspan(first, n);
      slab.confidence = std::span(rows.confidence).subspan(first, n);
    } else if (header.kind == PredictionKind::kEmbedding) {
      slab.embeddings = slice(rows.values, first, n, header.columns);
    } else {
      slab.probabilities = slice(rows.values, first, n, header.columns);
    }
    writer.write(first_row + first, slab);
  }
}

// Second pass over a file whose values did not fit into memory.
class StreamingSink : public PredictionSink {
 public:
  StreamingSink(store::RunWriter& writer, const std::vector<bool>& accepted, JobContext& context)
      : writer_(writer), accepted_(accepted), context_(context) {}

  void begin(const PredictionHeader& header) override { header_ = header; }
  void rows(PredictionBatch&& batch) override {
    context_.cancel.check();
    AcceptedRows rows;
    size_t count = 0;
    for (size_t i = 0; i < batch.keys.size(); ++i, ++offered_) {
      if (offered_ >= accepted_.size() || !accepted_[offered_]) continue;
      const auto row = slice(batch.values, i, 1, header_.columns);
      rows.values.insert(rows.values.end(), row.begin(), row.end());
      ++count;
    }
    write_rows(writer_, header_, rows, written_, count);
    written_ += count;
  }
  void end(uint64_t) override {}

 private:
  store::RunWriter& writer_;
  const std::vector<bool>& accepted_;
  JobContext& context_;
  PredictionHeader header_;
  size_t offered_ = 0;
  size_t written_ = 0;
};

void check_trained_on(store::Store& store, const std::string& trained_on) {
  if (trained_on.empty()) return;
  const Snapshot snapshot = store::load_snapshot(store, {});
  query::parse_typed_filter(trained_on, snapshot.samples);
}

Error nothing_matched(const CollectingSink& sink, const SampleIndex& index,
                      const PredictionsJobOptions& options, const IssueLog& issues) {
  if (index.get().ids.empty()) {
    return Error(ErrorCategory::kBadInput, "the store has no samples to attach predictions to",
                 "Import the images first: `errata import SOURCE`.", options.store_path);
  }
  if (sink.detections() != nullptr) {
    const bool named = !sink.detections()->first_missing().empty();
    const std::vector<Issue> first = issues.issues();
    if (named) {
      return Error(
          ErrorCategory::kBadInput, "none of the detections is of a sample of the store",
          fmt::format("The first image was '{}'.",
                      shorten_utf8(to_valid_utf8(sink.detections()->first_missing()), 200)),
          options.input_path);
    }
    return Error(ErrorCategory::kBadInput, "no detection of this file could be taken",
                 first.empty() ? "It holds none: a detector that found nothing, or another file."
                               : fmt::format("{}: {}.", first[0].place, first[0].message),
                 options.input_path);
  }
  if (sink.accepted().empty()) {
    const std::vector<Issue> first = issues.issues();
    return Error(ErrorCategory::kBadInput, "no row of this file could be taken",
                 first.empty() ? "The file holds no rows."
                               : fmt::format("{}: {}.", first[0].place, first[0].message),
                 options.input_path);
  }
  return Error(ErrorCategory::kBadInput,
               fmt::format("none of the {} rows names a sample of the store ({})",
                           with_thousands(sink.accepted().size()), sink.matches().to_text()),
               fmt::format("The first name was '{}'.",
                           shorten_utf8(to_valid_utf8(sink.first_missing()), 200)),
               options.input_path);
}

store::RunSpec run_spec(const PredictionsJobOptions& options, const PredictionHeader& header) {
  store::RunSpec spec;
  spec.name = options.run_name.empty() ? stem_of(options.input_path) : options.run_name;
  spec.kind = stored_kind(header.kind);
  spec.model_path = absolute_path(options.input_path);
  spec.classes = header.classes;
  spec.batch_size = 1;
  spec.trained_on = options.trained_on;
  spec.who = options.who;
  if (header.kind == PredictionKind::kEmbedding) spec.embedding_columns = header.columns;
  return spec;
}

// The kpt_shape of the first YOLO source that has one.
importers::YoloKeyPoints key_points_of_project(store::Store& store) {
  const store::Transaction transaction(store.db(), store::Transaction::Kind::kRead);
  for (const store::ObjectSet& set : store::read_object_sets(store.db())) {
    for (const auto& document : store::read_documents(store.db(), set.id)) {
      const std::string suffix = extension(document.name);
      if (suffix != ".yaml" && suffix != ".yml") continue;
      const importers::YoloKeyPoints found = importers::yolo_key_points(document.text);
      if (found.points > 0) return found;
    }
  }
  return {};
}

std::vector<std::string> lacking(const ClassMap& model, const ClassMap& project) {
  std::vector<std::string> names;
  for (const ClassEntry& entry : model.entries()) {
    if (project.find(entry.name) == kNoClass) names.push_back(entry.name);
  }
  return names;
}

}  // namespace

void PredictionsJobOptions::check() const {
  if (input_path.empty()) {
    throw Error(ErrorCategory::kUsage, "no file with predictions was given",
                "Name a file: `errata predictions probs.npy`.");
  }
  parse_kind(kind);
}

std::string PredictionsJobReport::closing_line() const {
  return jobs::closing_line(accepted, rejected, warned);
}

PredictionsJobReport attach_predictions(const PredictionsJobOptions& options, JobContext& context) {
  options.check();
  const auto start = std::chrono::steady_clock::now();
  const auto choice = importers::choose_prediction_reader(options.input_path, options.format);
  context.tell("format: " + choice.reason);
  store::Store store = store::Store::open(options.store_path, store::Access::kWrite);
  check_trained_on(store, options.trained_on);
  const ClassMap project = store::project_classes(store);

  importers::PredictionInput input{options.input_path,
                                   options.files_list,
                                   options.member,
                                   parse_kind(options.kind),
                                   project,
                                   false,
                                   context.progress,
                                   context.cancel,
                                   context.issues};
  if (!options.class_map.empty()) {
    input.classes = importers::read_class_list(options.class_map);
    input.classes_are_the_models = true;
  }
  input.category_base = options.category_base;
  input.parallel_for = context.workers.as_parallel_for();
  input.memory_bytes = options.memory_bytes;
  input.images_root = options.images_root;
  if (choice.reader->name() == "yolo") input.key_points = key_points_of_project(store);
  const SampleIndex index(store, context.workers);
  CollectingSink sink(index, options, context);
  choice.reader->run(input, sink);
  index.get();
  DetectionRows* detections = sink.detections();
  if (detections == nullptr ? sink.kept().samples.empty() : detections->size() == 0)
    throw nothing_matched(sink, index, options, context.issues);

  const store::RunSpec spec = run_spec(options, sink.header());
  const std::vector<SampleId> plan =
      detections == nullptr ? sink.kept().samples : detections->plan(store);
  {
    store::RunWriter writer(
        store, spec, plan,
        options.replace ? store::OnExistingRun::kReplace : store::OnExistingRun::kRefuse);
    if (detections != nullptr) {
      detections->write(writer, plan);
    } else if (sink.keeps_values()) {
      AcceptedRows rows = sink.kept();
      write_rows(writer, sink.header(), rows, 0, rows.samples.size());
    } else {
      IssueLog told_before;
      const importers::PredictionInput again{
          input.path,     input.files_list, input.member,
          input.kind,     input.classes,    input.classes_are_the_models,
          input.progress, input.cancel,     told_before};
      StreamingSink streaming(writer, sink.accepted(), context);
      choice.reader->run(again, streaming);
    }
    writer.finish();
  }
  if (detections == nullptr) store_label_scores(store, spec.name, context);
  store::put_issues(store, "predictions", spec.name, context.issues.issues());
  store.close();

  PredictionsJobReport report;
  report.format = choice.reader->name();
  report.reason = choice.reason;
  report.kind = sink.header().kind == PredictionKind::kLogits ? "logits" : spec.kind;
  report.run = spec.name;
  report.matches = detections == nullptr ? sink.matches() : detections->matches();
  report.seen = sink.seen();
  report.rejected = context.issues.rejected();
  report.warned = context.issues.warned();
  report.accepted = report.seen - std::min(report.seen, report.rejected);
  report.covered = plan.size();
  report.without_prediction = index.get().ids.size() - plan.size();
  if (detections != nullptr) context.tell(sink.header().reason);
  report.classes = sink.header().classes.size();
  report.classes_not_in_project = lacking(sink.header().classes, project);
  report.issue_kinds = context.issues.count_by_kind();
  report.elapsed_secs =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace errata::jobs
