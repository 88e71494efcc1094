// Where the bytes of samples are, and the content hashes computed from them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "model/records.h"
#include "store/store.h"

namespace errata::store {

struct SampleFile {
  SampleId id = 0;
  SourceId source = 0;
  std::string absolute_path;  // any bytes; of the container for a member
  std::string path;           // relative to the root, '/' between parts; any bytes
  int64_t member = SampleRecord::kNoMember;
  uint64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  uint64_t xxh3 = 0;
  int32_t width_px = 0;
  int32_t height_px = 0;
  uint8_t orientation = 1;
  std::string raw_id;
};

// In the order asked for. Error(kNotFound) for an id that is not there.
std::vector<SampleFile> sample_files(Store& store, std::span<const SampleId> samples);
// All present samples, rising by id.
std::vector<SampleFile> all_sample_files(Store& store);

// SHA-256 of a file's bytes (of raw pixels and shape for a member), as put for the content the
// sample has now; nullopt when not yet computed, or computed for other content.
std::vector<std::optional<Sha256Digest>> read_content_hashes(Store& store,
                                                             std::span<const SampleId> samples);
struct ContentHash {
  SampleId sample = 0;
  uint64_t xxh3 = 0;  // of the bytes that were hashed
  Sha256Digest sha256{};
};
void put_content_hashes(Store& store, std::span<const ContentHash> hashes);

}  // namespace errata::store
