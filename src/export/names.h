// File and folder names that work everywhere, and back.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace errata::exports {

// Names of an export's own files and folders; safe_name() gives none of them.
inline constexpr std::string_view kManifestFile = "errata-manifest.json";
inline constexpr std::string_view kFileListFile = "errata-files.jsonl";
inline constexpr std::string_view kClassesFile = "classes.csv";
inline constexpr std::string_view kUnlabelledFolder = "_unlabelled";
inline constexpr std::string_view kNoSplitFolder = "_no_split";

// One path component: valid UTF-8 without control characters, without / \ : * ? " < > | %, not
// starting with '.', not ending in '.' or a space, not empty, not a device name of
// Windows (CON, NUL, ...) nor one of the above, at most 255 bytes. What does not fit is written as
// %HH of its bytes; longer names are cut at a character and get '~' and 12 hex digits of their
// hash. Names that fit stay as they are, and different names stay different.
std::string safe_name(std::string_view name);

// Hands out names that are unique within a folder.
class NameTable {
 public:
  // `stem` + `extension` (safe already), or with "-<hint>" and then "-2", "-3", ... behind the stem
  // when taken. The result has at most 255 bytes.
  std::string take(std::string_view folder, std::string_view stem, std::string_view extension,
                   std::string_view hint);

 private:
  std::unordered_map<std::string, int> taken_;
};

}  // namespace errata::exports
