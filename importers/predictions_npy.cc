#include "importers/predictions_npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/file_list.h"
#include "importers/prediction_values.h"
#include "text/npy.h"
#include "text/zip.h"

namespace errata::importers {

namespace {

using text::NpyArray;
using text::NpyKind;

constexpr size_t kBatchValues = 1 << 20;  // 4 MiB of floats
constexpr size_t kMostBatchRows = 4096;
constexpr uint64_t kSampleRows = 4096;

bool says_embedding(std::string_view name) {
  const std::string lower = to_lower_ascii(name);
  return lower.find("embed") != std::string::npos || lower.find("feature") != std::string::npos;
}

bool is_key_array_name(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {
      "files", "paths", "filenames", "file_names", "image_paths", "names", "keys", "ids", "images"};
  const std::string lower = to_lower_ascii(name);
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

// The array of values and, when the archive holds them, the keys.
struct Source {
  NpyArray values;
  std::string member;  // name inside the archive; empty for a bare NPY
  std::optional<NpyArray> keys;
};

std::string choose_member(const text::NpzFile& file, const std::string& path) {
  constexpr std::array<std::string_view, 10> kOrder = {
      "probs",   "probabilities", "pred_probs", "logits",    "predictions",
      "outputs", "scores",        "embeddings", "embedding", "features"};
  for (const std::string_view wanted : kOrder) {
    for (const std::string& name : file.names()) {
      if (to_lower_ascii(name) == wanted) return name;
    }
  }
  std::vector<std::string> others;
  for (const std::string& name : file.names()) {
    if (!is_key_array_name(name)) others.push_back(name);
  }
  if (others.size() == 1) return others.front();
  throw Error(
      ErrorCategory::kBadInput,
      others.empty() ? "the archive holds no array of values"
                     : "the archive holds several arrays, and none is named like predictions",
      fmt::format("say which with --array; it has: {}", fmt::join(file.names(), ", ")), path);
}

Source open_source(const PredictionInput& input, const std::string& path) {
  if (!text::is_zip_file(path)) return {NpyArray::open(path), {}, {}};
  const text::NpzFile file = text::NpzFile::open(path);
  const std::string member = input.member.empty() ? choose_member(file, path) : input.member;
  Source source{file.read(member), member, {}};
  for (const std::string& name : file.names()) {
    if (name == member || !input.files_list.empty()) continue;
    if (is_key_array_name(name)) {
      source.keys = file.read(name);
    } else {
      input.issues.warn("unread-array", path, name, "",
                        "the archive holds another array, which is not read",
                        "read it as a run of its own with --array " + name);
    }
  }
  return source;
}

class Reader {
 public:
  Reader(const PredictionInput& input, PredictionSink& sink)
      : input_(input),
        sink_(sink),
        path_(absolute_path(input.path)),
        source_(open_source(input, path_)),
        array_(source_.values) {}

  void run() {
    input_.progress.start_stage("reading predictions", array_.header().rows());
    check_shape();
    read_keys();
    header_.format = "npy";
    if (is_class_indices()) {
      run_indices();
    } else {
      settle_kind();
      run_matrix();
    }
    sink_.end(rows_);
  }

 private:
  Error bad(std::string message, std::string hint = {}) const {
    return Error(ErrorCategory::kBadInput, std::move(message), std::move(hint), array_.name());
  }

  void check_shape() {
    const text::NpyHeader& header = array_.header();
    if (!array_.is_numeric()) {
      throw bad("predictions are numbers, the array is " + header.describe(),
                "save the matrix with .astype('float32')");
    }
    if (header.shape.empty()) throw bad("the array is one number, not one row per image");
    size_t wide = 0;  // dimensions behind the first that are not of size 1
    for (size_t i = 1; i < header.shape.size(); ++i) wide += header.shape[i] != 1 ? 1 : 0;
    if (wide > 1) {
      throw bad("a row per image is needed, the array is " + header.describe(),
                "reshape it to (images, classes) with .reshape(len(array), -1)");
    }
    rows_ = header.rows();
    columns_ = header.columns();
    if (columns_ == 0) throw bad("the array has no columns: " + header.describe());
  }

  void read_keys() {
    std::string list = input_.files_list;
    if (source_.keys) {
      const NpyArray& keys = *source_.keys;
      for (uint64_t i = 0; i < keys.header().count(); ++i) {
        keys_.push_back(keys.is_text() ? keys.text(i) : std::to_string(keys.integer(i)));
      }
      list = keys.name();
    } else {
      if (list.empty()) list = find_file_list(path_);
      if (list.empty()) {
        throw bad("which row belongs to which image is not said",
                  "give a list of paths, one per row, with --files");
      }
      keys_ = read_file_list(list);
    }
    if (keys_.size() == rows_) return;
    const bool transposed = columns_ == keys_.size() && array_.header().dims() == 2;
    throw Error(ErrorCategory::kBadInput,
                fmt::format("the file list has {} lines, the array {} rows ({})", keys_.size(),
                            rows_, array_.header().describe()),
                transposed ? "the array is transposed: save array.T"
                           : "both must be of the same run of the model, in the same order",
                list);
  }

  bool is_class_indices() const {
    const NpyKind kind = array_.header().kind;
    const bool whole = kind == NpyKind::kInt || kind == NpyKind::kUint;
    const bool asked = !input_.kind || *input_.kind == PredictionKind::kTopOne;
    return columns_ == 1 && whole && asked;
  }

  std::string place(uint64_t row) const { return fmt::format("row {}", row); }

  void run_indices() {
    header_.kind = PredictionKind::kTopOne;
    header_.reason = "class indices: one whole number per row";
    header_.classes = input_.classes;
    if (header_.classes.empty()) {
      int64_t largest = -1;
      for (uint64_t i = 0; i < rows_; ++i) largest = std::max(largest, array_.integer(i));
      constexpr int64_t kMostClasses = 1'000'000;
      for (int64_t i = 0; i <= std::min(largest, kMostClasses); ++i) {
        header_.classes.add(std::to_string(i), std::to_string(i));
      }
    }
    sink_.begin(header_);
    for (uint64_t first = 0; first < rows_; first += kMostBatchRows) {
      input_.cancel.check();
      PredictionBatch batch;
      for (uint64_t i = first; i < std::min(rows_, first + kMostBatchRows); ++i) {
        const int64_t index = array_.integer(i);
        if (index < 0 || static_cast<uint64_t>(index) >= header_.classes.size()) {
          input_.issues.reject(
              "unknown-class", array_.name(), place(i), std::to_string(index),
              fmt::format("the index is {}, there are {} classes", index, header_.classes.size()),
              "give the model's classes with --class-map");
          continue;
        }
        take_key(i, batch);
        batch.top.push_back(static_cast<ClassIndex>(index));
        batch.confidence.push_back(std::numeric_limits<float>::quiet_NaN());
      }
      deliver(std::move(batch));
    }
  }

  void settle_kind() {
    std::string by_values;
    std::optional<PredictionKind> guessed;
    if (input_.kind) {
      header_.kind = *input_.kind;
      header_.reason = "as was asked for";
      if (header_.kind == PredictionKind::kTopOne) {
        throw bad("class indices are one whole number per row, the array is " +
                  array_.header().describe());
      }
    } else if (says_embedding(source_.member) ||
               (source_.member.empty() && says_embedding(base_name(path_)))) {
      header_.kind = PredictionKind::kEmbedding;
      header_.reason = "embeddings: the name says so";
    } else if ((guessed = guess(by_values))) {
      header_.kind = *guessed;
      header_.reason = by_values;
    } else {
      throw bad(by_values, "say which they are with --kind probabilities, logits or embedding");
    }
    header_.columns = columns_;
    if (header_.kind == PredictionKind::kEmbedding) return;
    settle_classes();
  }

  void settle_classes() {
    header_.classes = input_.classes;
    if (header_.classes.empty()) {
      const uint64_t count = columns_ == 1 ? 2 : columns_;
      for (uint64_t i = 0; i < count; ++i) {
        header_.classes.add(std::to_string(i), std::to_string(i));
      }
    }
    if (columns_ == 1 && header_.classes.size() == 2) {
      one_column_ = true;
      header_.columns = 2;
      header_.reason += ", of the second class";
    } else if (columns_ != header_.classes.size()) {
      throw bad(fmt::format("{} columns for {} classes ({})", columns_, header_.classes.size(),
                            array_.header().describe()),
                "give the model's own classes with --class-map, or say --kind embedding");
    }
  }

  // Looks at rows spread over the whole array.
  std::optional<PredictionKind> guess(std::string& reason) const {
    const uint64_t step = std::max<uint64_t>(1, rows_ / kSampleRows);
    const bool one = columns_ == 1;
    KindGuess values(one ? 2 : columns_);
    std::vector<float> row(columns_);
    for (uint64_t i = 0; i < rows_; i += step) {
      array_.read_rows(i, 1, row.data());
      if (one) {
        const float pair[2] = {1 - row[0], row[0]};
        values.add(pair);
      } else {
        values.add(row);
      }
    }
    const auto kind = values.decide(reason);
    // 1 - x and x sum to 1 for any x: only the range can tell, and it has.
    return kind;
  }

  void run_matrix() {
    sink_.begin(header_);
    const uint64_t batch_rows =
        std::clamp<uint64_t>(kBatchValues / header_.columns, 1, kMostBatchRows);
    std::vector<float> values;
    for (uint64_t first = 0; first < rows_; first += batch_rows) {
      input_.cancel.check();
      const uint64_t count = std::min(batch_rows, rows_ - first);
      values.resize(count * columns_);
      array_.read_rows(first, count, values.data());
      if (one_column_) widen(values);
      deliver(sound_rows(first, std::move(values)));
      values = {};
    }
  }

  // p to (1 - p, p); z to (0, z), whose softmax is the sigmoid of z.
  void widen(std::vector<float>& values) const {
    std::vector<float> pairs;
    pairs.reserve(values.size() * 2);
    const bool logits = header_.kind == PredictionKind::kLogits;
    for (const float value : values) {
      pairs.push_back(logits ? 0 : 1 - value);
      pairs.push_back(value);
    }
    values = std::move(pairs);
  }

  PredictionBatch sound_rows(uint64_t first, std::vector<float>&& values) {
    const size_t width = header_.columns;
    const size_t count = values.size() / width;
    PredictionBatch batch;
    batch.keys.reserve(count);
    batch.places.reserve(count);
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i) {
      const std::span<const float> row(values.data() + i * width, width);
      const RowFault fault = check_row(row, header_.kind, !input_.kind);
      if (fault.kind != nullptr) {
        input_.issues.reject(fault.kind, array_.name(), place(first + i),
                             to_valid_utf8(keys_[first + i]), fault.message);
        continue;
      }
      if (kept != i) std::copy(row.begin(), row.end(), values.data() + kept * width);
      ++kept;
      take_key(first + i, batch);
    }
    values.resize(kept * width);
    batch.values = std::move(values);
    return batch;
  }

  void take_key(uint64_t row, PredictionBatch& batch) {
    batch.keys.push_back(std::move(keys_[row]));
    batch.places.push_back(place(row));
  }

  void deliver(PredictionBatch&& batch) {
    input_.progress.add(batch.keys.size());
    if (!batch.keys.empty()) sink_.rows(std::move(batch));
  }

  const PredictionInput& input_;
  PredictionSink& sink_;
  const std::string path_;
  const Source source_;
  const NpyArray& array_;
  uint64_t rows_ = 0;
  uint64_t columns_ = 0;
  bool one_column_ = false;
  std::vector<std::string> keys_;
  PredictionHeader header_;
};

bool starts_like_npy(const std::string& path) {
  uint8_t first[6] = {};
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(first), sizeof first);
  return file.gcount() == sizeof first && text::is_npy(first);
}

}  // namespace

DetectResult NpyPredictionReader::detect(const std::string& path) const {
  if (is_directory(path)) return {0, "a folder, not an NPY file"};
  if (starts_like_npy(path)) return {95, "its first bytes are NPY's"};
  const std::string suffix = extension(path);
  if (text::is_zip_file(path)) {
    try {
      if (!text::NpzFile::open(path).names().empty()) return {95, "a zip with .npy members"};
    } catch (const Error&) {
      // Said below, by its name.
    }
    return suffix == ".npz" ? DetectResult{60, "named .npz"}
                            : DetectResult{0, "a zip without .npy"};
  }
  if (suffix == ".npy" || suffix == ".npz") return {60, "named " + suffix};
  return {0, "neither NPY nor NPZ"};
}

void NpyPredictionReader::run(const PredictionInput& input, PredictionSink& sink) const {
  Reader(input, sink).run();
}

}  // namespace errata::importers
