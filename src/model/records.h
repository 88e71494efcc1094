// What importers hand to a sink: plain records, in the terms of the file they came from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/class_map.h"
#include "model/ids.h"

namespace errata {

// monostate is NULL.
using AttributeValue = std::variant<std::monostate, bool, int64_t, double, std::string>;

// One image. `path` is relative to the source's root: bytes as the file system has them, '/'
// between parts. An image inside a container file (IDX, CIFAR) has the container's path and its
// zero-based position as `member`.
struct SampleRecord {
  static constexpr int64_t kNoMember = -1;

  std::string path;
  int64_t member = kNoMember;
  uint64_t size_bytes = 0;  // of the file; of the raw pixels for a container member
  int64_t mtime_ns = 0;     // of the file (of the container for a member)
  uint64_t xxh3 = 0;        // of the file's bytes; of the raw pixels for a container member
  int32_t width_px = 0;     // as stored, before orientation; 0 when the header could not be read
  int32_t height_px = 0;
  uint8_t orientation = 1;         // EXIF 1..8
  std::string split;               // empty: in no split
  std::vector<ClassIndex> labels;  // into the source's class map; empty: without a label
  std::string raw_id;              // the source's own id of the image; empty when it has none
  std::vector<std::pair<std::string, AttributeValue>> attributes;
};

// What an importer says of a source before its first sample.
struct SourceHeader {
  std::string format;  // registry name of the importer: "imagefolder"
  std::string root;    // absolute folder the paths are relative to
  ClassMap classes;    // in the training order of the source
};

// Receives what an importer reads, on one thread, in a fixed order that does not depend on the
// number of workers: begin samples* end. Exceptions thrown by the sink stop the importer.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  virtual void begin(const SourceHeader& header) = 0;
  // `batch` is the sink's to move from.
  virtual void samples(std::vector<SampleRecord>&& batch) = 0;
  // `seen` counts what the source offered: accepted + rejected = seen.
  virtual void end(uint64_t seen) = 0;
};

// Predictions of a model for samples that it names by path or id.
enum class PredictionKind : uint8_t {
  kProbabilities,  // one value per class, each in [0, 1]
  kLogits,         // one value per class, softmax still to be applied
  kTopOne,         // one class and one confidence
  kEmbedding       // one vector, no classes
};

struct PredictionHeader {
  PredictionKind kind = PredictionKind::kTopOne;
  ClassMap classes;    // the model's; empty for embeddings
  size_t columns = 0;  // values per row: classes or embedding length; 0 for kTopOne
  std::string format;  // registry name of the reader: "csv", "npy"
  std::string reason;  // why `kind`: "probabilities: values lie in 0..1 and rows sum to 1"
};

struct PredictionBatch {
  std::vector<std::string> keys;    // path or id of each row's sample, as written in the file
  std::vector<std::string> places;  // where each row stands: "row 12"
  std::vector<float> values;        // keys.size() x columns, row-major; empty for kTopOne
  std::vector<ClassIndex> top;      // kTopOne: index into classes
  std::vector<float> confidence;    // kTopOne: in [0, 1], NaN when the file has none
};

class PredictionSink {
 public:
  virtual ~PredictionSink() = default;
  virtual void begin(const PredictionHeader& header) = 0;
  virtual void rows(PredictionBatch&& batch) = 0;
  virtual void end(uint64_t seen) = 0;
};

}  // namespace errata
