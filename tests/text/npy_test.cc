#include "text/npy.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::text {
namespace {

using test::TempDir;

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

const Json& cases() {
  static const Json json =
      read_json_file(join_path(test::source_dir(), "tests/text/data/npy_cases.json"));
  return json;
}

TEST_CASE("every dtype, order and version that NumPy writes is read as NumPy reads it") {
  const TempDir dir;
  for (const Json& one : cases().at("cases").as_array()) {
    CAPTURE(one.at("name").as_string());
    const std::string bytes = unhex(one.at("hex").as_string());
    const NpyArray array = NpyArray::open(dir.write("x.npy", bytes));
    REQUIRE(array.header().dims() == one.at("shape").size());
    for (size_t i = 0; i < one.at("shape").size(); ++i) {
      CHECK(array.header().shape[i] == static_cast<uint64_t>(one.at("shape").at(i).as_int()));
    }
    if (const Json& numbers = one.at("numbers"); numbers.is_array()) {
      REQUIRE(array.is_numeric());
      REQUIRE(array.header().count() == numbers.size());
      std::vector<float> rows(numbers.size());
      array.read_rows(0, array.header().rows(), rows.data());
      for (size_t i = 0; i < numbers.size(); ++i) {
        CHECK(array.number(i) == numbers.at(i).as_double());
        CHECK(rows[i] == static_cast<float>(numbers.at(i).as_double()));
      }
    }
    if (const Json& texts = one.at("texts"); texts.is_array()) {
      REQUIRE(array.is_text());
      CHECK_FALSE(array.is_numeric());
      CHECK_THROWS_AS(array.number(0), Error);
      for (size_t i = 0; i < texts.size(); ++i) {
        // The script shows S<n> as Latin-1.
        if (array.header().kind == NpyKind::kBytes && i == 1) {
          CHECK(array.text(i) == "caf\xE9");
        } else {
          CHECK(array.text(i) == texts.at(i).as_string());
        }
      }
    }
  }
}

TEST_CASE("single rows of either order") {
  const TempDir dir;
  for (const Json& one : cases().at("cases").as_array()) {
    const std::string name = one.at("name").as_string();
    if (name != "fortran float32" && name != "<f4" && name != ">f8" && name != "<f2") continue;
    const NpyArray array = NpyArray::open(dir.write("x.npy", unhex(one.at("hex").as_string())));
    float row[8] = {};
    array.read_rows(1, 2, row);
    for (size_t i = 0; i < 8; ++i) CHECK(row[i] == static_cast<float>(4 + i));
    CHECK_THROWS_AS(array.read_rows(2, 2, row), Error);
  }
}

TEST_CASE("what cannot be read is refused with the reason") {
  const TempDir dir;
  for (const Json& one : cases().at("refused").as_array()) {
    CAPTURE(one.at("name").as_string());
    const std::string path = dir.write("x.npy", unhex(one.at("hex").as_string()));
    try {
      NpyArray::open(path);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.category() == ErrorCategory::kBadInput);
      CHECK(error.path() == path);
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(message.find(one.at("says").as_string()) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(NpyArray::open(dir / "absent.npy"), Error);
}

TEST_CASE("NPZ, stored and packed") {
  const TempDir dir;
  const NpzFile stored = NpzFile::open(dir.write("a.npz", unhex(cases().at("npz").as_string())));
  CHECK(stored.names() == std::vector<std::string>{"probs", "files"});
  CHECK(stored.read("probs").number(5) == 5);
  CHECK(stored.read("files").text(2) == "c");
  const std::string packed_bytes = unhex(cases().at("npz_packed").as_string());
  const NpzFile packed = NpzFile::open(dir.write("b.npz", packed_bytes));
  CHECK(packed.has("arr_0"));
  CHECK(packed.read("arr_0").number(11) == 11);
  try {
    packed.read("absent");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kNotFound);
    CHECK(error.hint().find("arr_0") != std::string::npos);
  }
  CHECK_THROWS_AS(NpzFile::open(dir.write("c.npz", packed_bytes.substr(0, 200))), Error);
  std::string broken = packed_bytes;
  broken[120] = static_cast<char>(broken[120] ^ 0x55);
  const std::string broken_path = dir.write("d.npz", broken);
  CHECK_THROWS_AS(NpzFile::open(broken_path).read("names"), Error);  // the first in the file
  CHECK_NOTHROW(NpzFile::open(broken_path).read("arr_0"));
}

TEST_CASE("what is written is read back, byte for byte as NumPy writes it") {
  const TempDir dir;
  const std::vector<float> values = {0, 1, 2, 3, 4, 5};
  const std::vector<uint64_t> shape = {2, 3};
  write_npy(dir / "x.npy", values, shape);
  const NpyArray array = NpyArray::open(dir / "x.npy");
  CHECK(array.header().shape == shape);
  CHECK(array.header().describe() == "float32 (2, 3)");
  std::vector<float> read(6);
  array.read_rows(0, 2, read.data());
  CHECK(read == values);
  for (const Json& one : cases().at("cases").as_array()) {
    if (one.at("name").as_string() != "one dimension") continue;
    const std::string ours = npy_bytes(std::vector<float>{1.5f, 2.5f}, std::vector<uint64_t>{2});
    CHECK(ours == unhex(one.at("hex").as_string()));
  }
  const std::string bytes = npy_bytes(std::vector<int64_t>{-7, 8}, std::vector<uint64_t>{2, 1});
  const NpyArray whole = NpyArray::from_bytes({bytes.begin(), bytes.end()}, "memory");
  CHECK(whole.integer(0) == -7);
  CHECK_THROWS_AS(npy_bytes(values, std::vector<uint64_t>{5}), Error);
}

TEST_CASE("any cut or flipped byte of a header gives an error or a sound array, never a crash") {
  const std::string good = npy_bytes(std::vector<float>{1, 2, 3, 4}, std::vector<uint64_t>{2, 2});
  const auto try_bytes = [](const std::string& bytes) {
    try {
      const NpyArray array = NpyArray::from_bytes({bytes.begin(), bytes.end()}, "x");
      if (!array.is_numeric() || array.header().count() > 1000) return;
      for (uint64_t i = 0; i < array.header().count(); ++i) array.number(i);
    } catch (const Error&) {
    }
  };
  for (size_t cut = 0; cut < good.size(); ++cut) try_bytes(good.substr(0, cut));
  for (size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {1, 2, 4, 16, 32, 128}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      try_bytes(bytes);
    }
  }
  CHECK(true);
}

}  // namespace
}  // namespace errata::text
