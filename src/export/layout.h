// Names shared by the formats that put images into class folders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "export/exporter.h"

namespace errata::exports {

// Folders for classes and splits: the safe name of each, made unique.
std::vector<std::string> safe_folders(const std::vector<std::string>& names);

// stem and extension (with its dot, as written) of the file an item becomes: the safe base name of
// its source, or "<container>-000012" and ".png" for a member. "a.jpg?w=80" has the extension
// ".jpg".
struct FileName {
  std::string stem;
  std::string extension;
};
FileName file_name_of(const ExportItem& item);

// One path per item below folder_of_item[i]: base names that occur once in a folder stay; those
// that occur more often all get 8 hex digits of their content, so that a name does not depend on
// who else is exported in which order, and a number where even that is taken. kStems: names are
// told apart without their extensions, for formats with a file of annotations beside each image,
// and have no other dot than that of the extension where they have none.
enum class Distinct { kNames, kStems };
std::vector<std::string> place_files(const ExportInput& input,
                                     const std::vector<std::string>& folder_of_item,
                                     Distinct distinct = Distinct::kNames);

// A folder for each split and, last, for those in none, below `top`; `top` alone where nobody is in
// a split. Fills the folders of splits in `layout`; returns the folder of each item.
std::vector<std::string> split_folders_of_items(const ExportInput& input, const std::string& top,
                                                Layout& layout);

}  // namespace errata::exports
