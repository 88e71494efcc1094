#include "media/container.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <random>
#include <string>

#include "base/error.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::media;

namespace {

std::string idx(uint8_t type, std::initializer_list<uint32_t> dims, const std::string& data) {
  std::string out = {0, 0, static_cast<char>(type), static_cast<char>(dims.size())};
  for (uint32_t dim : dims) {
    for (int shift : {24, 16, 8, 0}) out += static_cast<char>((dim >> shift) & 255);
  }
  return out + data;
}

std::string gzip(const std::string& data) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, data.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string cifar_record(uint8_t label) {
  std::string record(1, static_cast<char>(label));
  for (int plane = 0; plane < 3; ++plane) {
    for (int i = 0; i < 1024; ++i) record += static_cast<char>((plane * 64 + i) & 255);
  }
  return record;
}

void check_error(const std::string& path, ErrorCategory category, const std::string& part,
                 const ContainerLimits& limits = {}) {
  try {
    Container::open(path, limits);
    FAIL("must throw: " << path);
  } catch (const Error& e) {
    CHECK(e.category() == category);
    CHECK_MESSAGE(std::string(e.what()).find(part) != std::string::npos, e.what());
    CHECK(e.path() == path);
  }
}

}  // namespace

TEST_CASE("the IDX example reads back, plain and gzipped") {
  const test::TempDir dir;
  const std::string file = idx(8, {2, 2, 2}, std::string("\0\1\2\3\4\5\6\7", 8));
  for (const std::string& bytes : {file, gzip(file)}) {
    const std::string path = dir.write("train-images-idx3-ubyte", bytes);
    CHECK(detect_container(path) == ContainerKind::kIdxImages);
    const auto container = Container::open(path);
    CHECK(container->kind() == ContainerKind::kIdxImages);
    CHECK(container->count() == 2);
    CHECK(container->width_px() == 2);
    CHECK(container->height_px() == 2);
    CHECK(container->channels() == 1);
    CHECK(container->raw(1)[0] == 4);
    CHECK(container->rgb(1).pixels == std::vector<uint8_t>{4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7});
    CHECK(container->label(0) == -1);
    CHECK_THROWS_AS(container->raw(2), Error);
    CHECK_THROWS_AS(container->raw(-1), Error);
  }
}

TEST_CASE("an IDX file with channels keeps them") {
  const test::TempDir dir;
  const auto container = Container::open(dir.write("a", idx(8, {1, 1, 2, 3}, "abcdef")));
  CHECK(container->channels() == 3);
  CHECK(container->rgb(0).pixels == std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'});
}

TEST_CASE("CIFAR records give labels and interleaved pixels") {
  const test::TempDir dir;
  const std::string ten = dir.write("data_batch_1.bin", cifar_record(3) + cifar_record(9));
  CHECK(detect_container(ten) == ContainerKind::kCifar10);
  const auto container = Container::open(ten);
  CHECK(container->count() == 2);
  CHECK(container->label(0) == 3);
  CHECK(container->label(1) == 9);
  CHECK(container->coarse_label(1) == -1);
  CHECK(container->planar());
  const Image image = container->rgb(1);
  CHECK(image.width_px == 32);
  CHECK(image.row(1)[3] == 33);
  CHECK(image.row(1)[4] == 64 + 33);
  CHECK(image.row(1)[5] == 128 + 33);

  const std::string hundred =
      dir.write("train.bin", std::string("\x13") + cifar_record(99) + "\x01" + cifar_record(5));
  CHECK(detect_container(hundred) == ContainerKind::kCifar100);
  CHECK(Container::open(hundred)->label(0) == 99);
  CHECK(Container::open(hundred)->coarse_label(0) == 19);
}

TEST_CASE("labels of an IDX file, in every integer type") {
  const test::TempDir dir;
  CHECK(read_idx_labels(dir.write("u8", idx(8, {3}, "\x01\x02\xFF"))) ==
        std::vector<int32_t>{1, 2, 255});
  CHECK(read_idx_labels(dir.write("i8", gzip(idx(9, {1}, "\xFF")))) == std::vector<int32_t>{-1});
  CHECK(read_idx_labels(dir.write("i16", idx(11, {1}, "\xFF\xFE"))) == std::vector<int32_t>{-2});
  CHECK(read_idx_labels(dir.write("i32", idx(12, {1}, std::string("\0\0\1\0", 4)))) ==
        std::vector<int32_t>{256});
  CHECK_THROWS_AS(read_idx_labels(dir.write("f", idx(13, {1}, "abcd"))), Error);
  CHECK_THROWS_AS(read_idx_labels(dir.write("cut", idx(8, {3}, "ab"))), Error);
  CHECK_THROWS_AS(read_idx_labels(dir.write("images", idx(8, {1, 1, 1}, "a"))), Error);
  CHECK_THROWS_AS(read_idx_labels(dir.write("text", "label\n1\n")), Error);
  CHECK(detect_container(dir / "u8") == ContainerKind::kIdxLabels);
}

TEST_CASE("broken containers are refused with what is wrong") {
  const test::TempDir dir;
  const std::string good = idx(8, {4, 8, 8}, std::string(256, 'x'));
  check_error(dir.write("empty", ""), ErrorCategory::kBadInput, "empty");
  check_error(dir.write("head", good.substr(0, 9)), ErrorCategory::kBadInput, "IDX header");
  check_error(dir.write("cut", good.substr(0, good.size() - 1)), ErrorCategory::kBadInput,
              "promises 4 images");
  check_error(dir.write("long", good + "z"), ErrorCategory::kBadInput, "promises 4 images");
  check_error(dir.write("cut.gz", gzip(good).substr(0, 30)), ErrorCategory::kBadInput, "gzip");
  check_error(dir.write("labels", idx(8, {4}, "abcd")), ErrorCategory::kBadInput, "labels");
  check_error(dir.write("float", idx(13, {1, 1, 1}, "abcd")), ErrorCategory::kBadInput, "0x0d");
  check_error(dir.write("zero", idx(8, {1, 0, 5}, "")), ErrorCategory::kBadInput, "sizes");
  check_error(dir.write("huge", idx(8, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "a")),
              ErrorCategory::kBadInput, "sizes");
  check_error(dir.write("five", idx(8, {1, 1, 1, 1, 1}, "a")), ErrorCategory::kBadInput, "sizes");
  check_error(dir.write("text", "path,label\n"), ErrorCategory::kBadInput, "neither");
  check_error(dir.write("cut.bin", cifar_record(1).substr(1)), ErrorCategory::kBadInput, "neither");
  check_error(dir.write("label.bin", cifar_record(10)), ErrorCategory::kBadInput, "neither");
  check_error(dir / "absent", ErrorCategory::kNotFound, "");
}

TEST_CASE("a gzip bomb stops at the stated limit") {
  const test::TempDir dir;
  const std::string path = dir.write("bomb", gzip(idx(8, {4096, 32, 32}, std::string(4 << 20, 0))));
  check_error(path, ErrorCategory::kUnsupported, "more than 1.0 MiB",
              ContainerLimits{.max_inflated_bytes = 1 << 20});
  CHECK(Container::open(path)->resident_bytes() == (4 << 20) + 16);
}

TEST_CASE("random damage to containers ends in an error or in a readable container") {
  const test::TempDir dir;
  std::mt19937 random(11);
  const std::string plain = idx(8, {2, 3, 3}, std::string(18, 'x'));
  for (int round = 0; round < 400; ++round) {
    std::string damaged = round % 2 == 0 ? plain : gzip(plain);
    for (size_t e = 0; e < 1 + random() % 3; ++e) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    if (round % 3 == 0) damaged.resize(random() % (damaged.size() + 1));
    const std::string path = dir.write("damaged", damaged);
    try {
      const auto container = Container::open(path);
      for (int64_t i = 0; i < container->count(); ++i) CHECK(!container->rgb(i).empty());
    } catch (const Error& e) {
      CHECK(e.path() == path);
    }
  }
}
