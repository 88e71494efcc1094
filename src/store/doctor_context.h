// What the doctor's checks share. Internal to this folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/connection.h"
#include "store/doctor.h"

namespace errata::store {

// Collects findings, a bounded number of each check.
class DoctorContext {
 public:
  DoctorContext(Store& store_checked, const DoctorOptions& doctor_options,
                const ParallelFor& worker_for, Progress& job_progress, const CancelToken& token)
      : store(store_checked),
        db(store_checked.db()),
        options(doctor_options),
        parallel_for(worker_for),
        progress(job_progress),
        cancel(token) {}

  void damage(std::string_view check, std::string where, std::string message, std::string fix) {
    add({FindingSeverity::kDamage, check, std::move(where), std::move(message), std::move(fix)});
  }
  void warn(std::string_view check, std::string where, std::string message, std::string fix) {
    add({FindingSeverity::kWarning, check, std::move(where), std::move(message), std::move(fix)});
  }
  std::vector<Finding> finish();

  Store& store;
  Connection& db;
  const DoctorOptions& options;
  const ParallelFor& parallel_for;
  Progress& progress;
  const CancelToken& cancel;

 private:
  void add(Finding finding);

  std::vector<Finding> findings_;
  std::map<std::string_view, size_t> counts_;
};

inline constexpr std::string_view kGoBack = "go back to a copy of the store, or import again";

// Each looks for what its name in all_checks() says.
void check_integrity(DoctorContext& context);
void check_schema_objects(DoctorContext& context);
void check_orphan_rows(DoctorContext& context);
void check_chunks(DoctorContext& context);
void check_orphan_chunks(DoctorContext& context);
void check_sample_ids(DoctorContext& context);
void check_class_maps(DoctorContext& context);
void check_log(DoctorContext& context);
void check_undo_chain(DoctorContext& context);
void check_snapshot_blocks(DoctorContext& context);
void check_objects(DoctorContext& context);
void check_runs(DoctorContext& context);
void check_versions(DoctorContext& context);
void check_leases(DoctorContext& context);
void check_interrupted(DoctorContext& context);
void check_files(DoctorContext& context);

}  // namespace errata::store
