#include "base/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "tests/support/temp_dir.h"

using namespace errata;

TEST_CASE("an atomic write replaces the file and leaves nothing beside it") {
  const test::TempDir dir;
  const std::string path = dir.write("a.txt", "old");
  write_file_atomic(path, "new content");
  CHECK(read_text_file(path) == "new content");
  CHECK(!file_exists(path + ".tmp-" + std::to_string(::getpid())));
}

TEST_CASE("a failed atomic write names the path and keeps the old state") {
  const test::TempDir dir;
  try {
    write_file_atomic(dir / "no/such/folder.txt", "x");
    FAIL("must throw");
  } catch (const Error& e) {
    CHECK(e.category() == ErrorCategory::kNotFound);
    CHECK(e.path() == dir / "no/such/folder.txt");
  }
}

TEST_CASE("relative paths that leave their folder are not safe") {
  CHECK(is_safe_relative_path("a/b.jpg"));
  CHECK(is_safe_relative_path("a..b/..c"));
  CHECK_FALSE(is_safe_relative_path("../a"));
  CHECK_FALSE(is_safe_relative_path("a/../../b"));
  CHECK_FALSE(is_safe_relative_path("/etc/passwd"));
  CHECK_FALSE(is_safe_relative_path(""));
  CHECK_FALSE(is_safe_relative_path(std::string_view("a\0b", 3)));
}

TEST_CASE("path parts") {
  CHECK(base_name("a/b.JPG") == "b.JPG");
  CHECK(parent_path("a/b") == "a");
  CHECK(parent_path("b") == ".");
  CHECK(parent_path("/b") == "/");
  CHECK(extension("x/y.tar.GZ") == ".gz");
  CHECK(extension("x.d/y").empty());
  CHECK(join_path("a/", "b") == "a/b");
  CHECK(join_path("a", "/b") == "/b");
}

TEST_CASE("SHA-256 equals the published vector and files hash like their bytes") {
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const test::TempDir dir;
  CHECK(sha256_file(dir.write("abc", "abc")) == sha256("abc"));
  Sha256Digest parsed;
  CHECK(parse_sha256_hex(to_hex(sha256("abc")), parsed));
  CHECK(parsed == sha256("abc"));
  CHECK_FALSE(parse_sha256_hex("zz", parsed));
}

TEST_CASE("a map of an empty file is empty and a folder is refused") {
  const test::TempDir dir;
  CHECK(MappedFile(dir.write("empty", "")).bytes().empty());
  CHECK_THROWS_AS(MappedFile{dir.path()}, Error);
}

TEST_CASE("a pipe that nobody writes into is refused at once") {
  const test::TempDir dir;
  const std::string pipe = dir / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_AS(read_file(pipe), Error);
  CHECK_THROWS_AS(MappedFile{pipe}, Error);
  std::vector<uint8_t> bytes;
  CHECK_FALSE(read_file_into(pipe, bytes));
}
