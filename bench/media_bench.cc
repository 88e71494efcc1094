// bench_media FOLDER: what src/media makes of the JPEGs in a folder, in seconds of one thread.
#include <fmt/format.h>
#include <time.h>

#include <cstdio>
#include <filesystem>
#include <vector>

#include "base/files.h"
#include "media/decode.h"
#include "media/image.h"
#include "media/probe.h"
#include "media/resize.h"
#include "media/thumbnail.h"

namespace {

using namespace errata;

constexpr double kMinSecs = 1.0;

// Of this thread: other work on the machine does not count.
double cpu_secs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Calls fn(i) with i going round in [0, n) until enough time has passed.
template <typename Fn>
void measure(const char* what, size_t n, const Fn& fn) {
  const double start = cpu_secs();
  size_t done = 0;
  double secs = 0;
  while (secs < kMinSecs) {
    for (size_t i = 0; i < n; ++i) fn(i);
    done += n;
    secs = cpu_secs() - start;
  }
  fmt::print("errata  {:<34} {:>12.1f} us {:>12.0f} /s\n", what,
             secs * 1e6 / static_cast<double>(done), static_cast<double>(done) / secs);
}

int run(const std::string& folder) {
  media::reuse_image_memory();
  std::vector<std::vector<uint8_t>> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(read_file(entry.path().string()));
  }
  std::vector<media::Image> images;
  for (const auto& bytes : files) {
    media::Decoded decoded = media::decode_rgb(bytes);
    if (decoded.ok()) images.push_back(std::move(decoded.image));
  }
  if (images.empty()) {
    fmt::print(stderr, "no image in {}\n", folder);
    return 1;
  }
  fmt::print("{} images, the first {} x {}\n", images.size(), images[0].width_px,
             images[0].height_px);
  media::Probe probe;
  measure("probe", files.size(), [&](size_t i) { media::probe_image(files[i], probe); });
  measure("decode", files.size(), [&](size_t i) { media::decode_rgb(files[i]); });
  const media::Size shorter_256 =
      media::size_for_shorter_side({images[0].width_px, images[0].height_px}, 256);
  for (const media::Filter filter : {media::Filter::kBilinear, media::Filter::kBicubic}) {
    const std::string name(media::filter_name(filter));
    measure((name + " to 256").c_str(), images.size(), [&](size_t i) {
      media::resize(images[i], shorter_256.width_px, shorter_256.height_px, filter);
    });
    measure((name + " to 256, centre 224").c_str(), images.size(), [&](size_t i) {
      media::resize_center_crop(images[i], shorter_256, {224, 224}, filter);
    });
  }
  measure("thumbnail of 128", files.size(),
          [&](size_t i) { media::make_thumbnail(files[i], 128); });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: bench_media FOLDER\n", stderr);
    return 2;
  }
  return run(argv[1]);
}
