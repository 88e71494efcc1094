// A project as a person has it after `errata import` and `errata predictions`: images in a folder,
// a store, the run of a good model.
#pragma once

#include <string>
#include <vector>

#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

struct StoreProject {
  explicit StoreProject(SyntheticOptions options = {});

  TempDir folder;
  std::string store_path;  // has a space in it
  SyntheticDataset dataset;
};

// A store of one 2x2 image for each of the class folders. Returns its path.
std::string store_of_classes(const TempDir& folder, const std::vector<std::string>& classes);

}  // namespace errata::test
