// What importing costs: a folder of images (listed, read, hashed, headers probed), without and with
// a new store behind it, and predictions of 10 classes read and matched to their samples. Beside
// the folder, in the same run, the same work as a bare loop on one thread: what there is to beat.
//
//   bin/bench_import FOLDER [THREADS] [REPEATS]     default: all cores, 7; the best run is printed
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>

#include "base/files.h"
#include "base/hash.h"
#include "importers/imagefolder.h"
#include "importers/path_matcher.h"
#include "importers/predictions_csv.h"
#include "importers/predictions_npy.h"
#include "media/probe.h"
#include "store/import_writer.h"
#include "text/npy.h"

using namespace errata;
using namespace errata::importers;

namespace {

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double best_of(int repeats, const std::function<void()>& run) {
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const double start = seconds();
    run();
    best = std::min(best, seconds() - start);
  }
  return best;
}

void print(const char* what, size_t count, double secs) {
  fmt::print("{:<44} {:>8} in {:>7.1f} ms  {:>12.0f} a second\n", what, count, secs * 1e3,
             static_cast<double>(count) / secs);
}

class CountingSink : public SampleSink {
 public:
  void begin(const SourceHeader&) override {}
  void samples(std::vector<SampleRecord>&& batch) override {
    for (SampleRecord& record : batch) paths.push_back(std::move(record.path));
  }
  void end(uint64_t) override {}
  std::vector<std::string> paths;
};

size_t bare_loop(const std::string& root) {
  size_t count = 0;
  std::vector<uint8_t> buffer(1 << 20);
  uint64_t sum = 0;
  DIR* classes = ::opendir(root.c_str());
  while (const dirent* folder = ::readdir(classes)) {
    if (folder->d_name[0] == '.') continue;
    const std::string path = root + "/" + folder->d_name;
    DIR* images = ::opendir(path.c_str());
    while (const dirent* image = images == nullptr ? nullptr : ::readdir(images)) {
      if (image->d_name[0] == '.') continue;
      const int fd = ::openat(::dirfd(images), image->d_name, O_RDONLY);
      struct stat st {};
      ::fstat(fd, &st);
      const ssize_t got = ::read(fd, buffer.data(), buffer.size());
      ::close(fd);
      const std::span<const uint8_t> bytes(buffer.data(),
                                           static_cast<size_t>(std::max<ssize_t>(0, got)));
      media::Probe probe;
      media::probe_image(bytes, probe);
      sum += xxh3_64(bytes) + static_cast<uint64_t>(probe.width_px);
      ++count;
    }
    if (images != nullptr) ::closedir(images);
  }
  ::closedir(classes);
  if (sum == 0) fmt::print("nothing read\n");
  return count;
}

class MatchingSink : public PredictionSink {
 public:
  explicit MatchingSink(const PathMatcher& matcher) : matcher_(matcher) {}
  void begin(const PredictionHeader&) override {}
  void rows(PredictionBatch&& batch) override {
    for (const std::string& key : batch.keys) counts.add(matcher_.find(key).method);
  }
  void end(uint64_t) override {}
  MatchCounts counts;

 private:
  const PathMatcher& matcher_;
};

// The same predictions as CSV and as NPY with its list, for the files of the folder.
struct Predictions {
  std::string folder;
  ClassMap classes;

  explicit Predictions(const std::vector<std::string>& paths) {
    std::string pattern = "/tmp/errata-bench-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    constexpr size_t kClasses = 10;
    std::string csv = "path";
    for (size_t k = 0; k < kClasses; ++k) {
      classes.add(fmt::format("class_{:03}", k));
      csv += fmt::format(",class_{:03}", k);
    }
    csv += '\n';
    std::string list;
    std::vector<float> values;
    std::mt19937 random(1);
    for (const std::string& path : paths) {
      float row[kClasses];
      float sum = 0;
      for (float& value : row) sum += value = static_cast<float>(random() % 100000 + 1);
      csv += path;
      for (float& value : row) {
        values.push_back(value /= sum);
        csv += fmt::format(",{:.7g}", value);
      }
      csv += '\n';
      list += path + "\n";
    }
    write_file_atomic(folder + "/p.csv", csv);
    write_file_atomic(folder + "/p_files.txt", list);
    const std::vector<uint64_t> shape = {paths.size(), kClasses};
    text::write_npy(folder + "/p.npy", values, shape);
  }
  ~Predictions() { remove_all(folder); }
  Predictions(const Predictions&) = delete;
  Predictions& operator=(const Predictions&) = delete;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("usage: bench_import FOLDER [THREADS] [REPEATS]\n");
    return 2;
  }
  const std::string root = absolute_path(argv[1]);
  const size_t threads = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : hardware_threads();
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 7;
  WorkerGroup workers(std::max<size_t>(1, threads) - 1);
  Progress progress;
  const CancelToken cancel;

  size_t bare_count = 0;
  const double bare = best_of(repeats, [&] { bare_count = bare_loop(root); });
  print("bare loop, one thread", bare_count, bare);
  std::vector<std::string> paths;
  const double ours = best_of(repeats, [&] {
    IssueLog issues;
    CountingSink sink;
    ImageFolderImporter().run({root, "", workers.as_parallel_for(), progress, cancel, issues},
                              sink);
    paths = std::move(sink.paths);
  });
  print(fmt::format("imagefolder, {} threads", threads).c_str(), paths.size(), ours);

  const Predictions predictions(paths);
  const std::string store_path = predictions.folder + "/errata.db";
  const double stored = best_of(std::min(3, repeats), [&] {
    remove_all(store_path);
    IssueLog issues;
    store::Store project = store::Store::create(store_path);
    store::ImportWriter writer(project, {.source_name = "bench",
                                         .input_path = root,
                                         .split = {},
                                         .class_names = {},
                                         .who = "bench"});
    ImageFolderImporter().run({root, "", workers.as_parallel_for(), progress, cancel, issues},
                              writer);
    writer.finish(issues);
  });
  print("  and put into a new store", paths.size(), stored);

  PathMatcher matcher;
  const double build = best_of(repeats, [&] {
    matcher = PathMatcher();
    for (const std::string& path : paths) matcher.add(root, path);
  });
  print("path matcher made", paths.size(), build);
  const auto measure = [&](const char* what, const PredictionReader& reader, const char* file) {
    MatchCounts counts;
    const double secs = best_of(repeats, [&] {
      IssueLog issues;
      MatchingSink sink(matcher);
      reader.run({predictions.folder + file,
                  "",
                  "",
                  {},
                  predictions.classes,
                  false,
                  progress,
                  cancel,
                  issues},
                 sink);
      counts = sink.counts;
    });
    print(what, paths.size(), secs);
    if (counts.exact != paths.size()) fmt::print("  unexpected: {}\n", counts.to_text());
  };
  measure("CSV of 10 probabilities, read and matched", CsvPredictionReader(), "/p.csv");
  measure("NPY of 10 probabilities, read and matched", NpyPredictionReader(), "/p.npy");
  return 0;
}
