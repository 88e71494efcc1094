// What importers hand to a sink: plain records, in the terms of the file they came from.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
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
  std::string raw_text;            // of sources with objects: see SourceHeader::documents
  uint32_t document = 0;           // likewise, which of them
  std::vector<std::pair<std::string, AttributeValue>> attributes;
};

// One object that a source says is in an image.
struct ObjectRecord {
  uint32_t sample = 0;                // which of the samples handed over, counted from 0
  ClassIndex class_index = kNoClass;  // into the source's class map; never kNoClass
  std::array<double, 4> box_xywh_px{};
  double area_px = 0;  // the mask's where there is one, else width x height
  bool crowd = false;
  bool difficult = false;
  bool truncated = false;
  std::string shape;   // encode_shape() of outline and keypoints; empty: the box only
  std::string raw_id;  // the source's own id; empty when it has none
  std::string raw_text;
};

// What an importer says of a source before its first sample.
struct SourceHeader {
  std::string format;  // registry name of the importer: "imagefolder"
  std::string root;    // absolute folder the paths are relative to
  ClassMap classes;    // in the training order of the source

  // Of sources whose samples hold objects; the rest is theirs only.
  bool has_objects = false;
  // So that what nobody edited can be given back byte for byte. A document is a file that lists
  // many samples, with kImagesMark where the raw texts of its samples stood, one after the other,
  // and kObjectsMark where those of its objects did. Where each sample has a file of its own, its
  // raw text is that file with kObjectsMark for each of its objects that was taken, or kNoFileMark
  // when it has none; a document without a mark (data.yaml) then is a file of the whole source. A
  // raw text begins with what separates it from the one before.
  struct Document {
    std::string name;  // file name, as the source has it
    std::string text;
  };
  static constexpr char kImagesMark = '\x01';
  static constexpr char kObjectsMark = '\x02';
  static constexpr char kNoFileMark = '\x03';
  std::vector<Document> documents = {};
};

// Receives what an importer reads, on one thread, in a fixed order that does not depend on the
// number of workers: begin (samples* objects*)* end. An object comes after its sample; objects come
// in the order of their file. Exceptions thrown by the sink stop the importer.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  virtual void begin(const SourceHeader& header) = 0;
  // `batch` is the sink's to move from.
  virtual void samples(std::vector<SampleRecord>&& batch) = 0;
  // A sink that leaves this is for sources without objects.
  virtual void objects(std::vector<ObjectRecord>&&) {
    throw Error(ErrorCategory::kInternal, "objects came where none were expected");
  }
  // `seen` counts what the source offered, images and objects: accepted + rejected = seen.
  virtual void end(uint64_t seen) = 0;
};

// Predictions of a model for samples that it names by path or id.
enum class PredictionKind : uint8_t {
  kProbabilities,  // one value per class, each in [0, 1]
  kLogits,         // one value per class, softmax still to be applied
  kTopOne,         // one class and one confidence
  kEmbedding,      // one vector, no classes
  kDetections      // any number of boxes, each with a class and a confidence
};

struct PredictionHeader {
  PredictionKind kind = PredictionKind::kTopOne;
  ClassMap classes;    // the model's; empty for embeddings
  size_t columns = 0;  // values per row: classes or embedding length; 0 for kTopOne, kDetections
  std::string format;  // registry name of the reader: "csv", "npy"
  std::string reason;  // why `kind`: "probabilities: values lie in 0..1 and rows sum to 1"
  // kDetections: boxes and shapes are not in pixels of the image as stored but in parts of width
  // and height of the image turned upright by EXIF.
  bool parts_of_upright = false;
};

// Boxes of a model as columns of equal length, in the order of the file.
struct DetectionBatch {
  std::vector<uint32_t> key;  // which of the batch's keys
  std::vector<ClassIndex> class_index;
  std::vector<std::array<double, 4>> box_xywh_px;
  std::vector<double> confidence;
  std::vector<std::string> shape;  // encode_shape(); empty altogether when all are boxes only
  // Where each with a shape begins in the file; empty where that is not known.
  std::vector<uint64_t> byte = {};

  size_t size() const { return key.size(); }
};

struct PredictionBatch {
  // Path or id of each row's sample, as written in the file. kDetections: of an image; one may
  // come again in this batch or a later one.
  std::vector<std::string> keys;
  std::vector<std::string> places;  // where each row stands: "row 12"
  std::vector<float> values;        // keys.size() x columns, row-major; empty for kTopOne
  std::vector<ClassIndex> top;      // kTopOne: index into classes
  std::vector<float> confidence;    // kTopOne: in [0, 1], NaN when the file has none
  DetectionBatch detections;        // kDetections
};

class PredictionSink {
 public:
  virtual ~PredictionSink() = default;
  virtual void begin(const PredictionHeader& header) = 0;
  virtual void rows(PredictionBatch&& batch) = 0;
  virtual void end(uint64_t seen) = 0;
};

}  // namespace errata
