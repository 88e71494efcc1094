#include "jobs/probe_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "analysis/calibration.h"
#include "base/text.h"
#include "jobs/embeddings.h"
#include "jobs/existing_run.h"
#include "jobs/head_math.h"
#include "jobs/score_job.h"
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

void measure(const analysis::Probe& probe, std::span<const ClassIndex> labels, size_t classes,
             JobContext& context, ProbeJobReport& report) {
  std::vector<float> confidence;
  std::vector<uint8_t> right;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass) continue;
    const float* p = probe.probabilities.data() + row * classes;
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
}

store::RunSpec run_spec(const ProbeJobOptions& options, const ProbeJobReport& report,
                        const Snapshot& snapshot) {
  store::RunSpec spec;
  spec.name = options.run_name;
  spec.kind = "probabilities";
  spec.classes = snapshot.classes;
  spec.device = report.device.device;
  spec.precision = "fp32";
  spec.batch_size = 1;
  spec.seed = options.seed;
  spec.who = options.who;
  spec.options_json = text::Json::object({{"probe", true},
                                          {"out_of_fold", true},
                                          {"embeddings", report.embeddings},
                                          {"folds", options.folds},
                                          {"where", options.where},
                                          {"axes", report.axes},
                                          {"lambda", report.lambda},
                                          {"label_revision", snapshot.label_revision}})
                          .dump();
  return spec;
}

}  // namespace

void ProbeJobOptions::check() const {
  if (folds < 2 || folds > 50) {
    throw Error(ErrorCategory::kUsage, fmt::format("{} is no number of folds", folds),
                "Use --folds with 2 to 50.");
  }
}

ProbeJobReport run_probe(const ProbeJobOptions& options, JobContext& context) {
  options.check();
  const infer::ChosenDevice device = infer::choose_head_device(options.device);
  bring_up_to_date(options.store_path);
  const auto start = std::chrono::steady_clock::now();
  LoadedState state = load_state({options.store_path, "", options.where, false});
  if (!options.replace) refuse_existing_run(state.store, options.run_name, Resumable::kNo);
  const EmbeddingCoordinates embeddings = load_coordinates(state, options.embeddings, context);
  const Snapshot& snapshot = state.snapshot;
  const size_t classes = snapshot.classes.size();
  const std::vector<ClassIndex> labels = labels_of(snapshot, embeddings);

  ProbeJobReport report;
  report.device = device;
  report.run = options.run_name;
  report.embeddings = embeddings.run;
  report.choice = embeddings.choice;
  report.samples = embeddings.rows.size();
  report.labelled =
      labels.size() - static_cast<size_t>(std::count(labels.begin(), labels.end(), kNoClass));
  report.without = embeddings.without;
  report.columns = embeddings.columns;
  const analysis::EmbeddingSpace& space = embeddings.space;
  report.axes = space.axes;
  report.kept_variance = space.kept_variance;
  const analysis::Neighbours neighbours =
      analysis::find_neighbours(space.matrix(), {kNeighbours, analysis::Distance::kCosine},
                                watched(context, "looking for near duplicates"));
  const std::vector<uint32_t> groups = analysis::near_duplicate_groups(
      space.matrix(), neighbours, watched(context, "grouping near duplicates"));
  report.duplicates = analysis::grouped_rows(groups);
  const analysis::Probe probe =
      analysis::run_probe(space, labels, groups, classes,
                          {static_cast<size_t>(options.folds), static_cast<uint64_t>(options.seed)},
                          head_math_on(device, watched(context, "training the folds")),
                          [&] { context.cancel.check(); });
  report.lambda = probe.lambda;
  report.tried = probe.tried;
  measure(probe, labels, classes, context, report);

  std::vector<SampleId> plan;
  for (const RowIndex row : embeddings.rows) plan.push_back(snapshot.ids[row]);
  store::Store writer_store = store::Store::open(options.store_path, store::Access::kWrite);
  {
    store::RunWriter writer(
        writer_store, run_spec(options, report, snapshot), plan,
        options.replace ? store::OnExistingRun::kReplace : store::OnExistingRun::kRefuse);
    constexpr size_t kSlab = 8192;
    for (size_t first = 0; first < plan.size(); first += kSlab) {
      const size_t count = std::min(kSlab, plan.size() - first);
      store::RunRows rows;
      rows.probabilities = std::span(probe.probabilities).subspan(first * classes, count * classes);
      writer.write(first, rows);
    }
    writer.finish();
  }
  store_label_scores(writer_store, options.run_name, context);
  writer_store.close();
  report.elapsed_secs =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace errata::jobs
