// Images a second of the inference pass, from JPEG files to rows, beside LibTorch's own best
// forward alone in the same run. bench/infer.sh makes the model and the photographs and calls this.
//
//   bench_infer MODEL FOLDER [--threads 1,2] [--precision fp32,bf16] [--batch 16] [--secs 2]
//               [--rounds 3]
#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/workers.h"
#include "bench/infer_libtorch.h"
#include "infer/load_runner.h"
#include "infer/pipeline.h"
#include "media/image.h"

using namespace errata;
using namespace errata::infer;

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::string model;
  std::string folder;
  std::vector<std::string> threads = {"1", "2"};
  std::vector<std::string> precisions = {"fp32", "bf16"};
  size_t batch = 16;
  double secs = 2;
  int rounds = 3;
};

class NoSink : public OutputSink {
 public:
  void begin(const RunnerInfo&) override {}
  void batch(const InferBatch& batch) override { rows += batch.items.size(); }
  size_t rows = 0;
};

std::vector<std::string> list(const std::string& text) {
  std::vector<std::string> parts;
  for (const std::string_view part : split_view(text, ',')) parts.emplace_back(part);
  return parts;
}

Settings read_arguments(int argc, char** argv) {
  Settings settings;
  std::vector<std::string> plain;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag.rfind("--", 0) != 0) {
      plain.push_back(flag);
      continue;
    }
    if (i + 1 >= argc) throw Error(ErrorCategory::kUsage, flag + " needs a value");
    const std::string value = argv[++i];
    if (flag == "--threads")
      settings.threads = list(value);
    else if (flag == "--precision")
      settings.precisions = list(value);
    else if (flag == "--batch")
      settings.batch = std::stoul(value);
    else if (flag == "--secs")
      settings.secs = std::stod(value);
    else if (flag == "--rounds")
      settings.rounds = std::stoi(value);
    else
      throw Error(ErrorCategory::kUsage, "there is no " + flag);
  }
  if (plain.size() != 2) throw Error(ErrorCategory::kUsage, "bench_infer MODEL FOLDER");
  settings.model = plain[0];
  settings.folder = plain[1];
  return settings;
}

std::vector<std::string> photographs(const std::string& folder) {
  std::vector<std::string> paths;
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) throw Error(ErrorCategory::kNotFound, "no such folder", "", folder);
  while (const dirent* entry = readdir(directory)) {
    if (extension(entry->d_name) == ".jpg") paths.push_back(join_path(folder, entry->d_name));
  }
  closedir(directory);
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) throw Error(ErrorCategory::kNotFound, "no .jpg files", "", folder);
  return paths;
}

// Processor seconds of this program so far: what stays comparable on a machine with other work.
double cpu_secs() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Rate {
  double per_sec = 0;
  double per_cpu_sec = 0;
};

// Images a second of `once` (which does `images` of them) called by `threads` threads for `secs`.
Rate rate(size_t threads, double secs, size_t images, const std::function<void(size_t)>& once) {
  WorkerGroup workers(threads);
  std::vector<size_t> calls(threads);
  const Clock::time_point start = Clock::now();
  const double cpu_start = cpu_secs();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  for (size_t t = 0; t < threads; ++t) {
    workers.submit([&, t] {
      bench::use_one_thread_inside();
      while (elapsed() < secs) {
        once(t);
        ++calls[t];
      }
    });
  }
  workers.wait_idle();
  size_t total = 0;
  for (const size_t count : calls) total += count;
  const auto done = static_cast<double>(total * images);
  return {done / elapsed(), done / (cpu_secs() - cpu_start)};
}

// The best of all rounds.
struct Rates {
  Rate libtorch;
  std::string libtorch_way;
  Rate forward;
  Rate end_to_end;
  double prepare_ms = 0;  // of one image in the last pass, on one core
};

void keep_best(Rate& best, const Rate& found) {
  best.per_sec = std::max(best.per_sec, found.per_sec);
  best.per_cpu_sec = std::max(best.per_cpu_sec, found.per_cpu_sec);
}

Rate end_to_end(const Settings& settings, const std::vector<std::string>& paths,
                const ModelSpec& spec, Runner& runner, size_t threads, double expected,
                double& prepare_ms) {
  const auto wanted = static_cast<size_t>(expected * settings.secs);
  const size_t batches = std::max<size_t>(2 * threads, wanted / settings.batch);
  std::vector<InferItem> plan;
  for (size_t i = 0; i < batches * settings.batch; ++i) {
    plan.push_back({static_cast<SampleId>(i + 1), paths[i % paths.size()]});
  }
  media::SampleReader reader;
  WorkerGroup workers(threads);
  Progress progress;
  IssueLog issues;
  NoSink sink;
  PipelineOptions options;
  options.batch = settings.batch;
  const double cpu_start = cpu_secs();
  const PipelineReport report = run_pipeline(plan, spec, runner, reader, options, workers, progress,
                                             CancelToken(), issues, sink);
  const auto images = static_cast<double>(report.images);
  prepare_ms = 1e3 * report.prepare_secs / images;
  return {images / report.elapsed_secs, images / (cpu_secs() - cpu_start)};
}

Rates measure(const Settings& settings, const std::vector<std::string>& paths, size_t threads,
              Precision precision) {
  const ModelSpec spec = resolve_model_spec(settings.model, std::nullopt).spec;
  RunnerOptions options;
  options.device = "cpu";
  options.precision = precision;
  options.batch = settings.batch;
  options.slots = threads;
  const auto runner = load_runner(settings.model, spec, options);
  auto ways = bench::libtorch_ways(settings.model, precision == Precision::kBf16, settings.batch,
                                   spec.input_px.width_px);
  RunOutput warm;
  runner->run(0, settings.batch, warm);
  for (auto& way : ways) {  // twice: TorchScript's profiling executor settles in its second run
    way->run();
    way->run();
  }
  Rates rates;
  std::vector<RunOutput> outputs(threads);
  for (int round = 0; round < settings.rounds; ++round) {
    for (auto& way : ways) {
      const Rate found = rate(threads, settings.secs, settings.batch, [&](size_t) { way->run(); });
      if (found.per_sec > rates.libtorch.per_sec) rates.libtorch_way = way->name();
      keep_best(rates.libtorch, found);
    }
    const Rate forward = rate(threads, settings.secs, settings.batch,
                              [&](size_t t) { runner->run(t, settings.batch, outputs[t]); });
    keep_best(rates.forward, forward);
    keep_best(rates.end_to_end, end_to_end(settings, paths, spec, *runner, threads, forward.per_sec,
                                           rates.prepare_ms));
  }
  return rates;
}

void run(const Settings& settings) {
  const std::vector<std::string> paths = photographs(settings.folder);
  fmt::print("{} photographs, batch {}, best of {} rounds of {} s; images a second\n", paths.size(),
             settings.batch, settings.rounds, settings.secs);
  fmt::print("the second ratio is of images a processor second: other work disturbs it less\n");
  fmt::print("{:<8} {:<10} {:>9} {:>9} {:>10} {:>6} {:>6} {:>11}  {}\n", "threads", "precision",
             "LibTorch", "forward", "from JPEG", "ratio", "cpu", "prepare ms",
             "LibTorch's best way");
  for (const std::string& threads : settings.threads) {
    for (const std::string& name : settings.precisions) {
      Precision precision{};
      if (!parse_precision(name, precision)) throw Error(ErrorCategory::kUsage, "no " + name);
      const Rates rates = measure(settings, paths, std::stoul(threads), precision);
      fmt::print("{:<8} {:<10} {:>9.1f} {:>9.1f} {:>10.1f} {:>6.2f} {:>6.2f} {:>11.2f}  {}\n",
                 threads, name, rates.libtorch.per_sec, rates.forward.per_sec,
                 rates.end_to_end.per_sec, rates.end_to_end.per_sec / rates.libtorch.per_sec,
                 rates.end_to_end.per_cpu_sec / rates.libtorch.per_cpu_sec, rates.prepare_ms,
                 rates.libtorch_way);
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  media::reuse_image_memory();
  try {
    run(read_arguments(argc, argv));
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.to_text());
    return error.exit_code();
  }
}
