// Sinks that keep what an importer says, for tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/workers.h"
#include "importers/importer.h"
#include "importers/predictions.h"

namespace errata::importers {

// Checks the order of calls and the thread as well.
class CollectingSink : public SampleSink {
 public:
  void begin(const SourceHeader& given) override {
    REQUIRE_FALSE(begun);
    begun = true;
    header = given;
  }
  void samples(std::vector<SampleRecord>&& batch) override {
    REQUIRE(begun);
    REQUIRE_FALSE(ended);
    REQUIRE(std::this_thread::get_id() == thread_);
    std::move(batch.begin(), batch.end(), std::back_inserter(records));
  }
  void objects(std::vector<ObjectRecord>&& batch) override {
    REQUIRE(begun);
    REQUIRE_FALSE(ended);
    for (const ObjectRecord& object : batch) REQUIRE(object.sample < records.size());
    std::move(batch.begin(), batch.end(), std::back_inserter(object_records));
  }
  void end(uint64_t given_seen) override {
    REQUIRE(begun);
    ended = true;
    seen = given_seen;
  }

  SourceHeader header;
  std::vector<SampleRecord> records;
  std::vector<ObjectRecord> object_records;
  uint64_t seen = 0;
  bool begun = false;
  bool ended = false;

 private:
  std::thread::id thread_ = std::this_thread::get_id();
};

class CollectingPredictionSink : public PredictionSink {
 public:
  void begin(const PredictionHeader& given) override { header = given; }
  void rows(PredictionBatch&& batch) override {
    const auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    REQUIRE(batch.keys.size() == batch.places.size());
    REQUIRE(batch.values.size() == batch.keys.size() * header.columns);
    append(all.keys, batch.keys);
    append(all.places, batch.places);
    append(all.values, batch.values);
    append(all.top, batch.top);
    append(all.confidence, batch.confidence);
    ++batches;
  }
  void end(uint64_t given_seen) override { seen = given_seen; }

  PredictionHeader header;
  PredictionBatch all;
  uint64_t seen = 0;
  size_t batches = 0;
};

// What one import came to.
struct Imported {
  CollectingSink sink;
  IssueLog issues;

  size_t count(std::string_view kind) const {
    const auto counts = issues.count_by_kind();
    const auto found = counts.find(std::string(kind));
    return found == counts.end() ? 0 : found->second;
  }
  const SampleRecord* find(std::string_view path) const {
    for (const SampleRecord& record : sink.records) {
      if (record.path == path) return &record;
    }
    return nullptr;
  }
  // The class name of a sample; "(none)" when it has no label.
  std::string label(std::string_view path) const {
    const SampleRecord* record = find(path);
    REQUIRE_MESSAGE(record != nullptr, path);
    return record->labels.empty() ? "(none)" : sink.header.classes[record->labels.front()].name;
  }
};

// Runs the importer with `threads` extra threads, and checks accepted + rejected = seen.
inline void import_into(Imported& result, const Importer& importer, const std::string& path,
                        size_t threads = 0, const std::string& images_root = {}) {
  WorkerGroup workers(threads);
  Progress progress;
  const CancelToken cancel;
  importer.run({path, images_root, workers.as_parallel_for(), progress, cancel, result.issues},
               result.sink);
  CHECK(result.sink.ended);
  CHECK(result.sink.records.size() + result.sink.object_records.size() + result.issues.rejected() ==
        result.sink.seen);
}

}  // namespace errata::importers
