#include <doctest/doctest.h>
#include <zlib.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/support/temp_dir.h"
#include "text/csv.h"
#include "text/gzip.h"
#include "text/json.h"
#include "text/lines.h"
#include "text/zip.h"

namespace errata::text {
namespace {

using test::TempDir;

std::string gzip(const TempDir& dir, const std::string& text) {
  const std::string path = dir / "made.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return read_text_file(path);
}

std::string unpack(const std::string& packed, uint64_t max_bytes = UINT64_MAX) {
  const std::vector<uint8_t> bytes(packed.begin(), packed.end());
  const std::vector<uint8_t> out = gunzip(bytes, "x.gz", max_bytes);
  return std::string(out.begin(), out.end());
}

TEST_CASE("gzip: one member, several, and rubbish behind them") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 100000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string packed = gzip(dir, text);
  CHECK(unpack(packed) == text);
  CHECK(unpack(packed + gzip(dir, "tail")) == text + "tail");
  CHECK(unpack(packed + std::string(100, '\0')) == text);
  CHECK(unpack(gzip(dir, "")) == "");
  const std::vector<uint8_t> whole = read_file_gunzipped(dir.write("plain.txt", "plain"));
  CHECK(std::string(whole.begin(), whole.end()) == "plain");
}

TEST_CASE("gzip: cut, flipped and too large data is an error") {
  const TempDir dir;
  const std::string packed = gzip(dir, std::string(10000, 'x') + "end");
  for (size_t cut = 2; cut + 1 < packed.size(); cut += 3) {
    CHECK_THROWS_AS(unpack(packed.substr(0, cut)), Error);
  }
  std::string flipped = packed;
  flipped[packed.size() - 6] = static_cast<char>(flipped[packed.size() - 6] ^ 1);  // the checksum
  CHECK_THROWS_AS(unpack(flipped), Error);
  CHECK_THROWS_AS(unpack(packed, 100), Error);
  CHECK_THROWS_AS(unpack("not gzip at all"), Error);
}

TEST_CASE("readers of text unpack by content, whatever the name") {
  const TempDir dir;
  CsvReader reader(dir.write("table.csv", gzip(dir, "a,b\n1,2\n")));
  REQUIRE(reader.next());
  REQUIRE(reader.next());
  CHECK(reader.fields()[1] == "2");
  CHECK(read_lines(dir.write("list.txt", gzip(dir, "x\r\n\r\ny\n\n"))) ==
        std::vector<std::string>{"x", "", "y"});
}

// An archive that NumPy made: see tests/text/data/make_npy_cases.py.
std::string npz(const char* which) {
  const Json cases =
      read_json_file(join_path(test::source_dir(), "tests/text/data/npy_cases.json"));
  const std::string& hex = cases.at(which).as_string();
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

TEST_CASE("zip: members by name, checked; limits; what is no zip") {
  const TempDir dir;
  const std::string path = dir.write("a.zip", npz("npz"));
  CHECK(is_zip_file(path));
  const ZipReader zip(path);
  REQUIRE(zip.entries().size() == 2);
  CHECK(zip.entries()[1].name == "files.npy");
  CHECK(zip.find("files.npy") == 1);
  CHECK(zip.find("absent") == SIZE_MAX);
  const std::vector<uint8_t> one = zip.read(1);
  CHECK(one.size() == zip.entries()[1].size_bytes);
  CHECK(one[1] == 'N');
  CHECK_THROWS_AS(zip.read(1, 10), Error);
  const ZipReader packed(dir.write("packed.zip", npz("npz_packed")));
  CHECK(packed.entries()[0].packed_size_bytes < packed.entries()[0].size_bytes);
  CHECK(packed.read(0).size() == packed.entries()[0].size_bytes);

  std::string broken = npz("npz");
  broken[broken.find("descr")] = 'D';
  const ZipReader wrong(dir.write("b.zip", broken));
  CHECK_THROWS_AS(wrong.read(0), Error);
  CHECK_THROWS_AS(ZipReader(dir.write("c.zip", broken.substr(0, 200))), Error);
  CHECK_THROWS_AS(ZipReader(dir / "absent.zip"), Error);
  CHECK_FALSE(is_zip_file(dir / "absent.zip"));
}

}  // namespace
}  // namespace errata::text
