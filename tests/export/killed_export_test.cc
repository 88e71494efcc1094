// A killed export: a process of its own dies at a random moment.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "export/exporter.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::exports;
using errata::test::TempDir;

namespace {

ExportInput many_files(const TempDir& dir, int count) {
  ExportInput input;
  input.class_names = {"a", "b"};
  for (int i = 0; i < count; ++i) {
    ExportItem item;
    item.source_path = "f" + std::to_string(i) + ".jpg";
    item.absolute_path = dir.write("src/" + item.source_path, std::to_string(i));
    item.label = i % 2;
    input.items.push_back(item);
  }
  return input;
}

// With boxes that a person drew, ten in each image.
ExportInput many_boxes(const TempDir& dir, int count) {
  ExportInput input = many_files(dir, count);
  input.objects.present = true;
  for (size_t i = 0; i < input.items.size(); ++i) {
    input.items[i].width_px = input.items[i].height_px = 64;
    for (int k = 0; k < 10; ++k) {
      ExportObject& object = input.objects.objects.emplace_back();
      object.id = static_cast<ObjectId>(input.objects.objects.size());
      object.item = static_cast<uint32_t>(i);
      object.label = k % 2;
      object.box_xywh_px = {1.0 * k, 2, 3, 4};
      object.area_px = 12;
    }
  }
  return input;
}

void run_export(const ExportInput& input, const std::string& target,
                std::string_view format = "imagefolder") {
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  export_dataset(find_format(format), input, {.target = target},
                 {serial_for, progress, cancel, issues, {}});
}

// The same in a process of its own, killed after so many microseconds.
void run_killed_export(const ExportInput& input, const std::string& target, std::string_view format,
                       uint64_t after_us) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      run_export(input, target, format);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  ::usleep(static_cast<useconds_t>(after_us));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

// The same where no file may grow beyond so many bytes; returns the exit code.
int run_limited_export(const ExportInput& input, const std::string& target, std::string_view format,
                       rlim_t most_bytes) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{most_bytes, most_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      run_export(input, target, format);
    } catch (const Error& error) {
      ::_exit(error.exit_code());
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

size_t count_files(const std::string& root) {
  size_t n = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    n += entry.is_regular_file() ? 1 : 0;
  }
  return n;
}

size_t entries(const std::string& root) {
  size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(root)) ++n;
  return n;
}

}  // namespace

TEST_CASE("killed at 50 random moments: the target is not there or whole, leftovers go") {
  TempDir dir;
  const ExportInput input = many_files(dir, 300);
  Rng rng(7);
  int killed_before_the_end = 0;
  for (int round = 0; round < 50; ++round) {
    const std::string target = dir / "out/t" + std::to_string(round);
    run_killed_export(input, target, "imagefolder", rng.below(15'000));
    if (file_exists(target)) {
      CHECK(count_files(target) == 303);
      std::filesystem::remove_all(target);
    } else {
      ++killed_before_the_end;
    }
  }
  CHECK(killed_before_the_end > 0);
  run_export(input, dir / "out/last");
  CHECK(count_files(dir / "out/last") == 303);
  CHECK(entries(dir / "out") == 1);  // nothing of the dead ones is left
}

TEST_CASE("a disk that takes no more: the export fails and leaves nothing") {
  TempDir dir;
  const ExportInput input = many_files(dir, 200);
  // No file may grow beyond 2 bytes: the 101st cannot be written.
  CHECK(run_limited_export(input, dir / "out/target", "imagefolder", 2) ==
        static_cast<int>(ErrorCategory::kIo));
  CHECK(entries(dir / "out") == 0);
}

TEST_CASE("formats of boxes: killed at random moments, and a disk that takes no more") {
  TempDir dir;
  const ExportInput input = many_boxes(dir, 120);
  Rng rng(11);
  for (const std::string format : {"coco", "voc", "yolo"}) {
    CAPTURE(format);
    run_export(input, dir / (format + "/whole"), format);
    const size_t whole = count_files(dir / (format + "/whole"));
    std::filesystem::remove_all(dir / (format + "/whole"));
    for (int round = 0; round < 12; ++round) {
      const std::string target = dir / (format + "/t" + std::to_string(round));
      run_killed_export(input, target, format, rng.below(12'000));
      if (!file_exists(target)) continue;
      CHECK(count_files(target) == whole);
      std::filesystem::remove_all(target);
    }
    // Room for the images, not for the annotations.
    CHECK(run_limited_export(input, dir / (format + "/full"), format, 64) ==
          static_cast<int>(ErrorCategory::kIo));
    CHECK(entries(dir / format) == 0);
  }
}

TEST_CASE("a running export's folder is not removed by another export") {
  TempDir dir;
  const ExportInput input = many_files(dir, 3);
  // An export whose reader starts a second export beside the first.
  ExportInput outer = input;
  outer.items.push_back({});
  outer.items.back().absolute_path = "/box";
  outer.items.back().source_path = "box";
  outer.items.back().member = 0;
  outer.items.back().label = 0;
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  const MemberReader reader = [&](const std::string&, int64_t, versions::RawImage& image,
                                  std::string&) {
    run_export(input, dir / "out/inner");
    image = {1, 1, 1, {5}};
    return true;
  };
  export_dataset(find_format("imagefolder"), outer, {.target = dir / "out/outer"},
                 {serial_for, progress, cancel, issues, reader});
  CHECK(count_files(dir / "out/inner") == 6);
  CHECK(count_files(dir / "out/outer") == 7);
}
