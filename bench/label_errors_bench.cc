// Label errors on planted noise: bench_label_errors [--stages STAGES.npy] [--pictures PICTURES.npy]
// EMBEDDINGS.npy CLASSES LABELS.npy...; STAGES rows x any columns (what `errata infer` keeps of a
// model's earlier feature maps), PICTURES rows x 32 x 32 x 3 bytes. For each file of given labels
// writes beside it, as raw float32: FILE.probs (rows x classes, the probe's held-out
// probabilities), FILE.score (label_error), FILE.suspect (0 or 1) and FILE.estimate (wrong labels:
// number, low, high), and prints the seconds that probe and detector took.
// bench/peer_label_errors.py measures what came out.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <vector>

#include "analysis/label_errors.h"
#include "analysis/picture_features.h"
#include "text/npy.h"

namespace {

using namespace errata;
using Clock = std::chrono::steady_clock;

void write_floats(const std::string& path, std::span<const float> values) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size_bytes()));
}

double secs_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<float> read_all(const text::NpyArray& array) {
  std::vector<float> values(array.header().rows() * array.header().columns());
  array.read_rows(0, array.header().rows(), values.data());
  return values;
}

std::vector<uint8_t> read_pictures(const std::string& path, size_t rows) {
  const text::NpyArray array = text::NpyArray::open(path);
  if (array.header().rows() != rows || array.header().columns() != analysis::kPictureBytes) {
    throw std::runtime_error("pictures are not " + std::to_string(rows) + " x 32 x 32 x 3");
  }
  const std::vector<float> values = read_all(array);
  return {values.begin(), values.end()};
}

struct Further {
  std::string stages;  // files; empty: none
  std::string pictures;
};

analysis::EmbeddingSpace read_stages(const std::string& path, size_t rows,
                                     const ParallelFor& parallel_for) {
  const text::NpyArray array = text::NpyArray::open(path);
  if (array.header().rows() != rows) throw std::runtime_error("stages are of other rows");
  std::vector<float> values = read_all(array);
  return analysis::make_feature_space(values, array.header().columns(), parallel_for);
}

void measure(const Further& further, int argc, char** argv) {
  const text::NpyArray array = text::NpyArray::open(argv[1]);
  const size_t rows = array.header().rows();
  const size_t columns = array.header().columns();
  const auto classes = static_cast<size_t>(std::stoul(argv[2]));
  std::vector<float> values = read_all(array);
  WorkerGroup workers(hardware_threads() - 1, "bench");
  const ParallelFor parallel_for = workers.as_parallel_for();
  const auto start = Clock::now();
  const analysis::EmbeddingSpace space =
      analysis::make_embedding_space(values, columns, parallel_for);
  const double space_secs = secs_since(start);
  const analysis::Neighbours neighbours =
      analysis::find_neighbours(space.matrix(), {10, analysis::Distance::kCosine}, parallel_for);
  const std::vector<uint32_t> groups =
      analysis::near_duplicate_groups(space.matrix(), neighbours, parallel_for);
  std::optional<analysis::EmbeddingSpace> stages;
  if (!further.stages.empty()) {
    const auto stages_start = Clock::now();
    stages = read_stages(further.stages, rows, parallel_for);
    fmt::print("stages: {:.1f} s\n", secs_since(stages_start));
  }
  std::optional<analysis::EmbeddingSpace> pictures;
  if (!further.pictures.empty()) {
    const std::vector<uint8_t> pixels = read_pictures(further.pictures, rows);
    const auto pictures_start = Clock::now();
    pictures =
        analysis::make_picture_space(pixels, std::vector<uint8_t>(rows, 1), 1, parallel_for, [] {});
    fmt::print("pictures: {:.1f} s\n", secs_since(pictures_start));
  }
  fmt::print("{} x {}: coordinates {:.1f} s, neighbours {:.1f} s\n", rows, columns, space_secs,
             secs_since(start) - space_secs);
  for (int i = 3; i < argc; ++i) {
    const std::string path = argv[i];
    const text::NpyArray label_array = text::NpyArray::open(path);
    std::vector<ClassIndex> labels(rows);
    for (size_t row = 0; row < rows; ++row) {
      labels[row] = static_cast<ClassIndex>(label_array.integer(row));
    }
    const auto probe_start = Clock::now();
    const analysis::Probe probe = analysis::run_probe(
        space, labels, groups, classes, {}, analysis::processor_head_math(parallel_for), [] {});
    const double probe_secs = secs_since(probe_start);
    const auto detector_start = Clock::now();
    const analysis::LabelErrors errors =
        analysis::find_label_errors({classes,
                                     labels,
                                     &space,
                                     groups,
                                     stages ? &*stages : nullptr,
                                     pictures ? &*pictures : nullptr,
                                     {}},
                                    {}, parallel_for, [] {});
    write_floats(path + ".probs", probe.probabilities);
    write_floats(path + ".score", errors.score);
    write_floats(path + ".suspect",
                 std::vector<float>(errors.suspect.begin(), errors.suspect.end()));
    write_floats(path + ".estimate", std::vector<float>{static_cast<float>(errors.estimated.value),
                                                        static_cast<float>(errors.estimated.low),
                                                        static_cast<float>(errors.estimated.high)});
    fmt::print("{}: probe {:.1f} s, detector {:.1f} s{}{}, estimated {:.0f} ({:.0f} to {:.0f})\n",
               path.substr(path.rfind('/') + 1), probe_secs, secs_since(detector_start),
               errors.by_stages ? ", by stages" : "", errors.by_pictures ? ", by pictures" : "",
               errors.estimated.value, errors.estimated.low, errors.estimated.high);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Further further;
  while (argc > 2 && std::string_view(argv[1]).starts_with("--")) {
    const std::string_view name = argv[1];
    if (name != "--stages" && name != "--pictures") break;
    (name == "--stages" ? further.stages : further.pictures) = argv[2];
    argc -= 2;
    argv += 2;
  }
  if (argc < 4) {
    fmt::print(stderr,
               "usage: bench_label_errors [--stages STAGES.npy] [--pictures PICTURES.npy] "
               "EMBEDDINGS.npy CLASSES LABELS.npy...\n");
    return 2;
  }
  try {
    measure(further, argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_label_errors: {}\n", error.what());
    return 1;
  }
  return 0;
}
