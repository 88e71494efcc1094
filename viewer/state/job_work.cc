#include "viewer/state/job_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/text.h"
#include "jobs/metrics_job.h"
#include "store/runs.h"

namespace errata::viewer {

namespace {

// The last part of a path, also of one that ends in '/'.
std::string short_name(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return to_valid_utf8(base_name(path));
}

// A line for each pair, the most frequent first.
void add_pairs(const std::map<std::pair<std::string, std::string>, uint64_t>& by_pair,
               const std::string& what, ResultTable& table) {
  std::vector<std::pair<uint64_t, std::pair<std::string, std::string>>> pairs;
  for (const auto& [pair, count] : by_pair) pairs.emplace_back(count, pair);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  const auto named = [](const std::string& name) {
    return name.empty() ? std::string("none") : to_valid_utf8(name);
  };
  for (const auto& [count, pair] : pairs) {
    table.rows.push_back({what, named(pair.first), named(pair.second), with_thousands(count)});
  }
}

std::string with_interval(const analysis::Interval& interval) {
  if (std::isnan(interval.value)) return "n/a";
  if (std::isnan(interval.low)) return fmt::format("{:.1f} %", interval.value * 100);
  return fmt::format("{:.1f} % ({:.1f} to {:.1f})", interval.value * 100, interval.low * 100,
                     interval.high * 100);
}

}  // namespace

void append_count(std::string& text, uint64_t count, std::string_view what) {
  if (count > 0) text += fmt::format(", {} {}", with_thousands(count), what);
}

JobWork import_work(const jobs::ImportJobOptions& options) {
  JobWork work;
  work.title = "import " + short_name(options.input_path);
  work.after_stop = "The same import goes on where it stopped";
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const jobs::ImportJobReport report = jobs::run_import(options, context);
    std::string text = plural(report.samples.added, "new image");
    append_count(text, report.samples.unchanged, "unchanged");
    append_count(text, report.samples.changed, "with other content");
    append_count(text, report.samples.moved, "moved");
    append_count(text, report.samples.returned, "back again");
    append_count(text, report.samples.vanished, "vanished");
    append_count(text, report.samples.conflicts.size(), "where a person and the source disagree");
    return fmt::format("{}; {}", text, report.closing_line());
  };
  return work;
}

JobWork predictions_work(const jobs::PredictionsJobOptions& options) {
  JobWork work;
  work.title = "predictions " + short_name(options.input_path);
  work.after_stop = "Start it again and replace the run";
  work.run = [options](jobs::JobContext& context, JobResult& result) {
    const jobs::PredictionsJobReport report = jobs::attach_predictions(options, context);
    result.show_run = report.run;
    std::string text = fmt::format("run {}: {}", report.run, report.kind);
    append_count(text, report.without_prediction, "samples without a prediction");
    append_count(text, report.classes_not_in_project.size(), "classes that the project lacks");
    return fmt::format("{}; {}", text, report.closing_line());
  };
  return work;
}

JobWork infer_work(const jobs::InferJobOptions& options) {
  JobWork work;
  work.title =
      "infer " + (options.run_name.empty() ? short_name(options.model_path) : options.run_name);
  work.after_stop = "Start the same model again with \"go on\" to finish the run";
  work.run = [options](jobs::JobContext& context, JobResult& result) {
    const jobs::InferJobReport report = jobs::run_infer(options, context);
    result.show_run = report.run;
    std::string text = report.detector
                           ? fmt::format("run {}: {} boxes in {} on {}", report.run,
                                         with_thousands(report.detections),
                                         plural(report.predicted, "image"), report.runner.device)
                           : fmt::format("run {}: {} predicted on {}, {}", report.run,
                                         plural(report.predicted, "sample"), report.runner.device,
                                         report.runner.precision);
    if (report.pass.images > 0 && report.pass.elapsed_secs > 0) {
      const double rate = static_cast<double>(report.pass.images) / report.pass.elapsed_secs;
      text += fmt::format(", {}/s", with_thousands(static_cast<uint64_t>(rate)));
    }
    append_count(text, report.classes_not_in_project.size(), "classes that the project lacks");
    return fmt::format(
        "{}; {}", text,
        jobs::closing_line(report.pass.ok + report.pass.skipped, report.rejected, report.warned));
  };
  return work;
}

JobWork split_work(const jobs::SplitJobOptions& options) {
  JobWork work;
  work.title = options.dry_run ? "try a split" : "split";
  work.changes_store = !options.dry_run;
  work.run = [options](jobs::JobContext&, JobResult&) {
    const jobs::SplitJobReport report = jobs::run_split(options);
    std::string text;
    for (const auto& part : report.parts) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", part.name,
                          with_thousands(static_cast<uint64_t>(part.samples)));
    }
    append_count(text, report.without_part, "in no part");
    append_count(text, report.groups, "groups kept together");
    append_count(text, report.straddling_groups, "groups that lay in several parts and still do");
    return options.dry_run
               ? text + "; nothing was changed"
               : fmt::format("{}; {} changed", text, plural(report.batch.edits.size(), "sample"));
  };
  return work;
}

JobWork version_work(const jobs::VersionJobOptions& options) {
  JobWork work;
  work.title = "version " + to_valid_utf8(options.name);
  work.after_stop = "Start it again: what was hashed is kept";
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const versions::CreatedVersion created = jobs::create_version(options, context);
    std::string text = plural(created.info.samples, "sample");
    append_count(text, created.excluded, "excluded");
    append_count(text, created.unlabelled, "without a label");
    if (!created.same_content.empty()) {
      text += fmt::format("; the same content as {}", fmt::join(created.same_content, ", "));
    }
    return text;
  };
  return work;
}

JobWork restore_work(const jobs::VersionJobOptions& options) {
  JobWork work;
  work.title = "restore " + to_valid_utf8(options.name);
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const versions::RestoreReport report = jobs::restore_version(options, context);
    std::string text = fmt::format("relabelled {}, moved {}, excluded {}, included {}, missing {}",
                                   with_thousands(report.relabelled), with_thousands(report.moved),
                                   with_thousands(report.excluded), with_thousands(report.included),
                                   with_thousands(report.missing));
    if (report.objects_changed + report.objects_returned + report.objects_deleted > 0) {
      text += fmt::format("; objects changed {}, brought back {}, deleted {}",
                          with_thousands(report.objects_changed),
                          with_thousands(report.objects_returned),
                          with_thousands(report.objects_deleted));
    }
    return text;
  };
  return work;
}

namespace {

// What the format has no place for.
ResultTable losses_table(const jobs::ExportJobReport& report, const std::string& title) {
  ResultTable table{title, {"What " + report.format + " cannot hold", "Of"}, {}, ""};
  for (const exports::Loss& loss : report.written.losses) {
    table.rows.push_back(
        {loss.what, plural(loss.count(), loss.objects.empty() ? "sample" : "object")});
  }
  table.foot = report.written.manifest.empty() ? "Nothing was written."
                                               : "The manifest keeps it, with the ids.";
  return table;
}

}  // namespace

JobWork export_work(const jobs::ExportJobOptions& options) {
  JobWork work;
  work.title = (options.dry_run ? "try an export to " : "export ") + short_name(options.target);
  work.changes_store = false;
  work.after_stop = "Start it again: nothing was left at the target";
  work.run = [options, title = work.title](jobs::JobContext& context, JobResult& result) {
    const jobs::ExportJobReport report = jobs::run_export(options, context);
    const std::string objects =
        report.written.objects > 0 ? " with " + plural(report.written.objects, "object") : "";
    std::string text =
        fmt::format("{}{} in {} classes, {}, as {} to {}", plural(report.written.images, "image"),
                    objects, with_thousands(report.classes), exports::how_written(report.written),
                    report.format, to_valid_utf8(report.written.target));
    if (!report.written.losses.empty()) result.table = losses_table(report, title);
    append_count(text, report.written.left_out + report.several_labels, "left out");
    return text;
  };
  return work;
}

JobWork diff_work(const std::string& store_path, const std::string& from, const std::string& to) {
  JobWork work;
  work.title = fmt::format("changes from {} to {}", to_valid_utf8(from),
                           to.empty() ? "now" : to_valid_utf8(to));
  work.changes_store = false;
  work.run = [store_path, from, to, title = work.title](jobs::JobContext& context,
                                                        JobResult& result) {
    const versions::StateDiff diff = jobs::diff_versions(store_path, from, to, context);
    std::string text =
        fmt::format("added {}, removed {}, relabelled {}, moved between splits {}, unchanged {}",
                    with_thousands(diff.added.size()), with_thousands(diff.removed.size()),
                    with_thousands(diff.relabelled.size()), with_thousands(diff.moved.size()),
                    with_thousands(diff.unchanged));
    result.table = {title, {"Change", "From", "To", "Samples"}, {}, text};
    const auto add = [&](const char* what, size_t count) {
      if (count > 0) result.table.rows.push_back({what, "", "", with_thousands(count)});
    };
    add("added", diff.added.size());
    add("removed", diff.removed.size());
    add_pairs(diff.relabelled_by_pair, "relabelled", result.table);
    add_pairs(diff.moved_by_pair, "moved", result.table);
    result.table.rows.push_back({"unchanged", "", "", with_thousands(diff.unchanged)});
    return text;
  };
  return work;
}

JobWork compare_work(const std::string& store_path, const std::string& run_a,
                     const std::string& run_b) {
  JobWork work;
  work.title = fmt::format("compare {} with {}", to_valid_utf8(run_a), to_valid_utf8(run_b));
  work.changes_store = false;
  work.run = [store_path, run_a, run_b, title = work.title](jobs::JobContext& context,
                                                            JobResult& result) {
    jobs::MetricsOptions options;
    options.store_path = store_path;
    const jobs::CompareReport report = jobs::compare_runs(options, run_a, run_b, context);
    const analysis::ClassificationMetrics& a = report.a.metrics;
    const analysis::ClassificationMetrics& b = report.b.metrics;
    result.table = {title,
                    {"On the same samples", to_valid_utf8(run_a), to_valid_utf8(run_b)},
                    {},
                    fmt::format("McNemar p = {:.3g} over {} samples that both predict",
                                report.mcnemar_p, with_thousands(static_cast<uint64_t>(a.rows)))};
    std::vector<std::vector<std::string>>& rows = result.table.rows;
    rows.push_back({"accuracy", with_interval(a.accuracy), with_interval(b.accuracy)});
    rows.push_back({"balanced accuracy", with_interval(a.balanced_accuracy),
                    with_interval(b.balanced_accuracy)});
    if (a.has_confidence && b.has_confidence) {
      rows.push_back({"calibration error", with_interval(a.calibration.ece),
                      with_interval(b.calibration.ece)});
    }
    rows.push_back({"right where the other is wrong", with_thousands(report.only_a_right),
                    with_thousands(report.only_b_right)});
    rows.push_back(
        {"both right", with_thousands(report.both_right), with_thousands(report.both_right)});
    rows.push_back(
        {"both wrong", with_thousands(report.both_wrong), with_thousands(report.both_wrong)});
    return fmt::format(
        "both right {}, only {} {}, only {} {}, both wrong {}; McNemar p = {:.3g}",
        with_thousands(report.both_right), run_a, with_thousands(report.only_a_right), run_b,
        with_thousands(report.only_b_right), with_thousands(report.both_wrong), report.mcnemar_p);
  };
  return work;
}

JobWork delete_run_work(const std::string& store_path, const std::string& run, bool shown) {
  JobWork work;
  work.title = "delete run " + to_valid_utf8(run);
  work.run = [store_path, run, shown](jobs::JobContext&, JobResult& result) {
    store::Store store = store::Store::open(store_path, store::Access::kWrite);
    store::delete_run(store, run);
    store.close();
    if (shown) result.show_run = "";
    return std::string("deleted, its space given back");
  };
  return work;
}

}  // namespace errata::viewer
