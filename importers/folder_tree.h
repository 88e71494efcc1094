// What the folders of a root mean: which are splits, which are classes, and in which order.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "base/workers.h"
#include "importers/folder_walk.h"
#include "model/class_map.h"

namespace errata::importers {

// The images of one class in one split, or images without a label.
struct LabelledFolder {
  std::string path;  // relative to the root; "" for the root itself
  std::string split;
  ClassIndex label = kNoClass;
  WalkResult walk;
};

struct FolderTree {
  ClassMap classes;
  std::vector<LabelledFolder> folders;  // in the order in which the samples are told
  std::vector<Issue> issues;
  uint64_t images = 0;
};

// "train" for train, training; "val" for val, valid, validation; "test" for test, testing; any
// case. Empty for other names.
std::string split_of_folder(std::string_view name);

// True when the first-level folders are splits: all of them (junk aside), or at least two
// different ones among them.
bool has_split_folders(const NameList& folders);

// Reads all names below `root`. The rules stand in imagefolder.h. Throws Error(kBadInput) when
// there is no image at all.
FolderTree read_folder_tree(const std::string& root, const ParallelFor& parallel_for,
                            const CancelToken& cancel);

}  // namespace errata::importers
