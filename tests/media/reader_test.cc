#include "media/reader.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "base/error.h"
#include "base/workers.h"
#include "tests/media/golden.h"

using namespace errata;
using namespace errata::media;
using test::golden_path;

namespace {

std::string idx(uint32_t count, const std::string& pixels) {
  std::string out = {0, 0, 8, 3, 0, 0, 0, static_cast<char>(count), 0, 0, 0, 1, 0, 0, 0, 2};
  return out + pixels;
}

}  // namespace

TEST_CASE("files and members are read alike") {
  const test::TempDir dir;
  const SampleReader reader;
  const std::string path = golden_path("png/rgb8.png");
  CHECK(reader.read(path, -1).image == decode_rgb(read_file(path)).image);
  const RawSample raw = reader.read_bytes(path, -1);
  CHECK(raw.ok());
  CHECK(!raw.is_member);
  CHECK(raw.bytes == read_file(path));

  const std::string container = dir.write("images", idx(2, "abcd"));
  const Decoded member = reader.read(container, 1);
  CHECK(member.image.pixels == std::vector<uint8_t>{'c', 'c', 'c', 'd', 'd', 'd'});
  const RawSample pixels = reader.read_bytes(container, 1);
  CHECK(pixels.is_member);
  CHECK(pixels.channels == 1);
  CHECK(pixels.width_px == 2);
  CHECK(pixels.height_px == 1);
  CHECK(pixels.bytes == std::vector<uint8_t>{'c', 'd'});
}

TEST_CASE("what cannot be read says why") {
  const test::TempDir dir;
  const SampleReader reader;
  const Decoded absent = reader.read(dir / "absent.jpg", -1);
  CHECK(absent.status == DecodeStatus::kUnreadable);
  CHECK(absent.message.find("No such file") != std::string::npos);
  CHECK(reader.read(dir.path(), -1).status == DecodeStatus::kUnreadable);
  CHECK(reader.read(dir.write("empty.png", ""), -1).status == DecodeStatus::kUnreadable);
  CHECK(reader.read(dir / "absent", 0).status == DecodeStatus::kUnreadable);
  const std::string container = dir.write("images", idx(2, "abcd"));
  const Decoded beyond = reader.read(container, 2);
  CHECK(beyond.status == DecodeStatus::kUnreadable);
  CHECK(beyond.message.find("holds 2") != std::string::npos);
  CHECK(reader.read(dir.write("cut", idx(2, "abc")), 0).status == DecodeStatus::kCorrupt);
  ReaderLimits limits;
  limits.max_file_bytes = 10;
  CHECK(SampleReader(limits).read(golden_path("png/rgb8.png"), -1).status ==
        DecodeStatus::kTooLarge);
}

TEST_CASE("names with spaces, quotes, newlines and bytes that are no UTF-8 are read") {
  const test::TempDir dir;
  const SampleReader reader;
  const std::vector<uint8_t> png = read_file(golden_path("png/rgb8.png"));
  const std::string text(png.begin(), png.end());
  for (const std::string& name :
       {std::string("a b'\"\n.png"), std::string("\xFF\xFE.png"), std::string(251, 'x') + ".png"}) {
    CHECK(reader.read(dir.write(name, text), -1).ok());
  }
}

TEST_CASE("a replaced container is opened anew and the cache stays within its limits") {
  const test::TempDir dir;
  ReaderLimits limits;
  limits.max_open_containers = 2;
  const SampleReader reader(limits);
  const std::string path = dir.write("images", idx(1, "ab"));
  const auto first = reader.container(path);
  CHECK(reader.container(path) == first);
  write_file_atomic(path, idx(2, "abcd"));
  CHECK(reader.container(path)->count() == 2);
  reader.container(dir.write("b", idx(1, "ab")));
  reader.container(dir.write("c", idx(1, "ab")));
  CHECK(first->raw(0)[0] == 'a');  // whoever holds one keeps it
  ::unlink(path.c_str());
  CHECK_THROWS_AS(reader.container(path), Error);
}

TEST_CASE("many threads read one container") {
  const test::TempDir dir;
  const std::string path = dir.write("images", idx(100, std::string(200, 'q')));
  const SampleReader reader;
  WorkerGroup workers(3);
  std::atomic<int> good{0};
  workers.parallel_for(1000, 10, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      good += reader.read(path, static_cast<int64_t>(i % 100)).ok() ? 1 : 0;
    }
  });
  CHECK(good == 1000);
}

TEST_CASE("PNG comes back bit for bit, JPEG nearly") {
  const Image image = decode_rgb(read_file(golden_path("resize/61x47.png"))).image;
  CHECK(decode_rgb(encode_png(image)).image == image);
  CHECK(encode_png(image) == encode_png(image));
  Image grey(3, 2, 1);
  grey.pixels = {0, 50, 100, 150, 200, 255};
  const Image back = decode_rgb(encode_png(grey)).image;
  CHECK(back.pixels[3] == 50);
  CHECK(back.pixels[5] == 50);
  CHECK(decode_rgb(encode_jpeg(image, 95)).image.width_px == 61);
  CHECK_THROWS_AS(encode_png(Image()), Error);
}

TEST_CASE("decoding works alike with reused memory") {
  reuse_image_memory();
  const std::vector<uint8_t> bytes = read_file(golden_path("jpeg/rgb420_37x29.jpg"));
  CHECK(decode_rgb(bytes).image == decode_rgb(bytes).image);
}
