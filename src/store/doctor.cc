#include "store/doctor.h"

#include <fmt/format.h>

#include <stdexcept>

#include "store/doctor_context.h"

namespace errata::store {

namespace {

struct Check {
  CheckInfo info;
  void (*run)(DoctorContext&);
};

// Names that one function looks for stand next to each other, the function with the first.
constexpr Check kChecks[] = {
    {{"sqlite-integrity", "The pages and indexes of the SQLite file are sound."}, check_integrity},
    {{"schema", "Every table, index and view is there as this program makes it."},
     check_schema_objects},
    {{"orphan-row", "No row refers to another that is not there."}, check_orphan_rows},
    {{"chunk-length", "Every column chunk has the length it says."}, check_chunks},
    {{"chunk-checksum", "Every column chunk has its checksum."}, nullptr},
    {{"orphan-chunk", "Every chunk belongs to a column and every column to something."},
     check_orphan_chunks},
    {{"sample-gap", "Sample ids are consecutive."}, check_sample_ids},
    {{"class-map-gap", "The class maps of sources, runs and versions are complete."},
     check_class_maps},
    {{"log-labels", "Replaying the log gives the labels in the store."}, check_log},
    {{"log-review", "Replaying the log gives the review state, split and tags in the store."},
     nullptr},
    {{"label-revision", "The label revision is that of the log's last change of a label."},
     nullptr},
    {{"undo-chain", "What was taken back and what took it back name each other."},
     check_undo_chain},
    {{"snapshot-rows", "The snapshot's columns say what the rows say."}, check_snapshot_blocks},
    {{"object-rows",
      "Every imported set of objects is whole, and replaying the log gives the "
      "objects that people changed."},
     check_objects},
    {{"run-rows", "Every run has as many stored rows as it says."}, check_runs},
    {{"version-hash", "Every version has a hash and columns of one length."}, check_versions},
    {{"stale-lease", "No lease is held by a process that is gone."}, check_leases},
    {{"interrupted-import", "Every import came to its end."}, check_interrupted},
    {{"interrupted-run", "Every run came to its end."}, nullptr},
    {{"missing-root", "Every root folder is there."}, check_files},
    {{"vanished-file", "Every sample's file is there."}, nullptr},
    {{"moved-file", "No sample's file lies elsewhere below its root."}, nullptr},
    {{"changed-file", "Every sample's file is as it was imported."}, nullptr},
};

}  // namespace

std::vector<CheckInfo> all_checks() {
  std::vector<CheckInfo> checks;
  for (const Check& check : kChecks) checks.push_back(check.info);
  return checks;
}

void DoctorContext::add(Finding finding) {
  const size_t count = ++counts_[finding.check];
  if (count <= options.keep_per_check) findings_.push_back(std::move(finding));
}

std::vector<Finding> DoctorContext::finish() {
  for (auto finding = findings_.rbegin(); finding != findings_.rend(); ++finding) {
    size_t& count = counts_[finding->check];
    if (count > options.keep_per_check) {
      finding->message += fmt::format(" ({} more like this)", count - options.keep_per_check);
      count = 0;
    }
  }
  return std::move(findings_);
}

std::vector<Finding> check_store(Store& store, const DoctorOptions& options,
                                 const ParallelFor& parallel_for, Progress& progress,
                                 const CancelToken& cancel) {
  DoctorContext context(store, options, parallel_for, progress, cancel);
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  progress.start_stage("checking the store", std::size(kChecks));
  for (const Check& check : kChecks) {
    cancel.check();
    const bool wanted = check.run != check_files || options.level != DoctorLevel::kStore;
    try {
      if (check.run != nullptr && wanted) check.run(context);
    } catch (const Error& error) {
      if (error.category() == ErrorCategory::kInterrupted) throw;
      // Damage that kept a check from being made; what it is, an earlier check said.
      context.damage(check.info.name, store.path(),
                     fmt::format("could not be checked: {}", error.what()),
                     error.hint().empty() ? std::string(kGoBack) : error.hint());
    } catch (const std::out_of_range& error) {
      context.damage(check.info.name, store.path(),
                     fmt::format("could not be checked: {}", error.what()), std::string(kGoBack));
    }
    if (check.run != check_files) progress.add();
  }
  return context.finish();
}

}  // namespace errata::store
