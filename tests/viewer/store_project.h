// A project as a person has it after `errata import` and `errata predictions`: images in a folder,
// a store, the run of a good model.
#pragma once

#include <string>

#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

struct StoreProject {
  explicit StoreProject(SyntheticOptions options = {});

  TempDir folder;
  std::string store_path;  // has a space in it
  SyntheticDataset dataset;
};

}  // namespace errata::test
