// The temporary folder in which an export is made.
#pragma once

#include <string>

namespace errata::exports {

// `target` made absolute, links in it followed. Throws Error(kConflict) when it is a file or a
// folder that holds anything, Error(kUsage) for an empty name.
std::string usable_target(const std::string& target);

// A locked folder ".errata-export-..." beside the target; gone with everything in it unless
// publish() was called. The lock (flock on the folder) dies with the process, so that folders of
// killed exports are told from those of running ones: the constructor removes the former.
class StagingFolder {
 public:
  explicit StagingFolder(const std::string& target);
  ~StagingFolder();
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;

  const std::string& path() const { return path_; }
  int fd() const { return fd_; }

  // Renames the folder to the target; with `sync`, everything in it is on disk before. Throws
  // Error(kConflict) when the target has been filled meanwhile.
  void publish(bool sync);

 private:
  bool create();

  std::string target_;
  std::string parent_;
  std::string path_;
  int fd_ = -1;
};

}  // namespace errata::exports
