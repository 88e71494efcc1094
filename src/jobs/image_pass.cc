#include "jobs/image_pass.h"

#include <map>
#include <mutex>

#include "store/issues.h"

namespace errata::jobs {

std::vector<Issue> pass_over_images(std::span<const store::SampleFile> files,
                                    std::string_view stage, const media::DecodeOptions& decode,
                                    JobContext& context,
                                    const std::function<void(const PassedImage&)>& look) {
  constexpr size_t kGrain = 8;
  const media::SampleReader reader;
  std::mutex mutex;
  std::map<size_t, Issue> issues;  // by sample: threads finish in any order
  context.progress.start_stage(std::string(stage), files.size());
  context.workers.parallel_for(files.size(), kGrain, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      context.cancel.check();
      const media::RawSample raw = reader.read_bytes(files[i].absolute_path, files[i].member);
      const media::Decoded decoded = media::SampleReader::decode(raw, decode);
      if (!decoded.ok()) {
        Issue issue{IssueSeverity::kWarning,
                    std::string(media::issue_kind(decoded.status)),
                    files[i].path,
                    {},
                    {},
                    decoded.message,
                    {}};
        const std::lock_guard lock(mutex);
        issues.emplace(i, std::move(issue));
      }
      if (raw.ok()) look({i, raw, decoded});
      context.progress.add();
    }
  });
  std::vector<Issue> listed;
  for (auto& [index, issue] : issues) listed.push_back(std::move(issue));
  return listed;
}

void keep_issues(store::Store& store, const std::string& job, const std::vector<Issue>& issues,
                 JobContext& context) {
  store::put_issues(store, job, "", issues);
  for (const Issue& issue : issues) context.issues.add(issue);
}

}  // namespace errata::jobs
