// What the store costs: a bulk import, the same again, runs and scores, single rows, edits, and
// opening. CPU seconds, so that a busy machine disturbs little; WALL=1 for wall time.
//
//   bin/bench_store [SAMPLES] [CLASSES] [RUNS] [SCORES] [EDITS] [FILE]
//   default: 1,000,000 samples, 10 classes, 3 runs with 6 scores each, 100,000 edits
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <numeric>
#include <random>

#include "base/hash.h"
#include "store/edits.h"
#include "store/import_writer.h"
#include "store/runs.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"

using namespace errata;

namespace {

double now_secs() {
  static const bool wall = std::getenv("WALL") != nullptr;
  timespec time{};
  ::clock_gettime(wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <typename Fn>
void measure(std::string_view what, Fn fn) {
  const double start = now_secs();
  fn();
  fmt::print("{:<42} {:8.3f} s\n", what, now_secs() - start);
}

struct Sizes {
  int64_t samples = 1'000'000;
  int64_t classes = 10;
  int64_t runs = 3;
  int64_t scores = 6;
  int64_t edits = 100'000;
};

ClassMap make_classes(int64_t count) {
  ClassMap classes;
  for (int64_t i = 0; i < count; ++i) classes.add(fmt::format("class {}", i));
  return classes;
}

std::vector<SampleRecord> make_records(const Sizes& sizes) {
  std::vector<SampleRecord> records(static_cast<size_t>(sizes.samples));
  for (int64_t i = 0; i < sizes.samples; ++i) {
    SampleRecord& record = records[static_cast<size_t>(i)];
    record.path = fmt::format("train/class {}/image_{:08}.jpg", i % sizes.classes, i);
    record.size_bytes = static_cast<uint64_t>(900 + i % 400);
    record.mtime_ns = 1'700'000'000'000'000'000 + i;
    record.xxh3 = xxh3_64(record.path);
    record.width_px = record.height_px = 32;
    record.split = "train";
    record.labels = {static_cast<ClassIndex>(i % sizes.classes)};
  }
  return records;
}

void import_all(store::Store& store, const Sizes& sizes, std::vector<SampleRecord> records) {
  constexpr size_t kPerCall = 256;
  store::ImportWriter writer(
      store,
      {.source_name = "bench", .input_path = {}, .split = {}, .class_names = {}, .who = "bench"});
  writer.begin({"imagefolder", "/bench", make_classes(sizes.classes)});
  for (size_t first = 0; first < records.size(); first += kPerCall) {
    const size_t end = std::min(records.size(), first + kPerCall);
    writer.samples({std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(first)),
                    std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(end))});
  }
  writer.end(records.size());
  writer.finish(IssueLog());
}

RunId write_run(store::Store& store, const Sizes& sizes, const std::string& name,
                const std::vector<SampleId>& plan) {
  constexpr size_t kBatch = 256;
  store::RunSpec spec;
  spec.name = name;
  spec.kind = "probabilities";
  spec.classes = make_classes(sizes.classes);
  spec.batch_size = kBatch;
  const std::vector<float> rows(kBatch * static_cast<size_t>(sizes.classes), 0.1F);
  store::RunWriter writer(store, spec, plan, store::OnExistingRun::kReplace);
  for (size_t first = 0; first < plan.size(); first += kBatch) {
    const size_t count = std::min(kBatch, plan.size() - first);
    store::RunRows batch;
    batch.probabilities = {rows.data(), count * static_cast<size_t>(sizes.classes)};
    writer.write(first, batch);
  }
  return writer.finish().id;
}

void add_runs(store::Store& store, const Sizes& sizes) {
  std::vector<SampleId> plan(static_cast<size_t>(sizes.samples));
  std::iota(plan.begin(), plan.end(), 1);
  for (int64_t i = 0; i < sizes.runs; ++i) {
    RunId run = 0;
    const std::string name = fmt::format("run{}", i);
    measure(name, [&] { run = write_run(store, sizes, name, plan); });
    measure(fmt::format("{} scores of it", sizes.scores), [&] {
      for (int64_t k = 0; k < sizes.scores; ++k) {
        store::put_score_column(store, {run, fmt::format("score{}", k), plan,
                                        std::vector<float>(plan.size(), 0.5F), 1});
      }
    });
    measure("1,000 single rows of it", [&] {
      std::mt19937 random(1);
      for (int row = 0; row < 1000; ++row) {
        store::read_probability_row(store, run, plan[random() % plan.size()]);
      }
    });
  }
}

void add_edits(store::Store& store, const Sizes& sizes) {
  std::vector<store::Edit> edits(static_cast<size_t>(sizes.edits));
  for (size_t i = 0; i < edits.size(); ++i) {
    edits[i].sample = static_cast<SampleId>(i) * (sizes.samples / sizes.edits) + 1;
    edits[i].kind = store::EditKind::kSetLabel;
    edits[i].labels = {static_cast<ClassId>(i) % sizes.classes + 1};
  }
  Snapshot snapshot = store::load_snapshot(store);
  store::AppliedBatch batch;
  measure(fmt::format("{} edits", edits.size()),
          [&] { batch = store::apply_edits(store, edits, "bench", ""); });
  measure("... in the loaded snapshot", [&] {
    if (!store::apply_to_snapshot(snapshot, batch)) fmt::print("not applied\n");
  });
}

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  int64_t* const fields[] = {&sizes.samples, &sizes.classes, &sizes.runs, &sizes.scores,
                             &sizes.edits};
  for (int i = 1; i < argc && i <= 5; ++i) *fields[i - 1] = std::atoll(argv[i]);
  const std::string path = argc > 6 ? argv[6] : "bench_store.db";
  for (const char* end : {"", "-wal", "-shm"}) ::unlink((path + end).c_str());
  auto records = make_records(sizes);
  measure("import, from create to close", [&] {
    auto store = store::Store::create(path);
    import_all(store, sizes, std::move(records));
  });
  records = make_records(sizes);
  measure("import again, nothing new", [&] {
    auto store = store::Store::open(path, store::Access::kWrite);
    import_all(store, sizes, std::move(records));
  });
  {
    auto store = store::Store::open(path, store::Access::kWrite);
    add_runs(store, sizes);
    if (sizes.edits > 0) add_edits(store, sizes);
    measure("close", [&] { store.close(); });
  }
  measure("open and load the snapshot", [&] {
    auto store = store::Store::open(path, store::Access::kRead);
    const Snapshot snapshot = store::load_snapshot(store);
    fmt::print("{} rows, {} columns\n", snapshot.samples.rows(), snapshot.samples.columns().size());
  });
  ::unlink(path.c_str());
}
