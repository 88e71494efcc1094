// The list of paths or ids that says which row of an array belongs to which image.
#pragma once

#include <string>
#include <vector>

namespace errata::importers {

// Text with one per line, a CSV with a path column (by its header), or an NPY of texts. Throws
// Error(kNotFound, kBadInput).
std::vector<std::string> read_file_list(const std::string& path);

// A list beside `array_path`, or empty: for resnet20_probs.npy the first there is of
// resnet20_probs_files.txt, resnet20_probs.txt, resnet20_files.txt, resnet20.txt.
std::string find_file_list(const std::string& array_path);

}  // namespace errata::importers
