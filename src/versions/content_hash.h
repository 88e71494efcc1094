// SHA-256 of samples' content, computed when a version or an export first needs it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/issue_log.h"
#include "base/progress.h"
#include "base/workers.h"
#include "versions/canonical_png.h"

namespace errata::versions {

struct ContentFile {
  std::string absolute_path;
  int64_t member = -1;      // -1: the file itself
  uint64_t size_bytes = 0;  // as imported
  int64_t mtime_ns = -1;    // as imported; -1: not known
  uint64_t xxh3 = 0;        // as imported
  bool has_xxh3 = false;
};

// A file counts as changed when its XXH3 differs from the one of its import; where that is not
// known, when its size or time does.
//
// The digest of every file; `ok[i]` is 0 where it could not be made: an issue says why
// ("missing-file", "unreadable-file", "changed-file", "unreadable-member"). Throws
// Error(kInterrupted) when cancelled. Progress is counted in files within the
// caller's stage.
struct ContentHashes {
  std::vector<Sha256Digest> digests;
  std::vector<uint8_t> ok;
  uint64_t failed = 0;
};
ContentHashes hash_contents(std::span<const ContentFile> files, const MemberReader& read_member,
                            const ParallelFor& parallel_for, Progress& progress,
                            const CancelToken& cancel, IssueLog& issues);

}  // namespace errata::versions
