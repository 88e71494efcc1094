#include "jobs/infer_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "infer/load_runner.h"
#include "infer/model_spec.h"
#include "jobs/existing_run.h"
#include "jobs/loaded_state.h"
#include "jobs/score_job.h"
#include "media/reader.h"
#include "query/filter.h"
#include "store/classes.h"
#include "store/issues.h"
#include "store/roots.h"
#include "store/runs.h"
#include "store/sample_files.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

std::string run_name_of(const InferJobOptions& options) {
  if (!options.run_name.empty()) return options.run_name;
  std::string name(base_name(options.model_path));
  const size_t dot = name.rfind('.');
  if (dot != std::string::npos && dot > 0) name.resize(dot);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) == 0 &&
               std::string_view("._-+ ").find(c) == std::string_view::npos;
      },
      '_');
  return name.empty() ? "model" : name;
}

std::vector<SampleId> plan_of(const InferJobOptions& options) {
  const LoadedState state = load_state({options.store_path, "", options.where, false});
  if (!options.trained_on.empty()) {
    query::parse_typed_filter(options.trained_on, state.snapshot.samples);
  }
  std::vector<SampleId> ids;
  state.selection.for_each([&](RowIndex row) { ids.push_back(state.snapshot.ids[row]); });
  if (ids.empty()) {
    throw Error(ErrorCategory::kNotFound, "there are no samples to run the model on",
                options.where.empty() ? "Import images first: `errata import SOURCE`."
                                      : "No sample passes the filter.",
                options.store_path);
  }
  return ids;
}

std::vector<infer::InferItem> items_of(store::Store& store, const std::vector<SampleId>& plan) {
  std::vector<infer::InferItem> items;
  items.reserve(plan.size());
  for (store::SampleFile& file : store::sample_files(store, plan)) {
    items.push_back({file.id, std::move(file.absolute_path), file.member});
  }
  return items;
}

// A folder that is not mounted or has moved is told once, before the model is loaded, not once for
// every image in it.
void refuse_missing_roots(store::Store& store, const std::vector<infer::InferItem>& items) {
  for (const store::RootInfo& root : store::list_roots(store)) {
    if (is_directory(root.path)) continue;
    const bool needed = std::any_of(items.begin(), items.end(), [&](const infer::InferItem& item) {
      return item.path.starts_with(root.path + "/");
    });
    if (!needed) continue;
    throw Error(ErrorCategory::kNotFound, "the folder of the images is not there",
                fmt::format("Mount it, name its new place with `errata root set {} FOLDER`, or "
                            "leave its samples out with --where.",
                            root.id),
                root.path);
  }
}

// torchvision lists the background first, as label 0.
ClassMap without_background(const ClassMap& classes) {
  std::vector<std::string> names;
  for (const ClassEntry& entry : classes.entries()) {
    if (names.empty() && &entry == &classes.entries().front() &&
        (entry.name == "__background__" || entry.name == "background")) {
      continue;
    }
    names.push_back(entry.name);
  }
  return ClassMap(names);
}

// The model's class names: its own, those of --class-map, or the project's when their number fits.
// What torchvision's detectors have no names for is told by the labels they give, too late to
// count.
ClassMap classes_of(const InferJobOptions& options, const infer::ModelSpec& spec,
                    const infer::RunnerInfo& info, store::Store& store) {
  ClassMap classes;
  std::string origin = "its description";
  if (!options.class_map.empty()) {
    classes = importers::read_class_list(options.class_map);
    origin = options.class_map;
  } else if (!spec.class_names.empty()) {
    classes = ClassMap(spec.class_names);
  } else {
    classes = store::project_classes(store);
    origin = "the project";
  }
  if (spec.output_kind == infer::OutputKind::kTorchvision) {
    classes = without_background(classes);
    if (classes.empty()) {
      throw Error(
          ErrorCategory::kBadInput, fmt::format("{} names no class but the background", origin),
          "Give the names of the model's labels with --class-map FILE.", options.model_path);
    }
  }
  size_t expected = info.classes;
  if (spec.output_kind == infer::OutputKind::kYolo) {
    // Beyond the class scores there may be mask coefficients, of which only the names tell.
    expected = spec.class_names.empty() ? info.output_shape.at(0) - 4 : spec.class_names.size();
  } else if (spec.is_detector()) {
    expected = classes.size();
  }
  if (classes.size() == expected && !classes.empty()) return classes;
  throw Error(ErrorCategory::kBadInput,
              fmt::format("the model gives {} values per image, but {} names {} classes", expected,
                          origin, classes.size()),
              "Give its class names in output order with --class-map FILE.", options.model_path);
}

// The thresholds of a detector. Throws where one was given that cannot have an effect.
infer::DetectOptions detect_options(const InferJobOptions& options, const infer::ModelSpec& spec) {
  const bool any = options.confidence || options.iou || options.max_detections || options.agnostic;
  if (any && !spec.is_detector()) {
    throw Error(ErrorCategory::kUsage,
                "--confidence, --iou, --max-detections and --agnostic are for detectors",
                "This model gives one row of class values for each image. A detector's description "
                "says \"output\": \"yolo\" (or \"yolo_nms\").",
                options.model_path);
  }
  if ((options.iou || options.agnostic) && spec.output_kind != infer::OutputKind::kYolo) {
    throw Error(ErrorCategory::kUsage, "--iou and --agnostic have no effect on this model",
                "It suppresses overlapping boxes itself, with thresholds of its own.",
                options.model_path);
  }
  infer::DetectOptions detect;
  detect.confidence = options.confidence.value_or(detect.confidence);
  detect.iou = options.iou.value_or(detect.iou);
  detect.max_detections = options.max_detections.value_or(detect.max_detections);
  detect.agnostic = options.agnostic;
  return detect;
}

class StoringSink : public infer::OutputSink {
 public:
  explicit StoringSink(store::RunWriter& writer) : writer_(writer) {}

  void begin(const infer::RunnerInfo&) override {}
  void batch(const infer::InferBatch& batch) override {
    status_.clear();
    for (const infer::RowStatus status : batch.status) {
      status_.push_back(status == infer::RowStatus::kOk           ? store::RowStatus::kOk
                        : status == infer::RowStatus::kUnreadable ? store::RowStatus::kUnreadable
                                                                  : store::RowStatus::kNotFinite);
    }
    store::RunRows rows;
    rows.probabilities = batch.probabilities;
    rows.embeddings = batch.embeddings;
    rows.stages = batch.stages;
    rows.status = status_;
    take_detections(batch.detections);
    rows.detection_counts = batch.detection_counts;
    rows.detections = {class_index_, boxes_, confidence_, shapes_};
    writer_.write(batch.first, rows);
  }

 private:
  void take_detections(std::span<const infer::Detection> detections) {
    class_index_.clear();
    boxes_.clear();
    confidence_.clear();
    shapes_.clear();
    const bool masks = std::any_of(detections.begin(), detections.end(),
                                   [](const auto& d) { return !d.mask.counts.empty(); });
    for (const infer::Detection& d : detections) {
      class_index_.push_back(d.class_index);
      boxes_.push_back({d.x0, d.y0, double{d.x1} - d.x0, double{d.y1} - d.y0});
      confidence_.push_back(d.confidence);
      if (masks) shapes_.push_back(encode_shape({.mask = d.mask}));
    }
  }

  store::RunWriter& writer_;
  std::vector<store::RowStatus> status_;
  std::vector<ClassIndex> class_index_;
  std::vector<std::array<double, 4>> boxes_;
  std::vector<double> confidence_;
  std::vector<std::string> shapes_;
};

size_t batch_of(const InferJobOptions& options, const infer::RunnerInfo& info) {
  return options.batch > 0 ? options.batch : info.capacity;
}

// The thresholds are part of what a run is: one that goes on with others would be no run.
std::string preprocessing_json(const infer::ModelSpec& spec, const infer::DetectOptions& detect) {
  const std::string json = infer::model_spec_to_json(spec);
  if (!spec.is_detector()) return json;
  text::Json whole = text::parse_json(json, "the model description");
  whole["detect"] = text::Json::object({{"confidence", detect.confidence},
                                        {"iou", detect.iou},
                                        {"max_detections", detect.max_detections},
                                        {"agnostic", detect.agnostic}});
  return whole.dump();
}

store::RunSpec run_spec(const InferJobOptions& options, const infer::ModelSpec& spec,
                        const infer::DetectOptions& detect, const infer::RunnerInfo& info,
                        ClassMap classes) {
  store::RunSpec run;
  run.name = run_name_of(options);
  run.kind = spec.is_detector() ? "detections" : "probabilities";
  run.model_path = absolute_path(options.model_path);
  run.model_sha256 = to_hex(sha256_file(options.model_path));
  run.preprocessing_json = preprocessing_json(spec, detect);
  run.options_json = text::Json::object({{"where", options.where}, {"engine", info.engine}}).dump();
  run.classes = std::move(classes);
  run.device = info.device;
  run.precision = info.precision;
  run.batch_size = static_cast<int64_t>(batch_of(options, info));
  run.trained_on = options.trained_on;
  run.who = options.who;
  run.embedding_columns = info.embedding_columns;
  run.stage_columns = info.stage_columns;
  return run;
}

std::vector<bool> batches_done(size_t rows_done, size_t planned, size_t batch) {
  std::vector<bool> done((planned + batch - 1) / batch, false);
  const size_t whole = rows_done >= planned ? done.size() : rows_done / batch;
  std::fill(done.begin(), done.begin() + static_cast<std::ptrdiff_t>(whole), true);
  return done;
}

store::OnExistingRun on_existing(const InferJobOptions& options) {
  if (options.resume) return store::OnExistingRun::kResume;
  return options.replace ? store::OnExistingRun::kReplace : store::OnExistingRun::kRefuse;
}

infer::RunnerOptions runner_options(const InferJobOptions& options, size_t workers) {
  infer::RunnerOptions runner;
  runner.device = options.device;
  infer::parse_precision(options.precision, runner.precision);
  runner.batch = options.batch;
  runner.slots = workers;
  runner.want_embedding = options.embedding;
  return runner;
}

}  // namespace

void InferJobOptions::check() const {
  if (model_path.empty()) {
    throw Error(ErrorCategory::kUsage, "no model was given",
                "Name a TorchScript file: `errata infer --model resnet.torchscript`.");
  }
  if (batch > 65'536) {
    throw Error(ErrorCategory::kUsage, "the batch has to be 1 to 65,536 images");
  }
  if (workers > 1024) {
    throw Error(ErrorCategory::kUsage, "the workers have to be 1 to 1,024 threads",
                "More than the machine has cores take memory, and no time off.");
  }
  infer::Precision parsed;
  if (!infer::parse_precision(precision, parsed)) {
    throw Error(ErrorCategory::kUsage, fmt::format("there is no precision '{}'", precision),
                "Use --precision fp32, bf16 or fp16.");
  }
  const auto unit = [](const std::optional<double>& value) {
    return !value || (*value >= 0 && *value <= 1);
  };
  if (!unit(confidence) || !unit(iou)) {
    throw Error(ErrorCategory::kUsage, "--confidence and --iou are numbers from 0 to 1");
  }
  if (max_detections && (*max_detections < 1 || *max_detections > 100'000)) {
    throw Error(ErrorCategory::kUsage, "--max-detections is a number from 1 to 100,000");
  }
  if (resume && replace) {
    throw Error(ErrorCategory::kUsage, "--resume and --replace exclude each other");
  }
}

namespace {

void tell_model(JobContext& context, const infer::ResolvedSpec& resolved,
                const infer::DetectOptions& detect, const InferJobReport& report) {
  context.tell("model: " + infer::describe_runner(report.runner));
  if (!resolved.detector.empty()) {
    std::string text =
        fmt::format("detector: {}; boxes above a confidence of {}, at most {} an image",
                    resolved.detector, detect.confidence, detect.max_detections);
    if (resolved.spec.output_kind == infer::OutputKind::kYolo) {
      text += fmt::format(", overlaps above an IoU of {} suppressed{}", detect.iou,
                          detect.agnostic ? " across classes" : " within a class");
    }
    context.tell(text);
  }
  context.tell(fmt::format("input: {} (from {})", report.preprocessing, resolved.origin));
  for (const std::string& note : resolved.notes) context.tell("note: " + note);
  for (const std::string& note : report.runner.notes) context.tell("note: " + note);
}

// Class names of the model, into the description of a detector too, which decodes by them.
ClassMap settle_classes(const InferJobOptions& options, store::Store& store, JobContext& context,
                        infer::ModelSpec& spec, InferJobReport& report) {
  ClassMap classes = classes_of(options, spec, report.runner, store);
  if (spec.output_kind == infer::OutputKind::kTorchvision) {
    context.tell(fmt::format("note: label {} of the model is \"{}\", label {} is \"{}\"",
                             spec.first_label, classes.entries().front().name,
                             spec.first_label + static_cast<int32_t>(classes.size()) - 1,
                             classes.entries().back().name));
  }
  if (spec.is_detector()) {
    spec.class_names.clear();
    for (const ClassEntry& entry : classes.entries()) spec.class_names.push_back(entry.name);
  }
  const auto project = store::list_classes(store);
  for (const ClassEntry& entry : classes.entries()) {
    const bool known = std::any_of(project.begin(), project.end(), [&](const auto& known_class) {
      return known_class.name == entry.name;
    });
    if (!known) report.classes_not_in_project.push_back(entry.name);
  }
  return classes;
}

}  // namespace

InferJobReport run_infer(const InferJobOptions& options, JobContext& context) {
  options.check();
  infer::ResolvedSpec resolved = infer::resolve_model_spec(
      options.model_path,
      options.config_path.empty() ? std::nullopt : std::optional(options.config_path),
      options.use_test_size);
  const infer::DetectOptions detect = detect_options(options, resolved.spec);
  if (options.mirror && resolved.spec.is_detector()) {
    throw Error(ErrorCategory::kUsage, "--mirror is for classifiers", "", options.model_path);
  }
  resolved.spec.mirror = resolved.spec.mirror || options.mirror;
  bring_up_to_date(options.store_path);
  const std::vector<SampleId> plan = plan_of(options);
  store::Store store = store::Store::open(options.store_path, store::Access::kWrite);
  if (!options.resume && !options.replace) {
    refuse_existing_run(store, run_name_of(options), Resumable::kYes);
  }
  if (options.resume && !options.run_name.empty()) refuse_absent_run(store, options.run_name);
  const std::vector<infer::InferItem> items = items_of(store, plan);
  refuse_missing_roots(store, items);

  context.progress.start_stage("loading the model", 0);
  const size_t workers = options.workers == 0 ? hardware_threads() : options.workers;
  const std::unique_ptr<infer::Runner> runner =
      infer::load_runner(options.model_path, resolved.spec, runner_options(options, workers));
  InferJobReport report;
  report.runner = runner->info();
  report.preprocessing = infer::describe_preprocessing(resolved.spec);
  report.detector = resolved.spec.is_detector();
  tell_model(context, resolved, detect, report);
  ClassMap classes = settle_classes(options, store, context, resolved.spec, report);
  report.classes = classes.size();
  const store::RunSpec spec =
      run_spec(options, resolved.spec, detect, report.runner, std::move(classes));
  {
    store::RunWriter writer(store, spec, plan, on_existing(options));
    report.resumed = writer.rows_done() > 0;
    StoringSink sink(writer);
    infer::PipelineOptions pipeline;
    pipeline.batch = batch_of(options, report.runner);
    pipeline.detect = detect;
    pipeline.batches_done = batches_done(writer.rows_done(), plan.size(), pipeline.batch);
    media::SampleReader reader;
    WorkerGroup pass_workers(workers, "errata-infer");
    context.progress.start_stage("running the model", plan.size());
    report.pass = infer::run_pipeline(items, resolved.spec, *runner, reader, pipeline, pass_workers,
                                      context.progress, context.cancel, context.issues, sink);
    const store::RunReport written = writer.finish();
    report.predicted = written.predicted;
    report.detections = written.detections;
  }
  report.runner = runner->info();
  if (!report.detector) store_label_scores(store, spec.name, context);
  store::put_issues(store, "infer", spec.name, context.issues.issues());
  store.close();
  report.run = spec.name;
  report.planned = plan.size();
  report.rejected = context.issues.rejected();
  report.warned = context.issues.warned();
  report.issue_kinds = context.issues.count_by_kind();
  return report;
}

}  // namespace errata::jobs
