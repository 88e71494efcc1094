// One pass over samples' pictures: each is read and decoded once, on the worker group.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "jobs/job_context.h"
#include "jobs/loaded_state.h"
#include "media/reader.h"
#include "store/edits.h"
#include "store/sample_files.h"

namespace errata::jobs {

struct PassedImage {
  size_t index;                   // into the samples handed in
  const media::RawSample& raw;    // may be read where decoding failed
  const media::Decoded& decoded;  // pixels as stored: EXIF orientation is not applied
};

// Calls `look` for each sample that could be read, in any order and from many threads; where the
// picture could not be decoded, with `decoded` not ok. Returns what was wrong, one issue a sample,
// in the order of the samples. Throws Error(kInterrupted) when cancelled.
std::vector<Issue> pass_over_images(std::span<const store::SampleFile> files,
                                    std::string_view stage, const media::DecodeOptions& decode,
                                    JobContext& context,
                                    const std::function<void(const PassedImage&)>& look);

// Puts the issues of a command into the store, in place of what it said last time, and into the
// context's log. `store` is open to write.
void keep_issues(store::Store& store, const std::string& job, const std::vector<Issue>& issues,
                 JobContext& context);

}  // namespace errata::jobs
