// Tries the runner on a device: equal to the plain model on the processor, equal to itself from
// several threads, how fast, and what it does when memory runs out. See CMakeLists.txt here.
//
//   runner_check MODEL.pt CHANNELS HEIGHT WIDTH [--device auto] [--precision fp32] [--batch 32]
//                [--slots 2] [--layer NAME] [--secs 3]
//   runner_check heads DEVICE ROWS CLASSES    the training of heads (heads_check.cc)
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "heads_check.h"
#include "infer/runner.h"

using namespace errata::infer;

extern "C" Runner* errata_open_runner(const RunnerRequest& request, RunnerFailure& failure);
extern "C" void errata_describe_devices(std::string& text);

namespace {

struct Arguments {
  RunnerRequest request;
  double secs = 3;
};

bool read(int argc, char** argv, Arguments& arguments) {
  if (argc < 5) return false;
  RunnerRequest& request = arguments.request;
  request.model_path = argv[1];
  request.channels = std::stoi(argv[2]);
  request.height_px = std::stoi(argv[3]);
  request.width_px = std::stoi(argv[4]);
  request.embedding = 1;
  request.options.slots = 2;
  for (int i = 5; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--device") {
      request.options.device = value;
    } else if (flag == "--precision") {
      request.options.precision = value == "bf16"   ? Precision::kBf16
                                  : value == "fp16" ? Precision::kFp16
                                                    : Precision::kFp32;
    } else if (flag == "--batch") {
      request.options.batch = std::stoul(value);
    } else if (flag == "--slots") {
      request.options.slots = std::stoul(value);
    } else if (flag == "--layer") {
      request.embedding = 3;
      request.embedding_layer = value;
    } else if (flag == "--secs") {
      arguments.secs = std::stod(value);
    } else {
      return false;
    }
  }
  return true;
}

std::unique_ptr<Runner> open(const RunnerRequest& request) {
  RunnerFailure failure;
  std::unique_ptr<Runner> runner(errata_open_runner(request, failure));
  if (!runner) {
    std::printf("cannot open: %s\n  %s\n", failure.message.c_str(), failure.hint.c_str());
  }
  return runner;
}

// The same made-up images in whichever order the runner wants them.
void fill(Runner& runner, size_t slot, size_t n, size_t channels) {
  const RunnerInfo info = runner.info();
  const size_t pixels = info.input_values / channels;
  float* values = runner.input(slot);
  for (size_t i = 0; i < n; ++i) {
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t c = 0; c < channels; ++c) {
        const size_t at = info.channels_last ? p * channels + c : c * pixels + p;
        values[i * info.input_values + at] =
            std::sin(0.01f * static_cast<float>(p) + static_cast<float>(i * 3 + c));
      }
    }
  }
}

bool run(Runner& runner, size_t slot, size_t n, RunOutput& out) {
  const RunnerFailure failure = runner.run(slot, n, out);
  if (failure.failed()) std::printf("failed: %s\n", failure.message.c_str());
  return !failure.failed();
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(double{a[i]} - double{b[i]});
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

void describe(const RunnerInfo& info) {
  std::printf("%s (%s), %s, %s\n  %s\n  %zu classes, %zu embedding values (%s), batch %zu\n",
              info.device.c_str(), info.device_name.c_str(), info.precision.c_str(),
              info.engine.c_str(), info.optimisation.c_str(), info.classes, info.embedding_columns,
              info.embedding_source.c_str(), info.batch);
  for (const std::string& note : info.notes) std::printf("  note: %s\n", note.c_str());
}

bool compare_with_plain(const Arguments& arguments, Runner& runner, RunOutput& out, size_t n) {
  RunnerRequest plain_request = arguments.request;
  plain_request.options.device = "cpu";
  plain_request.options.precision = Precision::kFp32;
  plain_request.options.keep_plain = true;
  plain_request.options.want_embedding = false;
  plain_request.options.slots = 1;
  plain_request.options.batch = n;
  const auto plain = open(plain_request);
  if (!plain) return false;
  const auto channels = static_cast<size_t>(arguments.request.channels);
  RunOutput expected;
  fill(*plain, 0, n, channels);
  fill(runner, 0, n, channels);
  if (!run(*plain, 0, n, expected) || !run(runner, 0, n, out)) return false;
  double scale = 0;
  for (const float value : expected.values) scale = std::max(scale, std::abs(double{value}));
  std::printf("largest difference to the plain fp32 model on the processor: %g (values up to %g)\n",
              largest_difference(expected.values, out.values), scale);
  return true;
}

// Every slot at once, each checked against `expected`, for `secs`. Images a second.
double speed(Runner& runner, const RunOutput& expected, size_t n, double secs, bool& equal) {
  using Clock = std::chrono::steady_clock;
  const size_t slots = runner.info().slots;
  std::vector<std::thread> threads;
  std::vector<size_t> images(slots);
  std::vector<char> same(slots, 1);
  const Clock::time_point start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  for (size_t slot = 0; slot < slots; ++slot) {
    threads.emplace_back([&, slot] {
      RunOutput out;
      while (elapsed() < secs && run(runner, slot, n, out)) {
        images[slot] += n;
        same[slot] = same[slot] && out.values == expected.values;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t total = 0;
  for (const size_t count : images) total += count;
  equal = std::find(same.begin(), same.end(), 0) == same.end();
  return static_cast<double>(total) / elapsed();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string(argv[1]) == "heads") {
    return check_heads(argv[2], std::stoul(argv[3]), std::stoul(argv[4]));
  }
  Arguments arguments;
  if (!read(argc, argv, arguments)) {
    std::printf(
        "runner_check MODEL.pt CHANNELS HEIGHT WIDTH [--device D] [--precision P] "
        "[--batch N] [--slots N] [--secs S]\n"
        "runner_check heads DEVICE ROWS CLASSES\n");
    return 2;
  }
  std::string devices;
  errata_describe_devices(devices);
  std::printf("%s\n", devices.c_str());
  const auto runner = open(arguments.request);
  if (!runner) return 1;
  describe(runner->info());
  const size_t n = arguments.request.options.batch;
  const auto channels = static_cast<size_t>(arguments.request.channels);
  RunOutput few;
  if (!compare_with_plain(arguments, *runner, few, std::min<size_t>(n, 8))) return 1;
  RunOutput expected;
  for (size_t slot = 0; slot < runner->info().slots; ++slot) fill(*runner, slot, n, channels);
  if (!run(*runner, 0, n, expected)) return 1;
  if (runner->info().batch != n) {
    describe(runner->info());
    if (!run(*runner, 0, n, expected)) return 1;
  }
  bool equal = false;
  const double rate = speed(*runner, expected, n, arguments.secs, equal);
  std::printf("%.1f images a second, %zu slots, forwards of %zu; rows %s from slot to slot\n", rate,
              runner->info().slots, runner->info().batch, equal ? "equal" : "DIFFER");
  return equal ? 0 : 1;
}
