#include "jobs/import_job.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "importers/registry.h"
#include "store/roots.h"
#include "store/store.h"

namespace errata::jobs {

namespace {

// The name by which the source will be found again: the given one, or that of the folder or file,
// when no source from elsewhere has it.
std::string name_of_source(store::Store& store, const ImportJobOptions& options) {
  const std::string path = absolute_path(options.input_path);
  std::string name = options.source_name;
  const std::vector<store::SourceInfo> sources = store::list_sources(store);
  if (name.empty()) {
    for (const store::SourceInfo& source : sources) {
      if (source.input_path == path) return source.name;
    }
    name = escape_bytes(base_name(path));
    if (name.empty()) name = "root";
  }
  for (const store::SourceInfo& source : sources) {
    if (source.name != name || source.input_path == path || source.root == path) continue;
    throw Error(ErrorCategory::kConflict,
                fmt::format("a source named '{}' was imported from elsewhere: {}", name,
                            to_valid_utf8(source.input_path)),
                "Choose another name with --name, or, when the files have moved, run `errata root "
                "set` first.",
                options.input_path);
  }
  return name;
}

// Opens the store only once the importer has something to say, so that a source that cannot be read
// leaves no empty store behind.
class StoringSink : public SampleSink {
 public:
  explicit StoringSink(const ImportJobOptions& options) : options_(options) {}

  void begin(const SourceHeader& header) override {
    store_.emplace(store::Store::open_or_create(options_.store_path));
    store::ImportOptions import;
    import.source_name = name_of_source(*store_, options_);
    import.input_path = absolute_path(options_.input_path);
    import.split = options_.split;
    import.who = options_.who;
    source_name_ = import.source_name;
    writer_.emplace(*store_, std::move(import));
    writer_->begin(header);
  }
  void samples(std::vector<SampleRecord>&& batch) override { writer_->samples(std::move(batch)); }
  void objects(std::vector<ObjectRecord>&& batch) override { writer_->objects(std::move(batch)); }
  void end(uint64_t seen) override { writer_->end(seen); }

  store::ImportReport finish(const IssueLog& issues) {
    store::ImportReport report = writer_->finish(issues);
    writer_.reset();
    store_->close();
    return report;
  }
  const std::string& source_name() const { return source_name_; }
  bool began() const { return writer_.has_value(); }

 private:
  const ImportJobOptions& options_;
  std::optional<store::Store> store_;
  std::optional<store::ImportWriter> writer_;
  std::string source_name_;
};

}  // namespace

void ImportJobOptions::check() const {
  if (input_path.empty()) {
    throw Error(ErrorCategory::kUsage, "no source to import was given",
                "Name a folder or a file: `errata import photos/`.");
  }
  if (store_path.empty()) throw Error(ErrorCategory::kUsage, "the store has no path");
  if (!is_valid_utf8(split) || !is_valid_utf8(source_name)) {
    throw Error(ErrorCategory::kUsage, "names of splits and sources must be UTF-8");
  }
}

std::string closing_line(uint64_t accepted, uint64_t rejected, uint64_t warned) {
  return fmt::format("accepted {}, rejected {}, warned {}", with_thousands(accepted),
                     with_thousands(rejected), with_thousands(warned));
}

std::string ImportJobReport::closing_line() const {
  return jobs::closing_line(accepted, rejected, warned);
}

ImportJobReport run_import(const ImportJobOptions& options, JobContext& context) {
  options.check();
  const auto start = std::chrono::steady_clock::now();
  ImportJobReport report;
  const auto choice = importers::choose_importer(options.input_path, options.format);
  report.format = choice.reader->name();
  report.reason = choice.reason;
  context.tell("format: " + choice.reason);
  StoringSink sink(options);
  const importers::ImportInput input{
      options.input_path, options.images_root, context.workers.as_parallel_for(),
      context.progress,   context.cancel,      context.issues,
      options.voc_origin, options.memory_bytes};
  choice.reader->run(input, sink);
  context.cancel.check();
  if (!sink.began()) throw Error(ErrorCategory::kInternal, "the importer gave no header");
  report.samples = sink.finish(context.issues);
  if (const uint64_t twice = report.samples.duplicates; twice > 0) {
    // Stored one by one; here they are counted, so that the last line has them.
    context.issues.warn(
        "duplicate-sample", options.input_path, "", "",
        fmt::format("{} named more than once: the first one counts",
                    twice == 1 ? "1 image is" : with_thousands(twice) + " images are"));
  }
  report.source_name = sink.source_name();
  report.rejected = context.issues.rejected();
  report.warned = context.issues.warned();
  report.accepted = report.samples.seen - std::min(report.samples.seen, report.rejected);
  report.issue_kinds = context.issues.count_by_kind();
  report.elapsed_secs =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace errata::jobs
