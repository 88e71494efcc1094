#include "jobs/probe_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "analysis/calibration.h"
#include "base/text.h"
#include "jobs/embeddings.h"
#include "jobs/existing_run.h"
#include "jobs/fine_tune.h"
#include "jobs/head_math.h"
#include "jobs/score_job.h"
#include "store/issues.h"
#include "store/runs.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

constexpr size_t kNeighbours = 10;  // enough to see copies

// Labels of the embedded rows; none for what a person excluded.
std::vector<ClassIndex> labels_of(const Snapshot& snapshot, const EmbeddedRows& embeddings) {
  const std::vector<ClassIndex> all = project_labels(snapshot);
  const Column* excluded = snapshot.samples.find("excluded");
  std::vector<ClassIndex> labels;
  for (const RowIndex row : embeddings.rows) {
    labels.push_back(excluded != nullptr && excluded->bytes[row] != 0 ? kNoClass : all[row]);
  }
  return labels;
}

void measure(std::span<const float> probabilities, std::span<const ClassIndex> labels,
             size_t classes, JobContext& context, ProbeJobReport& report) {
  std::vector<float> confidence;
  std::vector<uint8_t> right;
  for (size_t row = 0; row < labels.size(); ++row) {
    const float* p = probabilities.data() + row * classes;
    if (labels[row] == kNoClass || std::isnan(p[0])) continue;
    const float* best = std::max_element(p, p + classes);
    confidence.push_back(*best);
    right.push_back(best - p == labels[row]);
  }
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  report.ece = analysis::measure_calibration(confidence, right, 15, {}, parallel_for).ece;
  const int64_t hits = std::count(right.begin(), right.end(), 1);
  const std::vector<int64_t> cells{hits, static_cast<int64_t>(right.size()) - hits};
  report.accuracy = analysis::bootstrap_cells(
      cells, 1,
      [&](std::span<const int64_t> counts, std::span<double> out) {
        out[0] = static_cast<double>(counts[0]) / static_cast<double>(right.size());
      },
      {}, parallel_for)[0];
  analysis::widen_where_all_agree(report.accuracy, static_cast<int64_t>(right.size()),
                                  analysis::BootstrapOptions{}.level);
}

store::RunSpec run_spec(const ProbeJobOptions& options, const ProbeJobReport& report,
                        const Snapshot& snapshot) {
  store::RunSpec spec;
  spec.name = report.run;
  spec.kind = "probabilities";
  spec.classes = snapshot.classes;
  spec.device = report.device.device;
  spec.precision = "fp32";
  spec.batch_size = 1;
  spec.seed = options.seed;
  spec.who = options.who;
  spec.trained_on = report.trained_on;
  text::Json json = text::Json::object({{"out_of_fold", true},
                                        {"embeddings", report.embeddings},
                                        {"folds", report.folds},
                                        {"where", options.where},
                                        {"label_revision", snapshot.label_revision}});
  if (report.fine_tuned) {
    json["fine_tuned"] = true;
    json["epochs"] = report.epochs;
    json["doubted"] = report.doubted;
  } else {
    json["probe"] = true;
    json["axes"] = report.axes;
    json["lambda"] = report.lambda;
  }
  spec.options_json = json.dump();
  return spec;
}

// Probabilities by a head on the embeddings.
std::vector<float> ask_heads(const ProbeJobOptions& options, const EmbeddingCoordinates& embeddings,
                             std::span<const ClassIndex> labels, std::span<const uint32_t> groups,
                             size_t classes, JobContext& context, ProbeJobReport& report) {
  report.axes = embeddings.space.axes;
  report.kept_variance = embeddings.space.kept_variance;
  analysis::Probe probe =
      analysis::run_probe(embeddings.space, labels, groups, classes,
                          {report.folds, static_cast<uint64_t>(options.seed)},
                          head_math_on(report.device, watched(context, "training the folds")),
                          [&] { context.cancel.check(); });
  if (!analysis::folds_in_use(probe.fold, labels, report.folds).all_taught) {
    throw Error(ErrorCategory::kBadInput,
                "without the near duplicates of the samples that it is asked of, a head would "
                "learn fewer than two classes",
                "Near duplicates stay in one fold, or the label would be looked up: "
                "`errata find duplicates` shows them.");
  }
  report.lambda = probe.lambda;
  report.tried = std::move(probe.tried);
  return std::move(probe.probabilities);
}

// What a label teaches: by what `errata find labels` last believed of it, as in its own rounds
// (analysis/label_errors.h); 1 where that is not known, or a person kept the label.
std::vector<float> label_weights(const Snapshot& snapshot, std::span<const RowIndex> rows,
                                 ProbeJobReport& report) {
  std::vector<float> weights(rows.size(), 1);
  const Column* error = snapshot.samples.find("label_error");
  const Column* suggested = snapshot.samples.find("p_suggested");
  if (error == nullptr || suggested == nullptr) return weights;
  const std::vector<uint8_t> decided = kept_labels(snapshot, rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (decided[i] != 0 || error->is_null(rows[i]) || suggested->is_null(rows[i])) continue;
    const double given = std::max(0.0, 1 - error->number(rows[i]));
    const double rival = suggested->number(rows[i]);
    if (rival <= given) continue;
    weights[i] = static_cast<float>(std::sqrt(given / rival));
    ++report.doubted;
  }
  return weights;
}

FineTuneRequest fine_tune_request(const ProbeJobOptions& options, LoadedState& state,
                                  const EmbeddingCoordinates& embeddings,
                                  std::span<const ClassIndex> labels,
                                  const ProbeJobReport& report) {
  FineTuneRequest request;
  request.run = store::read_run(state.store, embeddings.run);
  request.rows = embeddings.rows;
  request.labels = labels;
  request.classes = state.snapshot.classes.size();
  request.folds = report.folds;
  request.seed = static_cast<uint64_t>(options.seed);
  request.device = report.device.device;
  return request;
}

// Probabilities by the model itself; NaN where a picture could not be read.
std::vector<float> ask_the_model(FineTuneRequest request, std::span<const uint32_t> groups,
                                 LoadedState& state, JobContext& context, ProbeJobReport& report) {
  const std::vector<uint8_t> fold = analysis::stratified_folds(
      request.labels, groups, request.classes, request.folds, request.seed);
  request.fold = fold;
  const std::vector<float> weights = label_weights(state.snapshot, request.rows, report);
  request.weights = weights;
  FineTuned tuned = fine_tune(request, state, context);
  report.epochs = tuned.epochs;
  report.trained_values = tuned.info.trained_values;
  report.device.name = tuned.info.device_name;
  report.unreadable = tuned.unreadable.size();
  for (const Issue& issue : tuned.unreadable) context.issues.add(issue);
  return std::move(tuned.probabilities);
}

void keep_run(const ProbeJobOptions& options, const ProbeJobReport& report,
              const Snapshot& snapshot, std::span<const RowIndex> rows,
              std::span<const float> probabilities, store::Store& to) {
  std::vector<SampleId> plan;
  for (const RowIndex row : rows) plan.push_back(snapshot.ids[row]);
  store::RunWriter writer(
      to, run_spec(options, report, snapshot), plan,
      options.replace ? store::OnExistingRun::kReplace : store::OnExistingRun::kRefuse);
  const size_t classes = snapshot.classes.size();
  constexpr size_t kSlab = 8192;
  std::vector<store::RowStatus> status;
  for (size_t first = 0; first < plan.size(); first += kSlab) {
    const size_t count = std::min(kSlab, plan.size() - first);
    status.clear();
    for (size_t row = first; row < first + count; ++row) {
      const bool none = std::isnan(probabilities[row * classes]);
      status.push_back(none ? store::RowStatus::kUnreadable : store::RowStatus::kOk);
    }
    store::RunRows slab;
    slab.probabilities = probabilities.subspan(first * classes, count * classes);
    slab.status = status;
    writer.write(first, slab);
  }
  writer.finish();
}

}  // namespace

size_t ProbeJobOptions::fold_count() const {
  return folds != 0 ? static_cast<size_t>(folds) : fine_tune ? 2 : 5;
}

void ProbeJobOptions::check() const {
  if (folds != 0 && (folds < 2 || folds > 50)) {
    throw Error(ErrorCategory::kUsage, fmt::format("{} is no number of folds", folds),
                "Use --folds with 2 to 50.");
  }
}

ProbeJobReport run_probe(const ProbeJobOptions& options, JobContext& context) {
  options.check();
  ProbeJobReport report;
  report.device = infer::choose_head_device(options.device);
  report.fine_tuned = options.fine_tune;
  report.folds = options.fold_count();
  report.run = !options.run_name.empty() ? options.run_name
               : options.fine_tune       ? "fine-tuned"
                                         : "probe";
  bring_up_to_date(options.store_path);
  const auto start = std::chrono::steady_clock::now();
  LoadedState state = load_state({options.store_path, "", options.where, false});
  if (!options.replace) refuse_existing_run(state.store, report.run, Resumable::kNo);
  const EmbeddingCoordinates embeddings = load_coordinates(state, options.embeddings, context);
  const Snapshot& snapshot = state.snapshot;
  const size_t classes = snapshot.classes.size();
  const std::vector<ClassIndex> labels = labels_of(snapshot, embeddings);
  report.embeddings = embeddings.run;
  report.choice = embeddings.choice;
  report.labelled =
      labels.size() - static_cast<size_t>(std::count(labels.begin(), labels.end(), kNoClass));
  report.without = embeddings.without;
  report.columns = embeddings.columns;
  const RunSummary& embedder = *find_run(snapshot, embeddings.run);
  report.trained_on = embedder.trained_on;
  report.warning = trained_on_warning(snapshot, embedder, state.selection);
  FineTuneRequest request;
  if (options.fine_tune) {
    request = fine_tune_request(options, state, embeddings, labels, report);
    const double expected = options.most_secs > 0 ? expected_fine_tune_secs(request, context) : 0;
    if (expected > options.most_secs) {
      report.too_long_secs = expected;
      return report;
    }
  }
  const analysis::Neighbours neighbours = analysis::find_neighbours(
      embeddings.space.matrix(), {kNeighbours, analysis::Distance::kCosine},
      watched(context, "looking for near duplicates"));
  const std::vector<uint32_t> groups = analysis::near_duplicate_groups(
      embeddings.space.matrix(), neighbours, watched(context, "grouping near duplicates"));
  report.duplicates = analysis::grouped_rows(groups);
  const std::vector<float> probabilities =
      options.fine_tune ? ask_the_model(request, groups, state, context, report)
                        : ask_heads(options, embeddings, labels, groups, classes, context, report);
  report.samples = embeddings.rows.size() - report.unreadable;
  measure(probabilities, labels, classes, context, report);

  store::Store writer_store = store::Store::open(options.store_path, store::Access::kWrite);
  keep_run(options, report, snapshot, embeddings.rows, probabilities, writer_store);
  store_label_scores(writer_store, report.run, context);
  if (options.fine_tune) {
    store::put_issues(writer_store, "probe", report.run, context.issues.issues());
  }
  writer_store.close();
  report.elapsed_secs =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace errata::jobs
