#include "media/thumbnail.h"

#include <dirent.h>
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "base/workers.h"
#include "tests/media/golden.h"

using namespace errata;
using namespace errata::media;
using test::golden_path;

namespace {

Image noise(int32_t side, unsigned seed) {
  std::mt19937 random(seed);
  Image image(side, side, 3);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random());
  return image;
}

ThumbnailKey key_of(uint64_t n) {
  return {n, 1000 + n, 128, 1};
}

std::vector<std::string> files_in(const std::string& directory, const std::string& suffix) {
  std::vector<std::string> files;
  DIR* dir = ::opendir(directory.c_str());
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (name.ends_with(suffix)) files.push_back(join_path(directory, name));
  }
  ::closedir(dir);
  return files;
}

void flip_byte(const std::string& path, size_t at) {
  std::string bytes = read_text_file(path);
  bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
  write_file_atomic(path, bytes);
}

}  // namespace

TEST_CASE("thumbnails fit, are upright and are never enlarged") {
  const Decoded exif6 = make_thumbnail(read_file(golden_path("jpeg/exif6.jpg")), 5);
  REQUIRE(exif6.ok());
  CHECK(exif6.image.width_px == 3);
  CHECK(exif6.image.height_px == 5);
  const Decoded small = make_thumbnail(read_file(golden_path("jpeg/grey.jpg")), 256);
  CHECK(small.image.width_px == 37);
  CHECK(small.image.height_px == 29);
  const Decoded tall = make_thumbnail(read_file(golden_path("resize/3x400.png")), 64);
  CHECK(tall.image.width_px == 1);
  CHECK(tall.image.height_px == 64);
  CHECK(make_thumbnail(read_file(golden_path("other/exif6.tif")), 256).image.height_px == 23);
}

TEST_CASE("a broken file gives no thumbnail but its reason") {
  const Decoded cut = make_thumbnail(read_file(golden_path("jpeg/truncated.jpg")), 32);
  CHECK(cut.status == DecodeStatus::kTruncated);
  CHECK(cut.image.empty());
  const SampleReader reader;
  CHECK(make_thumbnail(reader, golden_path("absent.jpg"), -1, 32).status ==
        DecodeStatus::kUnreadable);
}

TEST_CASE("what was put is found again, also by the next process") {
  const test::TempDir dir;
  const Image small = noise(32, 1);
  const Image large = noise(128, 2);
  {
    ThumbnailCache cache(dir / "thumbs", 10 << 20);
    CHECK(!cache.get(key_of(1)));
    cache.put(key_of(1), small);
    cache.put(key_of(2), large);
    CHECK(cache.get(key_of(1)) == small);
  }
  const ThumbnailCache again(dir / "thumbs", 10 << 20);
  CHECK(again.get(key_of(1)) == small);  // small ones are lossless
  const std::optional<Image> found = again.get(key_of(2));
  REQUIRE(found);
  CHECK(found->width_px == 128);
  ThumbnailKey turned = key_of(1);
  turned.orientation = 6;
  CHECK(!again.get(turned));
  CHECK(again.stats().entries == 2);
}

TEST_CASE("the byte limit holds and the oldest go first") {
  const test::TempDir dir;
  constexpr uint64_t kLimit = 1 << 20;
  {
    ThumbnailCache cache(dir / "thumbs", kLimit);
    for (unsigned i = 0; i < 200; ++i) {
      cache.put(key_of(i), noise(100, i));
      CHECK(cache.stats().bytes <= kLimit);
    }
    CHECK(!cache.get(key_of(0)));
    CHECK(cache.get(key_of(199)));
    CHECK(cache.stats().entries > 20);
  }
  uint64_t on_disk = 0;
  for (const char* suffix : {".pack", ".index"}) {
    for (const std::string& path : files_in(dir / "thumbs", suffix)) {
      on_disk += read_file(path).size();
    }
  }
  CHECK(on_disk <= kLimit);
  // A smaller limit later makes room when the cache is first used.
  ThumbnailCache smaller(dir / "thumbs", kLimit / 2);
  CHECK(smaller.stats().bytes <= kLimit / 2);
  smaller.clear();
  CHECK(smaller.stats().bytes == 0);
  CHECK(files_in(dir / "thumbs", ".pack").empty());
}

TEST_CASE("corrupt entries are discarded, others stay") {
  const test::TempDir dir;
  {
    ThumbnailCache cache(dir / "thumbs", 10 << 20);
    for (unsigned i = 0; i < 3; ++i) cache.put(key_of(i), noise(20, i));
  }
  const std::string pack = files_in(dir / "thumbs", ".pack").front();
  const std::string index = files_in(dir / "thumbs", ".index").front();
  flip_byte(pack, 60);       // inside the first picture
  flip_byte(index, 8 + 56);  // the key of the second record
  write_file_atomic(index, read_text_file(index) + "half a record");
  ThumbnailCache cache(dir / "thumbs", 10 << 20);
  CHECK(!cache.get(key_of(0)));
  CHECK(!cache.get(key_of(1)));
  CHECK(cache.get(key_of(2)) == noise(20, 2));
  cache.put(key_of(0), noise(20, 0));
  CHECK(cache.get(key_of(0)) == noise(20, 0));
}

TEST_CASE("a cut pack, a foreign index and a deleted folder are survived") {
  const test::TempDir dir;
  {
    ThumbnailCache cache(dir / "thumbs", 10 << 20);
    cache.put(key_of(1), noise(20, 1));
    cache.put(key_of(2), noise(20, 2));
  }
  const std::string pack = files_in(dir / "thumbs", ".pack").front();
  REQUIRE(::truncate(pack.c_str(), static_cast<off_t>(read_file(pack).size() - 1)) == 0);
  dir.write("thumbs/thumbs-0-0-0.index", "something else");
  dir.write("thumbs/notes.txt", "not ours");
  ThumbnailCache cache(dir / "thumbs", 10 << 20);
  CHECK(cache.get(key_of(1)) == noise(20, 1));
  CHECK(!cache.get(key_of(2)));
  CHECK(file_exists(dir / "thumbs/notes.txt"));
  remove_all(dir / "thumbs");
  CHECK(cache.get(key_of(1)) == noise(20, 1));  // still open
  ThumbnailCache anew(dir / "thumbs", 10 << 20);
  CHECK(!anew.get(key_of(1)));
}

TEST_CASE("a folder that cannot be made only means that nothing is kept") {
  const test::TempDir dir;
  dir.write("file", "x");
  ThumbnailCache cache(dir / "file/thumbs", 10 << 20);
  cache.put(key_of(1), noise(20, 1));
  CHECK(!cache.get(key_of(1)));
}

TEST_CASE("many threads share one cache") {
  const test::TempDir dir;
  ThumbnailCache cache(dir / "thumbs", 4 << 20);
  WorkerGroup workers(3);
  workers.parallel_for(400, 7, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto seed = static_cast<unsigned>(i % 50);
      const std::optional<Image> found = cache.get(key_of(seed));
      if (found && *found != noise(24, seed)) throw std::runtime_error("another picture");
      cache.put(key_of(seed), noise(24, seed));
    }
  });
  CHECK(cache.stats().entries == 50);
}
