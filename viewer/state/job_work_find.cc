#include "viewer/state/job_work_find.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/verdict.h"
#include "viewer/state/find_kinds.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

namespace {

// Listed with the job's issues: what to know before what it found is believed.
void warn(jobs::JobContext& context, std::string_view about, const std::string& message) {
  if (!message.empty()) context.issues.warn(std::string(about), "", "", "", message);
}

JobWork begin_work(Overlay form) {
  const FindKind& kind = *find_kind(form);
  JobWork work;
  work.title = kind.job;
  work.next = kind.command;
  work.after_stop = "Nothing was stored; start it again";
  return work;
}

}  // namespace

JobWork labels_work(const jobs::FindLabelsOptions& options) {
  JobWork work = begin_work(Overlay::kFindLabels);
  work.after_stop = "What had been found by then is kept; start it again";
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const jobs::FindLabelsReport report = jobs::find_labels(options, context);
    for (const std::string& warning : report.warnings) warn(context, "evidence", warning);
    warn(context, "evidence", report.lacks);
    std::string text = fmt::format("{} among {}", plural(report.suspects.size(), "suspect"),
                                   plural(report.looked_at, "sample"));
    append_count(text, static_cast<uint64_t>(std::max<int64_t>(0, report.estimated)),
                 "estimated to be wrong");
    append_count(text, data_wrong(report.verdicts), "wrong by the verdict, label or image");
    append_count(text, report.tagged.edits.size(), "tagged");
    if (report.fitting_secs > 0) text += ", with the model fitted to these labels";
    if (!report.more.empty()) text += "; " + report.more;
    return text;
  };
  return work;
}

JobWork duplicates_work(const jobs::FindDuplicatesOptions& options) {
  JobWork work = begin_work(Overlay::kFindDuplicates);
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const jobs::FindDuplicatesReport report = jobs::find_duplicates(options, context);
    for (const std::string& warning : report.warnings) warn(context, "duplicates", warning);
    std::string text = fmt::format("{} among {}", plural(report.groups.size(), "group"),
                                   plural(report.looked_at, "sample"));
    append_count(text, report.conflicts, "with different labels");
    append_count(text, report.leaks, "across splits");
    append_count(text, report.dropped.edits.size(), "copies excluded");
    append_count(text, report.unreadable, "could not be decoded");
    return text;
  };
  return work;
}

JobWork quality_work(const jobs::FindQualityOptions& options) {
  JobWork work = begin_work(Overlay::kFindQuality);
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const jobs::FindQualityReport report = jobs::find_quality(options, context);
    std::string text;
    for (const jobs::QualityKind& kind : report.kinds) {
      if (kind.common || kind.found.empty()) continue;
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", with_thousands(kind.found.size()),
                          column_title(kind.info->name));
    }
    if (text.empty()) text = "nothing bad";
    text += fmt::format(" among {}", plural(report.looked_at, "picture"));
    append_count(text, report.unreadable, "could not be decoded");
    return text;
  };
  return work;
}

JobWork outliers_work(const jobs::FindOutliersOptions& options) {
  JobWork work = begin_work(Overlay::kFindOutliers);
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const jobs::FindOutliersReport report = jobs::find_outliers(options, context);
    for (const std::string& warning : report.warnings) warn(context, "outliers", warning);
    std::string text = fmt::format("{} among {}", plural(report.found.size(), "outlier"),
                                   plural(report.rows.size(), "sample"));
    append_count(text, report.without, "without an embedding");
    return text;
  };
  return work;
}

JobWork slices_work(const jobs::FindSlicesOptions& options) {
  JobWork work = begin_work(Overlay::kFindSlices);
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const jobs::FindSlicesReport report = jobs::find_slices(options, context);
    for (const std::string& warning : report.warnings) warn(context, "slices", warning);
    std::string text =
        fmt::format("{} of {} in {}", plural(report.slices.size(), "weak slice"),
                    plural(report.groups, "group"), plural(report.looked_at, "sample"));
    if (!report.slices.empty()) text += ", the first " + report.slices.front().filter;
    return text;
  };
  return work;
}

JobWork dataset_work(const jobs::FindDatasetOptions& options) {
  JobWork work = begin_work(Overlay::kFindDataset);
  work.run = [options, title = work.title](jobs::JobContext& context, JobResult& result) {
    const jobs::FindDatasetReport report = jobs::find_dataset(options, context);
    result.table = {"The dataset as a whole", {"Check", "Finding", "Number"}, {}, {}};
    std::vector<std::vector<std::string>>& rows = result.table.rows;
    const ClassMap& classes = report.state.snapshot.classes;
    if (!report.rare_lacks.empty()) rows.push_back({"classes", report.rare_lacks, ""});
    if (report.rare_lacks.empty() && report.rare.empty()) {
      rows.push_back({"classes", "none has less than a tenth of an even share",
                      with_thousands(classes.size())});
    }
    for (const analysis::RareClass& each : report.rare) {
      rows.push_back(
          {"rare class", to_valid_utf8(classes[each.label].name),
           fmt::format("{} ({:.2f} %)", with_thousands(each.samples), each.share * 100)});
    }
    if (!report.order_lacks.empty()) {
      rows.push_back({"order", report.order_lacks, ""});
    } else if (report.order_is_random) {
      rows.push_back({"order", "random as far as the embeddings can tell",
                      fmt::format("p = {:.2f}", report.order.p_value)});
    } else {
      rows.push_back({"order",
                      report.sorted_by_label ? "samples lie class by class: shuffle before training"
                                             : "samples next to one another are alike: shuffle",
                      fmt::format("p = {:.2f}", report.order.p_value)});
    }
    if (!report.correlations_lack.empty()) {
      rows.push_back({"correlations", report.correlations_lack, ""});
    }
    for (const auto& each : report.correlations) {
      rows.push_back({column_title(each.property),
                      each.score < analysis::kTellingBelow ? "gives the label away by itself"
                                                           : "says little of the label",
                      fmt::format("{:.3f}", each.score)});
    }
    result.table.foot =
        fmt::format("A property below {} tells the labels without looking at the picture",
                    analysis::kTellingBelow);
    std::string text = plural(report.rare.size(), "rare class");
    if (report.rare.size() != 1) text = with_thousands(report.rare.size()) + " rare classes";
    if (report.order_lacks.empty()) {
      text += report.order_is_random ? ", order random" : ", order not random";
    }
    return text;
  };
  return work;
}

JobWork probe_work(const jobs::ProbeJobOptions& options) {
  JobWork work = begin_work(Overlay::kProbe);
  work.run = [options](jobs::JobContext& context, JobResult& result) {
    const jobs::ProbeJobReport report = jobs::run_probe(options, context);
    result.show_run = report.run;
    warn(context, "probe", report.warning);
    return fmt::format("run {}: {}, held-out accuracy {:.1f} %", report.run,
                       plural(report.samples, "sample"), report.accuracy.value * 100);
  };
  return work;
}

JobWork map_work(const jobs::MapJobOptions& options) {
  JobWork work = begin_work(Overlay::kMap);
  work.run = [options](jobs::JobContext& context, JobResult&) {
    const jobs::MapReport report = jobs::make_map(options, context);
    for (const std::string& warning : report.warnings) warn(context, "map", warning);
    std::string text = fmt::format("{} by the embeddings of {}, trustworthiness {:.3f}",
                                   plural(report.samples, "sample"), to_valid_utf8(report.run),
                                   report.trustworthiness);
    append_count(text, report.without, "without an embedding");
    return text;
  };
  return work;
}

}  // namespace errata::viewer
