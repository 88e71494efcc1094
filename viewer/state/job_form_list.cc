// The forms themselves: which fields each job has. Defaults and sentences are those of the command
// line's help.
#include <fmt/format.h>

#include "base/text.h"
#include "export/exporter.h"
#include "importers/registry.h"
#include "store/store.h"
#include "viewer/state/job_forms.h"
#include "viewer/state/job_work.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr size_t kMostSuggestions = 6;
constexpr uint64_t kMostDetections = 100'000;
constexpr uint64_t kMostWorkers = 1024;
constexpr uint64_t kMostBatch = 65'536;
constexpr uint64_t kMostFolds = 1000;
constexpr uint64_t kMostMemoryMib = 1 << 20;

FormField who_field(std::string help) {
  return {.id = "who", .label = "Who", .help = std::move(help), .more = true};
}

FormField check_field(std::string id, std::string label, std::string help, bool more = true) {
  return {.id = std::move(id),
          .label = std::move(label),
          .help = std::move(help),
          .kind = FieldKind::kCheck,
          .more = more};
}

FormField trained_on_field() {
  return {.id = "trained-on",
          .label = "Trained on",
          .help = "Filter: the samples that the model was trained on",
          .kind = FieldKind::kFilter,
          .placeholder = "not said; as split = 'train'"};
}

FormField memory_field(std::string help, uint64_t default_mib) {
  return {.id = "memory",
          .label = "Memory",
          .help = std::move(help),
          .kind = FieldKind::kNumber,
          .more = true,
          .placeholder = fmt::format("{} MiB", default_mib)};
}

FormField where_field(std::string help, std::string placeholder) {
  return {.id = "where",
          .label = "Only these",
          .help = std::move(help),
          .kind = FieldKind::kFilter,
          .more = true,
          .placeholder = std::move(placeholder)};
}

class ImportForm : public Form {
 public:
  explicit ImportForm(const std::string& store_path)
      : Form(Overlay::kImport, "Import images", "Import") {
    options_.store_path = store_path;
    add({.id = "source",
         .label = "Folder or file",
         .help = "A folder of images, or the file that lists them. Images stay where they are",
         .kind = FieldKind::kPath,
         .needed = true,
         .placeholder = "type a path, Tab completes it; or drop it here",
         .explain = [](const std::string& path) {
           const auto choice = importers::choose_importer(path);
           return fmt::format("{}: {}", choice.reader->name(), choice.reason);
         }});
    add({.id = "split",
         .label = "Split",
         .help = "Put all samples into this split",
         .placeholder = "as the source says"});
    FormField format{.id = "format",
                     .label = "Format",
                     .help = "auto takes the one most sure of itself, named below the path",
                     .kind = FieldKind::kChoice,
                     .choices = {{"auto", "auto"}},
                     .value = "auto"};
    for (const auto* importer : importers::all_importers()) {
      format.choices.push_back({std::string(importer->name()), std::string(importer->name()),
                                std::string(importer->description())});
    }
    add(std::move(format));
    add({.id = "images",
         .label = "Images below",
         .help = "Where relative image paths start",
         .kind = FieldKind::kFolder,
         .more = true,
         .placeholder = "as the format has it"});
    add({.id = "name",
         .label = "Name",
         .help = "Name of the source; the same name again is a re-import",
         .more = true,
         .placeholder = "that of the folder or file"});
    add({.id = "voc-origin",
         .label = "VOC's first pixel",
         .help = "What the first pixel of VOC's boxes is called",
         .kind = FieldKind::kChoice,
         .more = true,
         .choices = {{"", "1, unless a box begins at 0"}, {"0", "0"}, {"1", "1"}}});
    add(memory_field("How many MiB of a large annotation file may be held at once", 64));
    add(who_field("Who imports, for the log"));
  }

  void submit(Session& session) const override { session.jobs().start(import_work(options_)); }

 protected:
  void take() override {
    options_.input_path = path("source");
    options_.format = text("format");
    options_.images_root = path("images");
    options_.split = text("split");
    options_.source_name = text("name");
    options_.voc_origin = text("voc-origin").empty() ? -1 : text("voc-origin") == "1";
    options_.memory_bytes = number("memory", 64, kMostMemoryMib, 1) << 20;
    options_.who = text("who");
    options_.check();
  }

 private:
  jobs::ImportJobOptions options_;
};

class PredictionsForm : public Form {
 public:
  explicit PredictionsForm(const std::string& store_path)
      : Form(Overlay::kPredictions, "Attach predictions", "Attach") {
    options_.store_path = store_path;
    add({.id = "file",
         .label = "File or folder",
         .help = "CSV, NPY or NPZ file with predictions or embeddings, COCO results, or a folder "
                 "of YOLO's text predictions",
         .kind = FieldKind::kPath,
         .needed = true,
         .placeholder = "type a path, Tab completes it; or drop it here",
         .explain = [](const std::string& path) {
           const auto choice = importers::choose_prediction_reader(path);
           return fmt::format("{}: {}", choice.reader->name(), choice.reason);
         }});
    add({.id = "run",
         .label = "Name of the run",
         .help = "What the predictions are called here",
         .placeholder = "that of the file"});
    add(trained_on_field());
    add({.id = "class-map",
         .label = "Class names",
         .help = "File with the model's class names in output order",
         .kind = FieldKind::kFile,
         .placeholder = "the project's classes, in their order"});
    FormField format{.id = "format",
                     .label = "Format",
                     .help = "auto takes the one most sure of itself, named below the path",
                     .kind = FieldKind::kChoice,
                     .more = true,
                     .choices = {{"auto", "auto"}},
                     .value = "auto"};
    for (const auto* reader : importers::all_prediction_readers()) {
      format.choices.push_back({std::string(reader->name()), std::string(reader->name())});
    }
    add(std::move(format));
    add({.id = "kind",
         .label = "Values are",
         .help = "What the numbers mean; told by the values unless you say",
         .kind = FieldKind::kChoice,
         .more = true,
         .choices = {{"", "told by the values"},
                     {"probabilities", "probabilities"},
                     {"logits", "logits"},
                     {"top-one", "top-one"},
                     {"embedding", "embedding"},
                     {"detections", "detections"}}});
    add({.id = "files",
         .label = "List of files",
         .help = "Text file with one path or id per row",
         .kind = FieldKind::kFile,
         .more = true,
         .placeholder = "looked for beside the file"});
    add({.id = "array",
         .label = "Array",
         .help = "Which array of an NPZ",
         .more = true,
         .placeholder = "found"});
    add({.id = "images",
         .label = "Images",
         .help = "Annotations of a second source: folder of their images",
         .kind = FieldKind::kFolder,
         .more = true,
         .placeholder = "as an import finds them"});
    add({.id = "category-base",
         .label = "Categories",
         .help = "COCO results: what their category ids are",
         .kind = FieldKind::kChoice,
         .more = true,
         .choices = {{"", "told by the file"},
                     {"dataset", "the dataset's ids"},
                     {"0", "counted from 0"},
                     {"1", "counted from 1"}}});
    add(memory_field("How many MiB of a large file may be held at once; beyond, it is read twice",
                     512));
    add(check_field("replace", "Replace", "Replace a run of the same name"));
    add(who_field("Who attaches them, for the record"));
  }

  void submit(Session& session) const override { session.jobs().start(predictions_work(options_)); }

 protected:
  void take() override {
    options_.input_path = path("file");
    options_.run_name = text("run");
    options_.trained_on = text("trained-on");
    options_.class_map = path("class-map");
    options_.format = text("format");
    options_.kind = text("kind");
    options_.files_list = path("files");
    options_.member = text("array");
    options_.category_base = text("category-base");
    options_.images_root = path("images");
    options_.memory_bytes = number("memory", 512, kMostMemoryMib, 16) << 20;
    options_.replace = on("replace");
    options_.who = text("who");
    options_.check();
  }

 private:
  jobs::PredictionsJobOptions options_;
};

class InferForm : public Form {
 public:
  explicit InferForm(const std::string& store_path) : Form(Overlay::kInfer, "Run a model", "Run") {
    options_.store_path = store_path;
    add({.id = "model",
         .label = "Model",
         .help = "TorchScript file",
         .kind = FieldKind::kFile,
         .needed = true,
         .placeholder = "type a path, Tab completes it"});
    add({.id = "run",
         .label = "Name of the run",
         .help = "What its predictions are called here",
         .placeholder = "that of the model file"});
    add(trained_on_field());
    add({.id = "device",
         .label = "Device",
         .help = "auto, cpu, cuda or cuda:N",
         .choices = {{"auto", "auto"}, {"cpu", "cpu"}, {"cuda", "cuda"}},
         .value = "auto"});
    add({.id = "precision",
         .label = "Precision",
         .help = "Fewer bits are faster and a little less exact",
         .kind = FieldKind::kChoice,
         .choices = {{"fp32", "fp32"}, {"bf16", "bf16"}, {"fp16", "fp16"}},
         .value = "fp32"});
    add_model_fields();
    add_detector_fields();
    add(where_field("Filter: only these samples", "all"));
    add(check_field("resume", "Go on", "Go on with a run that did not end"));
    add(check_field("replace", "Replace", "Replace a run of the same name"));
    add({.id = "batch",
         .label = "Batch",
         .help = "Images per forward pass",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "what suits the device"});
    add({.id = "workers",
         .label = "Threads",
         .help = "Threads that decode and run",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "one per core"});
    add(who_field("Who runs it, for the record"));
  }

  void submit(Session& session) const override { session.jobs().start(infer_work(options_)); }

 protected:
  void take() override {
    options_.model_path = path("model");
    options_.run_name = text("run");
    options_.trained_on = text("trained-on");
    options_.device = device();
    options_.precision = text("precision");
    options_.config_path = path("config");
    options_.class_map = path("class-map");
    options_.use_test_size = on("test-size");
    options_.mirror = on("mirror");
    options_.embedding = !on("no-embedding");
    options_.confidence = fraction("confidence");
    options_.iou = fraction("iou");
    const uint64_t most = number("max-detections", 0, kMostDetections);
    options_.max_detections = most == 0 ? std::nullopt : std::optional<size_t>(most);
    options_.agnostic = on("agnostic");
    options_.where = text("where");
    options_.resume = on("resume");
    options_.replace = on("replace");
    options_.batch = number("batch", 0, kMostBatch);
    options_.workers = number("workers", 0, kMostWorkers);
    options_.who = text("who");
    if (options_.resume && options_.replace) {
      throw Error(ErrorCategory::kUsage, "a run is either gone on with or replaced, not both");
    }
    options_.check();
  }

 private:
  void add_model_fields() {
    add({.id = "config",
         .label = "Description",
         .help = "JSON that describes the model's input and outputs",
         .kind = FieldKind::kFile,
         .more = true,
         .placeholder = "beside or inside the model"});
    add({.id = "class-map",
         .label = "Class names",
         .help = "File with class names in output order, where the model has none",
         .kind = FieldKind::kFile,
         .more = true,
         .placeholder = "the model's own"});
    add(check_field("test-size", "Test size", "Use timm's test_input_size and test_crop_pct"));
    add(check_field("mirror", "Mirror", "See mirror images too, average both (twice the work)"));
    add(check_field("no-embedding", "No embedding", "Store probabilities only"));
  }

  void add_detector_fields() {
    add({.id = "confidence",
         .label = "Confidence",
         .help = "Detectors: keep boxes above it",
         .more = true,
         .placeholder = "0.05"});
    add({.id = "iou",
         .label = "Overlap",
         .help = "Detectors: of two boxes whose IoU is above it, keep the surer one",
         .more = true,
         .placeholder = "0.7"});
    add({.id = "max-detections",
         .label = "Most boxes",
         .help = "Detectors: most boxes of an image",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "300"});
    add(check_field("agnostic", "Across classes",
                    "Detectors: boxes of different classes suppress each other too"));
  }

  jobs::InferJobOptions options_;
};

class SplitForm : public Form {
 public:
  explicit SplitForm(const std::string& store_path)
      : Form(Overlay::kSplit, "Split the dataset", "Split") {
    options_.store_path = store_path;
    add({.id = "parts",
         .label = "Parts",
         .help = "Shares; counts (test=1000), percents and `rest` work too",
         .choices = {{"train=0.8,val=0.1,test=0.1", "80 / 10 / 10"},
                     {"train=0.7,val=0.15,test=0.15", "70 / 15 / 15"},
                     {"train=0.8,test=0.2", "80 / 20"}},
         .value = "train=0.8,val=0.1,test=0.1"});
    add(check_field("extend", "Extend",
                    "Everyone who has a split stays there; only the others are placed", false));
    add(check_field("dry-run", "Only try", "Show the split, change nothing", false));
    add({.id = "group",
         .label = "Keep together",
         .help = "Samples that agree in this column (attr.patient) or in `content`; several with "
                 "commas",
         .more = true,
         .placeholder = "each by itself"});
    add({.id = "folds",
         .label = "Folds",
         .help = "k parts of equal size instead: fold0, fold1, ...",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "parts as above"});
    add(check_field("no-stratify", "As it comes", "Do not balance the classes"));
    add({.id = "seed",
         .label = "Seed",
         .help = "Seed of the draw",
         .kind = FieldKind::kNumber,
         .more = true,
         .placeholder = "1"});
    add(where_field("Filter: only these samples are placed", "all that are not excluded"));
    add({.id = "why", .label = "Why", .help = "Why, for the log", .more = true});
    add(who_field("Who splits"));
  }

  void submit(Session& session) const override { session.jobs().start(split_work(options_)); }
  bool only_tries() const override { return options_.dry_run; }

 protected:
  void take() override {
    options_.parts = text("parts");
    options_.folds = static_cast<int>(number("folds", 0, kMostFolds));
    options_.seed = number("seed", 1, UINT32_MAX);
    options_.stratify = !on("no-stratify");
    options_.groups.clear();
    for (const std::string_view group : split_view(text("group"), ',')) {
      if (!trim(group).empty()) options_.groups.emplace_back(trim(group));
    }
    options_.extend = on("extend");
    options_.dry_run = on("dry-run");
    options_.where = text("where");
    options_.why = text("why");
    options_.who = text("who");
    if (options_.folds > 0 && !options_.parts.empty()) {
      throw Error(ErrorCategory::kUsage, "parts or folds: empty one of them");
    }
    if (options_.folds == 0 && options_.parts.empty()) {
      throw Error(ErrorCategory::kUsage, "name the parts, as train=0.8,val=0.1,test=0.1");
    }
    options_.check();
    if (!options_.parts.empty()) versions::parse_split_parts(options_.parts);
  }

 private:
  jobs::SplitJobOptions options_;
};

class VersionForm : public Form {
 public:
  explicit VersionForm(const std::string& store_path)
      : Form(Overlay::kVersion, "Make a version", "Make it") {
    options_.store_path = store_path;
    add({.id = "name",
         .label = "Name",
         .help = "The dataset as it is now, under this name; exports and training runs refer to it",
         .needed = true,
         .placeholder = "as cleaned-1"});
    add({.id = "message", .label = "Why", .help = "Why this version"});
    add({.id = "parent",
         .label = "Parent",
         .help = "The version it comes from",
         .more = true,
         .placeholder = "the newest version"});
    add(who_field("Who makes it"));
  }

  void refresh(const AppState& state) override {
    taken_.clear();
    std::vector<FieldChoice>& parents = field("parent").choices;
    parents.clear();
    const std::vector<store::VersionInfo>& all = state.lists.lists.versions;
    for (const store::VersionInfo& version : all) taken_.push_back(version.name);
    for (auto name = taken_.rbegin(); name != taken_.rend() && parents.size() < kMostSuggestions;
         ++name) {
      parents.push_back({*name, to_valid_utf8(*name)});
    }
  }
  void submit(Session& session) const override { session.jobs().start(version_work(options_)); }

 protected:
  void take() override {
    options_.name = text("name");
    options_.message = text("message");
    options_.parent = text("parent");
    options_.who = text("who");
    for (const std::string& name : taken_) {
      if (name == options_.name) field("name").problem = "there is a version of this name";
    }
    options_.check();
  }

 private:
  jobs::VersionJobOptions options_;
  std::vector<std::string> taken_;
};

class ExportForm : public Form {
 public:
  explicit ExportForm(const std::string& store_path) : Form(Overlay::kExport, "Export", "Export") {
    options_.store_path = store_path;
    add({.id = "to",
         .label = "To",
         .help = "Folder to make; must not hold anything",
         .kind = FieldKind::kNewFolder,
         .needed = true,
         .placeholder = "type a path, Tab completes it"});
    add({.id = "version",
         .label = "Version",
         .help = "Version to export",
         .placeholder = "the store as it is now"});
    FormField format{.id = "format",
                     .label = "Format",
                     .help = "How the files are laid out",
                     .kind = FieldKind::kChoice,
                     .value = "imagefolder"};
    for (const auto* each : exports::all_formats()) {
      format.choices.push_back(
          {std::string(each->name()), std::string(each->name()), std::string(each->description())});
    }
    add(std::move(format));
    add({.id = "files",
         .label = "Images are",
         .help = fmt::format("Links cost no space; none leaves images where they are ({})",
                             exports::formats_that_support(exports::FileMode::kNone)),
         .kind = FieldKind::kChoice,
         .choices = {{"copy", "copied"},
                     {"hardlink", "hard links"},
                     {"symlink", "symbolic links"},
                     {"reflink", "shared blocks"},
                     {"none", "none"}},
         .value = "copy"});
    add(where_field("Filter: only these; not with a version", "all"));
    add(check_field("check", "Check", "Compare what was written with its hash"));
    add(check_field("skip-unreadable", "Skip", "Leave out what cannot be read instead of failing"));
    add(check_field("dry-run", "Only try",
                    "Say what would be written and what the format cannot hold; write nothing",
                    false));
  }

  void refresh(const AppState& state) override {
    // Boxes go out as boxes unless a person says otherwise.
    const bool has_objects = state.snapshot.objects > 0;
    if (has_objects && !chosen_for_objects_) field("format").value = "coco";
    chosen_for_objects_ = chosen_for_objects_ || has_objects;
    std::vector<FieldChoice>& versions = field("version").choices;
    versions = {{"", "as it is now"}};
    const std::vector<store::VersionInfo>& all = state.lists.lists.versions;
    for (auto version = all.rbegin(); version != all.rend() && versions.size() < kMostSuggestions;
         ++version) {
      versions.push_back({version->name, to_valid_utf8(version->name)});
    }
  }
  void submit(Session& session) const override { session.jobs().start(export_work(options_)); }
  bool only_tries() const override { return options_.dry_run; }

 protected:
  void take() override {
    options_.target = path("to");
    options_.version = text("version");
    options_.format = text("format");
    options_.files = text("files");
    options_.where = text("where");
    options_.check_content = on("check");
    options_.skip_unreadable = on("skip-unreadable");
    options_.dry_run = on("dry-run");
    if (!options_.version.empty() && !options_.where.empty()) {
      field("where").problem = "a version is exported whole: leave one of the two empty";
    }
    const exports::ExportFormat& format = exports::find_format(options_.format);
    if (!format.supports(exports::parse_file_mode(options_.files))) {
      field("files").problem = fmt::format("{} needs the images", options_.format);
    }
    options_.check();
  }

 private:
  jobs::ExportJobOptions options_;
  bool chosen_for_objects_ = false;
};

class OpenStoreForm : public Form {
 public:
  OpenStoreForm() : Form(Overlay::kOpenStore, "Open a store", "Open") {
    add({.id = "store",
         .label = "Store",
         .help = "The file that holds a project; a new name begins a new project",
         .kind = FieldKind::kStore,
         .needed = true,
         .placeholder = "type a path, Tab completes it; or drop it here",
         .explain = [](const std::string& path) {
           store::Store::open(path, store::Access::kRead);
           return std::string("a store");
         }});
  }

  void submit(Session& session) const override { session.jobs().open_store(path_); }

 protected:
  void take() override { path_ = path("store"); }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<Form> make_form(Overlay which, const std::string& store_path) {
  switch (which) {
    case Overlay::kImport: return std::make_unique<ImportForm>(store_path);
    case Overlay::kPredictions: return std::make_unique<PredictionsForm>(store_path);
    case Overlay::kInfer: return std::make_unique<InferForm>(store_path);
    case Overlay::kSplit: return std::make_unique<SplitForm>(store_path);
    case Overlay::kVersion: return std::make_unique<VersionForm>(store_path);
    case Overlay::kExport: return std::make_unique<ExportForm>(store_path);
    case Overlay::kOpenStore: return std::make_unique<OpenStoreForm>();
    default: return make_find_form(which, store_path);
  }
}

}  // namespace errata::viewer
