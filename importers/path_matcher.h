// Finds the sample that a key in somebody else's file means: by exact path, else unique suffix,
// else unique stem. What is ambiguous is refused, never guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace errata::importers {

enum class MatchMethod : uint8_t {
  kNone,
  kExact,     // the path below its root, the absolute path, or the sample's own source id
  kSuffix,    // one ends in the other, at a '/': "cat/1.jpg" and "/data/train/cat/1.jpg"
  kStem,      // the file name without folder and extension: "1.png" or "1" for "cat/1.jpg"
  kAmbiguous  // several samples fit equally well
};

struct Match {
  MatchMethod method = MatchMethod::kNone;
  size_t index = SIZE_MAX;  // of the sample, in order of add(); SIZE_MAX unless found
  bool found() const { return index != SIZE_MAX; }
};

// Counts what a whole file's keys came to.
struct MatchCounts {
  uint64_t exact = 0;
  uint64_t suffix = 0;
  uint64_t stem = 0;
  uint64_t ambiguous = 0;
  uint64_t missing = 0;
  void add(MatchMethod method);
  // "49,990 by exact path, 8 by unique suffix, 2 not found"; parts that are zero are left out.
  std::string to_text() const;
};

// The file name without folder and last extension: "1" for "cat/1.jpg", ".x" for ".x".
std::string_view file_stem(std::string_view path);

// The text by which a sample is named outside: its path, and "path#17" for image 17 of a container.
std::string locator_text(std::string_view path, int64_t member);

// Add all samples, then find() as often as wanted, from any threads. One find() costs a few hash
// look-ups; the indices for suffix and stem are made when first needed.
//
// The steps, the first that fits wins; within a step more than one sample is kAmbiguous and ends
// it:
//  1. exact: the key equals a locator, root + "/" + locator, or a source id.
//  2. suffix: the key is a suffix of root + "/" + locator in whole components, or the other way
//     round the locator is one of the key (a foreign machine's absolute path), the longest first.
//  3. stem: the key's last component without extension equals that of exactly one sample.
// Keys are normalised first: "./" dropped, '\' taken as '/' where the key as it stands fits
// nothing.
class PathMatcher {
 public:
  PathMatcher();
  ~PathMatcher();
  PathMatcher(PathMatcher&&) noexcept;
  PathMatcher& operator=(PathMatcher&&) noexcept;

  // `root` absolute without '/' at the end; `path` relative to it; member -1 for a plain file.
  // Returns the sample's index: 0, 1, 2, ...
  size_t add(std::string_view root, std::string_view path, int64_t member = -1,
             std::string_view raw_id = {});
  size_t size() const;

  Match find(std::string_view key) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace errata::importers
