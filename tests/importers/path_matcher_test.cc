#include "importers/path_matcher.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace errata::importers {
namespace {

const std::string kRoot = "/data/photos";

struct Fixture {
  PathMatcher matcher;
  size_t add(std::string_view path, int64_t member = -1, std::string_view raw_id = {}) {
    return matcher.add(kRoot, path, member, raw_id);
  }
  MatchMethod method(std::string_view key) const { return matcher.find(key).method; }
  size_t index(std::string_view key) const { return matcher.find(key).index; }
};

TEST_CASE_FIXTURE(Fixture, "an exact path wins over a suffix, and over everything else") {
  add("train/cat/1.jpg");
  const size_t exact = add("cat/1.jpg");
  CHECK(index("cat/1.jpg") == exact);
  CHECK(method("cat/1.jpg") == MatchMethod::kExact);
  CHECK(method("./cat/1.jpg") == MatchMethod::kExact);
  CHECK(method("cat\\1.jpg") == MatchMethod::kExact);
  CHECK(index("/data/photos/cat/1.jpg") == exact);
  CHECK(method("/data/photos/cat/1.jpg") == MatchMethod::kExact);
}

TEST_CASE_FIXTURE(Fixture, "a suffix must be of whole components and fit one sample only") {
  const size_t train = add("train/cat/1.jpg");
  const size_t val = add("val/dog/1.jpg");
  add("train/bird/21.jpg");
  CHECK(index("cat/1.jpg") == train);
  CHECK(method("cat/1.jpg") == MatchMethod::kSuffix);
  CHECK(index("dog/1.jpg") == val);
  CHECK(method("1.jpg") == MatchMethod::kAmbiguous);
  CHECK(index("1.jpg") == SIZE_MAX);
  CHECK(method("at/1.jpg") != MatchMethod::kSuffix);  // "cat/1.jpg" ends so, but not at a '/'
}

TEST_CASE_FIXTURE(Fixture, "a path of another machine is found by the locator it ends in") {
  const size_t cat = add("cat/1.jpg");
  add("dog/1.jpg");
  CHECK(index("/home/someone/dataset/cat/1.jpg") == cat);
  CHECK(method("/home/someone/dataset/cat/1.jpg") == MatchMethod::kSuffix);
  CHECK(index("C:\\sets\\cat\\1.jpg") == cat);
  CHECK(index("photos/cat/1.jpg") == cat);
}

TEST_CASE_FIXTURE(Fixture, "the longest locator that ends a foreign path is taken") {
  add("1.jpg");
  const size_t deep = add("cat/1.jpg");
  CHECK(index("/elsewhere/cat/1.jpg") == deep);
  CHECK(index("/elsewhere/dog/1.jpg") == 0);
}

TEST_CASE_FIXTURE(Fixture, "a stem needs one sample; two of them are refused") {
  const size_t one = add("cat/000139.jpg");
  add("cat/7.jpg");
  add("dog/7.jpg");
  const size_t dotted = add("dog/img.v2.jpg");
  CHECK(index("000139") == one);
  CHECK(index("000139.png") == one);
  CHECK(method("elsewhere/000139.png") == MatchMethod::kStem);
  CHECK(method("7") == MatchMethod::kAmbiguous);
  CHECK(method("elsewhere/7.jpg") == MatchMethod::kAmbiguous);
  CHECK(index("img.v2") == dotted);
  CHECK(method("139") == MatchMethod::kNone);
  CHECK(method("") == MatchMethod::kNone);
}

TEST_CASE_FIXTURE(Fixture, "source ids and members of containers have texts of their own") {
  const size_t id = add("a/x.jpg", -1, "42");
  const size_t member = add("train-images-idx3-ubyte.gz", 17);
  add("train-images-idx3-ubyte.gz", 18);
  CHECK(index("42") == id);
  CHECK(method("42") == MatchMethod::kExact);
  CHECK(index("train-images-idx3-ubyte.gz#17") == member);
  CHECK(index("/elsewhere/train-images-idx3-ubyte.gz#17") == member);
  CHECK(method("train-images-idx3-ubyte.gz#99") == MatchMethod::kNone);
  CHECK(locator_text("a/b.gz", 3) == "a/b.gz#3");
  CHECK(locator_text("a/b.jpg", -1) == "a/b.jpg");
}

TEST_CASE("the same path below two roots is told apart by the root's own name") {
  PathMatcher matcher;
  const size_t old_one = matcher.add("/data/old", "cat/1.jpg");
  const size_t new_one = matcher.add("/data/new", "cat/1.jpg");
  CHECK(matcher.find("cat/1.jpg").method == MatchMethod::kAmbiguous);
  CHECK(matcher.find("/data/old/cat/1.jpg").index == old_one);
  CHECK(matcher.find("/data/new/cat/1.jpg").index == new_one);
  CHECK(matcher.find("/elsewhere/new/cat/1.jpg").index == new_one);
  CHECK(matcher.find("/elsewhere/third/cat/1.jpg").method == MatchMethod::kAmbiguous);
}

TEST_CASE("names of any bytes match byte for byte") {
  PathMatcher matcher;
  const size_t broken = matcher.add("/r", "caf\xE9/a\nb \"c\".jpg");
  matcher.add("/r", "caf\xC3\xA9/a\nb \"c\".jpg");
  CHECK(matcher.find("caf\xE9/a\nb \"c\".jpg").index == broken);
  CHECK(matcher.find("x/caf\xE9/a\nb \"c\".jpg").index == broken);
}

TEST_CASE("many equal file names stay fast and right") {
  PathMatcher matcher;
  for (int i = 0; i < 20000; ++i) matcher.add("/r", fmt::format("split/{}/image.jpg", i));
  for (int i = 0; i < 20000; i += 7) {
    const Match match = matcher.find(fmt::format("{}/image.jpg", i));
    REQUIRE(match.index == static_cast<size_t>(i));
    REQUIRE(match.method == MatchMethod::kSuffix);
  }
}

TEST_CASE("counts read as a sentence") {
  MatchCounts counts;
  for (int i = 0; i < 1200; ++i) counts.add(MatchMethod::kExact);
  counts.add(MatchMethod::kAmbiguous);
  counts.add(MatchMethod::kNone);
  CHECK(counts.to_text() == "1,200 by exact path, 1 ambiguous, 1 not found");
  CHECK(MatchCounts().to_text() == "nothing to match");
}

}  // namespace
}  // namespace errata::importers
