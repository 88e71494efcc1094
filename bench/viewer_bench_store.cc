#include "bench/viewer_bench_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "store/edits.h"
#include "store/import_writer.h"
#include "store/runs.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"

namespace errata::bench {

namespace {

constexpr int64_t kClasses = 1000;
constexpr size_t kEdits = 100'000;
constexpr size_t kEditsABatch = 1000;
constexpr size_t kRowsABatch = 256;
constexpr int kExtraScores = 14;  // beside the six of every run with probabilities
constexpr double kNullShare = 0.05;
constexpr int64_t kMostRowsWithProbabilities = 2'000'000;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

using Random = std::mt19937_64;

double share(Random& random) {
  return std::uniform_real_distribution<double>(0, 1)(random);
}

ClassMap make_classes() {
  ClassMap classes;
  for (int64_t i = 0; i < kClasses; ++i) classes.add(fmt::format("class {:04}", i));
  return classes;
}

struct ImageFile {
  std::string path;  // below the folder of images
  uint64_t bytes = 0;
  uint64_t xxh3 = 0;
};

std::vector<ImageFile> list_images(const std::string& folder) {
  std::vector<ImageFile> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".jpg") continue;
    const std::vector<uint8_t> bytes = read_file(entry.path().string());
    files.push_back(
        {std::filesystem::relative(entry.path(), folder).string(), bytes.size(), xxh3_64(bytes)});
  }
  if (files.empty()) throw Error(ErrorCategory::kNotFound, "there are no JPEGs", "", folder);
  std::sort(files.begin(), files.end(),
            [](const ImageFile& a, const ImageFile& b) { return a.path < b.path; });
  return files;
}

SampleRecord make_record(const ImageFile& file, int64_t number, const std::string& link,
                         Random& random) {
  SampleRecord record;
  record.path = link + "/" + file.path;
  record.size_bytes = file.bytes;
  record.mtime_ns = 1'700'000'000'000'000'000 + number;
  record.xxh3 = file.xxh3;
  record.width_px = record.height_px = 128;
  record.split = number % 10 == 0 ? "test" : number % 10 == 1 ? "val" : "train";
  if (share(random) >= kNullShare) record.labels = {static_cast<ClassIndex>(random() % kClasses)};
  AttributeValue camera;
  if (share(random) >= kNullShare) camera = fmt::format("camera {}", random() % 12);
  record.attributes.emplace_back("camera", camera);
  return record;
}

// One link to the folder of images for each time that all of them are used.
void import_samples(store::Store& store, const std::string& root, const std::string& images,
                    int64_t samples) {
  const std::vector<ImageFile> files = list_images(images);
  Random random(1);
  store::ImportWriter writer(
      store,
      {.source_name = "bench", .input_path = {}, .split = {}, .class_names = {}, .who = "bench"});
  writer.begin({"imagefolder", root, make_classes()});
  std::vector<SampleRecord> batch;
  std::string link;
  for (int64_t i = 0; i < samples; ++i) {
    const size_t file = static_cast<size_t>(i) % files.size();
    if (file == 0) {
      link = fmt::format("copy_{:04}", static_cast<size_t>(i) / files.size());
      std::filesystem::create_directory_symlink(images, root + "/" + link);
    }
    batch.push_back(make_record(files[file], i, link, random));
    if (batch.size() == kRowsABatch || i + 1 == samples) writer.samples(std::exchange(batch, {}));
  }
  writer.end(static_cast<uint64_t>(samples));
  writer.finish(IssueLog());
}

store::Edit make_edit(SampleId sample, Random& random) {
  store::Edit edit;
  edit.sample = sample;
  const double kind = share(random);
  if (kind < 0.6) {
    edit.kind = store::EditKind::kSetLabel;
    edit.labels = {static_cast<ClassId>(random() % kClasses) + 1};
  } else if (kind < 0.8) {
    edit.kind = store::EditKind::kKeep;
  } else if (kind < 0.85) {
    edit.kind = store::EditKind::kExclude;
  } else if (kind < 0.9) {
    edit.kind = store::EditKind::kAmbiguous;
  } else {
    edit.kind = store::EditKind::kTag;
    edit.text = fmt::format("tag {}", random() % 8);
  }
  return edit;
}

void add_edits(store::Store& store, const std::vector<SampleId>& ids) {
  Random random(2);
  std::vector<store::Edit> edits;
  const size_t wanted = std::min(kEdits, ids.size());
  for (size_t i = 0; i < wanted; ++i) {
    edits.push_back(make_edit(ids[i * (ids.size() / wanted)], random));
    if (edits.size() < kEditsABatch && i + 1 < wanted) continue;
    store::apply_edits(store, edits, "bench", "");
    edits.clear();
  }
}

// What a model says: right nine times of ten where there is a label.
struct Said {
  std::vector<ClassIndex> top;
  std::vector<float> confidence;
};

Said make_said(const std::vector<int32_t>& labels, uint64_t seed) {
  Random random(seed);
  Said said;
  for (const int32_t label : labels) {
    if (share(random) < kNullShare) {
      said.top.push_back(kNoClass);
      said.confidence.push_back(kNone);
      continue;
    }
    const bool right = label >= 0 && share(random) < 0.9;
    said.top.push_back(right ? label : static_cast<ClassIndex>(random() % kClasses));
    said.confidence.push_back(static_cast<float>(0.2 + 0.799 * std::sqrt(share(random))));
  }
  return said;
}

float other_probability(float confidence) {
  return (1 - confidence) / static_cast<float>(kClasses - 1);
}

RunId write_run(store::Store& store, const Snapshot& snapshot, const std::string& name,
                const Said& said, bool with_probabilities) {
  store::RunSpec spec;
  spec.name = name;
  spec.kind = with_probabilities ? "probabilities" : "top_one";
  spec.classes = make_classes();
  spec.batch_size = kRowsABatch;
  store::RunWriter writer(store, spec, snapshot.ids, store::OnExistingRun::kRefuse);
  std::vector<float> values;
  std::vector<store::RowStatus> status;
  for (size_t first = 0; first < snapshot.ids.size(); first += kRowsABatch) {
    const size_t count = std::min(kRowsABatch, snapshot.ids.size() - first);
    status.assign(count, store::RowStatus::kOk);
    values.clear();
    for (size_t i = 0; i < count; ++i) {
      const ClassIndex top = said.top[first + i];
      if (top == kNoClass) status[i] = store::RowStatus::kNoPrediction;
      if (!with_probabilities) continue;
      const float confidence = top == kNoClass ? 0 : said.confidence[first + i];
      values.resize(values.size() + static_cast<size_t>(kClasses), other_probability(confidence));
      if (top != kNoClass) {
        values[i * static_cast<size_t>(kClasses) + static_cast<size_t>(top)] = confidence;
      }
    }
    store::RunRows rows;
    rows.status = status;
    if (with_probabilities) {
      rows.probabilities = values;
    } else {
      rows.top = std::span(said.top).subspan(first, count);
      rows.confidence = std::span(said.confidence).subspan(first, count);
    }
    writer.write(first, rows);
  }
  return writer.finish().id;
}

void put_scores(store::Store& store, const Snapshot& snapshot, RunId run, const Said& said,
                const std::vector<int32_t>& labels) {
  store::ScoreColumn loss{run, "loss", {}, {}, snapshot.label_revision};
  store::ScoreColumn belief{run, "self_confidence", {}, {}, snapshot.label_revision};
  for (size_t row = 0; row < labels.size(); ++row) {
    if (said.top[row] == kNoClass) continue;
    const float confidence = said.confidence[row];
    const float p = labels[row] < 0                ? kNone
                    : said.top[row] == labels[row] ? confidence
                                                   : other_probability(confidence);
    for (store::ScoreColumn* column : {&loss, &belief}) {
      column->samples.push_back(snapshot.ids[row]);
      column->values.push_back(column == &loss ? -std::log(p) : p);
    }
  }
  store::put_score_column(store, loss);
  store::put_score_column(store, belief);
  Random random(5);
  for (int i = 0; i < kExtraScores; ++i) {
    store::ScoreColumn score{run, fmt::format("score_{:02}", i), snapshot.ids, {}, 0};
    for (size_t row = 0; row < snapshot.ids.size(); ++row) {
      const double value = share(random);
      score.values.push_back(value < kNullShare ? kNone : static_cast<float>(value));
    }
    store::put_score_column(store, score);
  }
}

// A cloud for each class, on a spiral; 5 % have no place.
void put_map(store::Store& store, const Snapshot& snapshot, const std::vector<int32_t>& labels) {
  store::ScoreColumn x{0, "map_x", snapshot.ids, {}, 0};
  store::ScoreColumn y{0, "map_y", snapshot.ids, {}, 0};
  Random random(6);
  for (const int32_t label : labels) {
    const double angle = 2.4 * label;
    const double radius = std::sqrt(label + 1.0);
    const bool none = share(random) < kNullShare;
    const auto place = [&](double middle) {
      const double spread = share(random) + share(random) + share(random) - 1.5;
      return none ? kNone : static_cast<float>(middle + spread);
    };
    x.values.push_back(place(radius * std::cos(angle)));
    y.values.push_back(place(radius * std::sin(angle)));
  }
  store::put_score_column(store, x);
  store::put_score_column(store, y);
}

}  // namespace

void make_viewer_store(const std::string& file, const std::string& images, int64_t samples) {
  const std::string root = absolute_path(file) + ".images";
  for (const char* end : {"", "-wal", "-shm"}) remove_all(file + end);
  remove_all(root);
  make_directories(root);
  store::Store store = store::Store::create(file);
  import_samples(store, root, absolute_path(images), samples);
  fmt::print("imported\n");
  add_edits(store, store::load_snapshot(store).ids);
  fmt::print("edited\n");
  const Snapshot snapshot = store::load_snapshot(store);
  const std::vector<int32_t>& labels = snapshot.samples.find("label")->codes;
  write_run(store, snapshot, "first", make_said(labels, 3), false);
  write_run(store, snapshot, "second", make_said(labels, 4), false);
  const Said said = make_said(labels, 5);
  const bool with_probabilities = samples <= kMostRowsWithProbabilities;
  const RunId run = write_run(store, snapshot, "third", said, with_probabilities);
  put_scores(store, snapshot, run, said, labels);
  put_map(store, snapshot, labels);
  store.close();
  fmt::print("{} samples, three runs{}\n", samples,
             with_probabilities ? ", the newest with all probabilities" : "");
}

void add_map(const std::string& file) {
  store::Store store = store::Store::open(file, store::Access::kWrite);
  const Snapshot snapshot = store::load_snapshot(store);
  if (snapshot.samples.find("map_x") == nullptr) {
    put_map(store, snapshot, snapshot.samples.find("label")->codes);
  }
  store.close();
}

}  // namespace errata::bench
