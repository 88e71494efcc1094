#include "jobs/version_job.h"

#include "jobs/member_reader.h"

namespace errata::jobs {

void VersionJobOptions::check() const {
  if (name.empty()) throw Error(ErrorCategory::kUsage, "the version has no name");
}

versions::VersionContext version_context(JobContext& context) {
  return {context.workers.as_parallel_for(), context.progress, context.cancel, context.issues,
          make_member_reader()};
}

versions::CreatedVersion create_version(const VersionJobOptions& options, JobContext& context) {
  options.check();
  store::Store store = store::Store::open(options.store_path, store::Access::kWrite);
  versions::CreateVersionOptions create;
  create.name = options.name;
  create.message = options.message;
  create.parent = options.parent;
  create.who = options.who;
  versions::CreatedVersion created =
      versions::create_version(store, create, version_context(context));
  store.close();
  return created;
}

versions::RestoreReport restore_version(const VersionJobOptions& options, JobContext& context) {
  options.check();
  store::Store store = store::Store::open(options.store_path, store::Access::kWrite);
  versions::RestoreReport report = versions::restore_version(store, options.name, options.who,
                                                             options.why, version_context(context));
  store.close();
  return report;
}

versions::StateDiff diff_versions(const std::string& store_path, const std::string& from,
                                  const std::string& to, JobContext& context) {
  // The store as it is now may need content hashes that are not there yet.
  const bool needs_hashes = from.empty() || to.empty();
  store::Store store =
      store::Store::open(store_path, needs_hashes ? store::Access::kWrite : store::Access::kRead);
  return versions::diff_versions(store, from, to, version_context(context));
}

}  // namespace errata::jobs
