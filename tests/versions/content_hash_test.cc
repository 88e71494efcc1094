#include "versions/content_hash.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::versions;
using errata::test::TempDir;

namespace {

ContentHashes hash(const std::vector<ContentFile>& files, IssueLog& issues,
                   const MemberReader& reader = {}) {
  Progress progress;
  CancelToken cancel;
  WorkerGroup workers(2);
  return hash_contents(files, reader, workers.as_parallel_for(), progress, cancel, issues);
}

}  // namespace

TEST_CASE("files small and large") {
  TempDir dir;
  const std::string large(5'000'000, 'y');
  IssueLog issues;
  const ContentHashes hashes =
      hash({{dir.write("a", "abc"), -1, 3, -1, 0, false},
            {dir.write("b", large), -1, large.size(), -1, xxh3_64(large), true},
            {dir.write("c", ""), -1, 0, -1, 0, false}},
           issues);
  CHECK(hashes.failed == 0);
  CHECK(hashes.digests[0] == sha256("abc"));
  CHECK(hashes.digests[1] == sha256(large));
  CHECK(hashes.digests[2] == sha256(""));
}

TEST_CASE("missing, changed and unreadable things are named and the others still hashed") {
  TempDir dir;
  make_directories(dir / "folder");
  const std::string path = dir.write("a", "abc");
  FileStat stat;
  REQUIRE(stat_file(path, stat));
  IssueLog issues;
  const ContentHashes hashes = hash({{dir / "none", -1, 3, -1, 0, false},
                                     {path, -1, 3, stat.mtime_ns + 1, 0, false},
                                     {path, -1, 3, stat.mtime_ns + 1, xxh3_64("abc"), true},
                                     {path, -1, 3, stat.mtime_ns, xxh3_64("abd"), true},
                                     {dir / "folder", -1, 3, -1, 0, false}},
                                    issues);
  CHECK(hashes.ok == std::vector<uint8_t>{0, 0, 1, 0, 0});
  CHECK(hashes.failed == 4);
  const auto counts = issues.count_by_kind();
  CHECK(counts.at("missing-file") == 1);
  CHECK(counts.at("changed-file") == 2);
  CHECK(counts.at("unreadable-file") == 1);
}

TEST_CASE("a member has the hash of the PNG it is exported as") {
  IssueLog issues;
  const MemberReader reader = [](const std::string&, int64_t member, RawImage& image,
                                 std::string& why_not) {
    if (member == 5) why_not = "the container has 5 images";
    image = {2, 1, 3, {1, 2, 3, 4, 5, static_cast<uint8_t>(member)}};
    return member != 5;
  };
  const ContentHashes hashes =
      hash({{"/box", 3, 6, -1, 0, false}, {"/box", 5, 6, -1, 0, false}}, issues, reader);
  std::vector<uint8_t> png;
  write_canonical_png({2, 1, 3, {1, 2, 3, 4, 5, 3}}, png);
  CHECK(hashes.digests[0] ==
        sha256(std::string_view(reinterpret_cast<const char*>(png.data()), png.size())));
  CHECK(hashes.ok[1] == 0);
  CHECK(issues.issues()[0].place == "image 5");
}

TEST_CASE("hashing stops when told") {
  Progress progress;
  CancelToken cancel;
  cancel.cancel();
  IssueLog issues;
  const std::vector<ContentFile> files(3);
  CHECK_THROWS_AS(hash_contents(files, {}, serial_for, progress, cancel, issues), Error);
}
