// The log by batches as far as it was read, and the tags to choose from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/history.h"

namespace errata::viewer {

struct HistoryState {
  bool ready = false;                    // the first page is here
  bool stale = true;                     // something was written since
  bool complete = false;                 // the oldest batch is here
  std::vector<store::LogBatch> batches;  // newest first
  size_t seen_lines = 0;  // written by the panel: lines from the first to the last seen
};

struct TagChoice {
  std::string tag;
  uint64_t count = 0;  // samples of the store that carry it
  bool on = false;     // every target carries it
};

struct TagState {
  std::vector<TagChoice> tags;  // most frequent first
  uint64_t number = 0;          // another with each answer
};

}  // namespace errata::viewer
