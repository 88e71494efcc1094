// The forms of the menu Find: every option of `errata find ...`, `errata probe` and `errata map`,
// with the same default and sentence.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/image_quality.h"
#include "base/text.h"
#include "viewer/state/find_kinds.h"
#include "viewer/state/job_forms.h"
#include "viewer/state/job_work_find.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr uint64_t kMostSeed = UINT32_MAX;
constexpr uint64_t kMostFolds = 50;
constexpr uint64_t kMostExamples = 1'000'000'000;

// The options struct of a job and what all of these forms have.
template <typename Options>
class FindForm : public Form {
 public:
  FindForm(const FindKind& kind, const std::string& store_path)
      : Form(kind.form, std::string(kind.title), std::string(kind.action)), kind_(kind) {
    options_.store_path = store_path;
  }

  void refresh(const AppState& state) override {
    lacks_ = what_is_lacking(kind_, state);
    for (const char* id : {"embeddings", "run"}) {
      FormField* choices = find(id);
      if (choices == nullptr || choices->kind != FieldKind::kChoice) continue;
      choices->choices.resize(1);  // what none means
      for (auto run = state.snapshot.runs.rbegin(); run != state.snapshot.runs.rend(); ++run) {
        const bool embeds = std::string_view(id) == "embeddings";
        const bool fits = embeds ? run->embedding_columns > 0 : run->kind == "probabilities";
        if (fits) choices->choices.push_back({run->name, to_valid_utf8(run->name)});
      }
    }
  }

 protected:
  void take() override {
    read();
    if (!lacks_.empty()) throw Error(ErrorCategory::kNotFound, lacks_);
  }
  // The fields into the options.
  virtual void read() = 0;

  void add_embeddings(std::string help, std::string none, bool more = true) {
    add({.id = "embeddings",
         .label = "Embeddings",
         .help = std::move(help),
         .kind = FieldKind::kChoice,
         .more = more,
         .choices = {{"", std::move(none)}}});
  }
  void add_run(std::string help, std::string none) {
    add({.id = "run",
         .label = "Run",
         .help = std::move(help),
         .kind = FieldKind::kChoice,
         .choices = {{"", std::move(none)}}});
  }
  void add_where(std::string help) {
    add({.id = "where",
         .label = "Only these",
         .help = std::move(help),
         .kind = FieldKind::kFilter,
         .placeholder = "all that are not excluded"});
  }
  void add_check(std::string id, std::string label, std::string help, bool more = true) {
    add({.id = std::move(id),
         .label = std::move(label),
         .help = std::move(help),
         .kind = FieldKind::kCheck,
         .more = more});
  }
  void add_seed(std::string help) {
    add({.id = "seed",
         .label = "Seed",
         .help = std::move(help),
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "1"});
  }
  void add_device(std::string help) {
    add({.id = "device",
         .label = "Device",
         .help = std::move(help),
         .more = true,
         .choices = {{"auto", "auto"}, {"cpu", "cpu"}, {"cuda", "cuda"}},
         .value = "auto"});
  }
  void add_tag(std::string help) {
    add({.id = "tag",
         .label = "Tag",
         .help = std::move(help),
         .more = true,
         .placeholder = "none"});
    add_who("Who tags, for the record");
  }
  void add_who(std::string help) {
    add({.id = "who", .label = "Who", .help = std::move(help), .more = true});
  }

  Options options_;

 private:
  FormField* find(std::string_view id) {
    const auto& all = fields();
    const bool there =
        std::any_of(all.begin(), all.end(), [&](const FormField& each) { return each.id == id; });
    return there ? &field(id) : nullptr;
  }

  const FindKind& kind_;
  std::string lacks_;
};

class MapForm : public FindForm<jobs::MapJobOptions> {
 public:
  MapForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add_embeddings("Run whose embeddings are laid out", "the newest that has any", false);
    add_where("Filter: only these samples are laid out");
    add_seed("The same seed gives the same map");
  }
  void submit(Session& session) const override { session.jobs().start(map_work(options_)); }

 protected:
  void read() override {
    options_.embeddings = text("embeddings");
    options_.where = text("where");
    options_.seed = number("seed", 1, kMostSeed);
  }
};

class ProbeForm : public FindForm<jobs::ProbeJobOptions> {
 public:
  ProbeForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add_embeddings("Run that holds the embeddings", "the newest that does", false);
    add_check("fine-tune", "Fine-tune",
              "Fit the model itself, not only a head: finds more, takes minutes", false);
    add({.id = "run",
         .label = "Name of the run",
         .help = "Name of the run that is made",
         .placeholder = "probe; fine-tuned with Fine-tune"});
    add_where("Filter: only these samples");
    add_check("replace", "Replace", "Replace a run of the same name", false);
    add({.id = "folds",
         .label = "Folds",
         .help = "Folds, 2 to 50",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "5; 2 with Fine-tune"});
    add_device("That trains: auto, cpu, cuda or cuda:N");
    add_seed("Seed of the folds");
    add_who("Who runs it, for the record");
  }
  void submit(Session& session) const override { session.jobs().start(probe_work(options_)); }

 protected:
  void read() override {
    options_.embeddings = text("embeddings");
    options_.fine_tune = on("fine-tune");
    options_.run_name = text("run");
    options_.where = text("where");
    options_.replace = on("replace");
    options_.device = device();
    options_.folds = static_cast<int64_t>(number("folds", 0, kMostFolds));
    options_.seed = static_cast<int64_t>(number("seed", 1, kMostSeed));
    options_.who = text("who");
    options_.check();
  }
};

class LabelsForm : public FindForm<jobs::FindLabelsOptions> {
 public:
  LabelsForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add({.id = "method",
         .label = "Method",
         .help = "All that is stored: probe, neighbours, runs and copies; or one run's "
                 "probabilities, as cleanlab does it",
         .kind = FieldKind::kChoice,
         .choices = {{"", "all evidence"}, {"confident_learning", "confident learning"}}});
    add_run("Only this run's probabilities judge", "all runs");
    add_where("Filter: only these samples are looked at");
    add({.id = "fine-tune",
         .label = "Fit the model",
         .help = "The model of the embeddings, where it learnt other classes, is fitted to these "
                 "labels in folds and asked too: finds more",
         .kind = FieldKind::kChoice,
         .choices = {
             {"", "from 5,000 labels on, within 10 minutes"}, {"always", "yes"}, {"never", "no"}}});
    FormField filter{.id = "filter",
                     .label = "Filter",
                     .help = "Which labels confident learning takes",
                     .kind = FieldKind::kChoice,
                     .more = true,
                     .choices = {{"", "prune by noise rate"}}};
    for (const std::string& name : jobs::label_issue_filters()) {
      if (name != "prune_by_noise_rate") filter.choices.push_back({name, column_title(name)});
    }
    add(std::move(filter));
    add({.id = "rank-by",
         .label = "Rank by",
         .help = "What orders those that confident learning took",
         .kind = FieldKind::kChoice,
         .more = true,
         .choices = {{"", "normalized margin"},
                     {"self_confidence", "self confidence"},
                     {"confidence_weighted_entropy", "confidence weighted entropy"}}});
    add({.id = "frac-noise",
         .label = "Share of noise",
         .help = "Of the labels estimated to be wrong, the share that confident learning takes",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "1"});
    add({.id = "min-examples-per-class",
         .label = "Left of a class",
         .help = "As many samples of each class confident learning leaves",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "1"});
    add({.id = "remove-per-class",
         .label = "Taken of a class",
         .help = "Confident learning takes so many of these classes, and none of the others: "
                 "cat=20, dog=5",
         .more = true,
         .placeholder = "as estimated"});
    add_device("That trains heads on the embeddings: auto, cpu, cuda or cuda:N");
    add_check("compat", "As cleanlab", "As cleanlab 2.9 does it, its known faults included");
    add_tag("Tag what was found, to review it in the viewer");
  }
  void submit(Session& session) const override { session.jobs().start(labels_work(options_)); }

 protected:
  void read() override {
    options_.method = text("method");
    options_.run = text("run");
    options_.where = text("where");
    options_.fine_tune = text("fine-tune");
    options_.filter = text("filter");
    options_.rank_by = text("rank-by");
    options_.frac_noise = fraction("frac-noise").value_or(1);
    options_.min_examples_per_class =
        static_cast<int64_t>(number("min-examples-per-class", 1, kMostExamples));
    options_.remove_per_class.clear();
    const std::string removed = text("remove-per-class");
    for (const std::string_view each : split_view(removed, ',')) {
      if (!trim(each).empty()) options_.remove_per_class.emplace_back(trim(each));
    }
    options_.device = device();
    options_.compat = on("compat");
    options_.tag = text("tag");
    options_.who = text("who");
    options_.check();
  }
};

class DuplicatesForm : public FindForm<jobs::FindDuplicatesOptions> {
 public:
  DuplicatesForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add_where("Filter: only these samples are compared");
    add_embeddings("Near by the embeddings of this run too: crops, flips, other colours", "none",
                   false);
    add_check("exact", "Exact only", "Equal bytes and equal pixels only, nothing near", false);
    add({.id = "radius",
         .label = "Radius",
         .help = "Bits of 64 in which the perceptual hashes of near duplicates may differ",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "6"});
    add_check("exclude", "Exclude",
              "Exclude the copies, in groups whose labels agree; one undo takes it back");
    add_tag("Tag every member of a group, to review them");
  }
  void submit(Session& session) const override { session.jobs().start(duplicates_work(options_)); }

 protected:
  void read() override {
    options_.where = text("where");
    options_.embeddings = text("embeddings");
    options_.exact = on("exact");
    options_.radius = static_cast<int>(number("radius", 6, analysis::kMaxHashRadius));
    options_.exclude = on("exclude");
    options_.tag = text("tag");
    options_.who = text("who");
    options_.check();
  }
};

class QualityForm : public FindForm<jobs::FindQualityOptions> {
 public:
  QualityForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add_where("Filter: only these samples are looked at");
    for (const analysis::QualityIssueInfo& info : analysis::quality_issues()) {
      FormField issue{.id = std::string(info.name),
                      .label = column_title(info.name),
                      .help = std::string(info.meaning),
                      .kind = FieldKind::kCheck,
                      .more = true,
                      .value = "1"};
      issue.label[0] = static_cast<char>(issue.label[0] - 'a' + 'A');
      add(std::move(issue));
    }
    add_tag("Tag what was found, to review it in the viewer");
  }
  void submit(Session& session) const override { session.jobs().start(quality_work(options_)); }

 protected:
  void read() override {
    options_.where = text("where");
    options_.issues.clear();
    for (const analysis::QualityIssueInfo& info : analysis::quality_issues()) {
      if (on(info.name)) options_.issues.emplace_back(info.name);
    }
    if (options_.issues.empty()) throw Error(ErrorCategory::kUsage, "look for one thing at least");
    if (options_.issues.size() == analysis::kQualityIssues) options_.issues.clear();
    options_.tag = text("tag");
    options_.who = text("who");
    options_.check();
  }
};

class OutliersForm : public FindForm<jobs::FindOutliersOptions> {
 public:
  OutliersForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add_embeddings("Run whose embeddings are compared", "the newest that has any", false);
    add_where("Filter: only these samples are looked at");
    add_check("compat", "As others",
              "As Datalab (cleanlab 2.9) and FiftyOne do it, their known faults included");
    add_tag("Tag the outliers, to review them");
  }
  void submit(Session& session) const override { session.jobs().start(outliers_work(options_)); }

 protected:
  void read() override {
    options_.embeddings = text("embeddings");
    options_.where = text("where");
    options_.compat = on("compat");
    options_.tag = text("tag");
    options_.who = text("who");
  }
};

class SlicesForm : public FindForm<jobs::FindSlicesOptions> {
 public:
  SlicesForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add({.id = "run",
         .label = "Run",
         .help = "Run whose predictions are judged",
         .placeholder = "the newest"});
    add_embeddings("Run whose embeddings make clusters", "the newest that has any", false);
    add_where("Filter: only these samples are looked at");
    add_seed("Of the two halves and of the clusters");
    add_tag("Tag the samples of all slices, to review them");
  }
  void refresh(const AppState& state) override {
    FindForm::refresh(state);
    std::vector<FieldChoice>& runs = field("run").choices;
    runs.clear();
    for (auto run = state.snapshot.runs.rbegin(); run != state.snapshot.runs.rend(); ++run) {
      if (run->predicted_samples > 0) runs.push_back({run->name, to_valid_utf8(run->name)});
    }
  }
  void submit(Session& session) const override { session.jobs().start(slices_work(options_)); }

 protected:
  void read() override {
    options_.run = text("run");
    options_.embeddings = text("embeddings");
    options_.where = text("where");
    options_.seed = number("seed", 1, kMostSeed);
    options_.tag = text("tag");
    options_.who = text("who");
  }
};

class DatasetForm : public FindForm<jobs::FindDatasetOptions> {
 public:
  DatasetForm(const FindKind& kind, const std::string& store_path) : FindForm(kind, store_path) {
    add_embeddings("Run whose embeddings say what is alike", "the newest that has any", false);
    add_where("Filter: only these samples are looked at");
    add_check("compat", "As Datalab", "Correlations with Datalab's baseline");
  }
  void submit(Session& session) const override { session.jobs().start(dataset_work(options_)); }

 protected:
  void read() override {
    options_.embeddings = text("embeddings");
    options_.where = text("where");
    options_.compat = on("compat");
  }
};

}  // namespace

std::string what_is_lacking(const FindKind& kind, const AppState& state) {
  const std::vector<RunSummary>& runs = state.snapshot.runs;
  if (state.snapshot.ids.empty()) return "There are no samples yet: import some first";
  if (kind.needs_embeddings && std::none_of(runs.begin(), runs.end(), [](const RunSummary& run) {
        return run.embedding_columns > 0;
      })) {
    return "No run has embeddings yet: run a model, which keeps what goes into its last layer, or "
           "attach a matrix of them";
  }
  const bool any = std::any_of(runs.begin(), runs.end(), [](const RunSummary& run) {
    return run.predicted_samples > 0 || run.kind == "probabilities";
  });
  const bool embeddings_do = kind.form == Overlay::kFindLabels && !runs.empty();
  if (kind.needs_run && !any && !embeddings_do) {
    return "There are no predictions yet: run a model, attach predictions, or make out-of-sample "
           "probabilities from embeddings";
  }
  return {};
}

std::unique_ptr<Form> make_find_form(Overlay which, const std::string& store_path) {
  const FindKind* kind = find_kind(which);
  if (kind == nullptr) return nullptr;
  switch (which) {
    case Overlay::kFindLabels: return std::make_unique<LabelsForm>(*kind, store_path);
    case Overlay::kFindDuplicates: return std::make_unique<DuplicatesForm>(*kind, store_path);
    case Overlay::kFindQuality: return std::make_unique<QualityForm>(*kind, store_path);
    case Overlay::kFindOutliers: return std::make_unique<OutliersForm>(*kind, store_path);
    case Overlay::kFindSlices: return std::make_unique<SlicesForm>(*kind, store_path);
    case Overlay::kFindDataset: return std::make_unique<DatasetForm>(*kind, store_path);
    case Overlay::kProbe: return std::make_unique<ProbeForm>(*kind, store_path);
    case Overlay::kMap: return std::make_unique<MapForm>(*kind, store_path);
    default: return nullptr;
  }
}

}  // namespace errata::viewer
