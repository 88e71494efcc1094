// Reading the log: imports, edits, undos, class changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/edits.h"
#include "store/store.h"

namespace errata::store {

struct LogFilter {
  SampleId sample = 0;       // 0: all
  int64_t batch = 0;         // 0: all
  std::string who;           // empty: all
  int64_t before_event = 0;  // entries below this event id only, for paging; 0: from the newest
  size_t limit = 100;
  bool standing_only = false;  // leave out what was undone, and the undos
};

// One change of one sample; or one whole import, or one change of a class.
struct LogEntry {
  int64_t event = 0;  // rising over the store's life
  int64_t batch = 0;
  std::string batch_kind;  // "import", "edit", "undo", "redo", "class"
  std::string at;          // ISO 8601 UTC
  std::string who;
  std::string why;
  std::string what;               // edit_kind_name(), "import", "class-add", "class-rename"
  SampleId sample = 0;            // 0: an entry about more than one sample
  std::string path;               // escaped, with #member; or the source's name
  std::string content_hash;       // XXH3 of the sample's bytes, 16 hex digits
  std::vector<std::string> from;  // class names, or one tag, split or review state
  std::vector<std::string> to;
  Review review_from = Review::kUnseen;
  Review review_to = Review::kUnseen;
  int64_t undone_by = 0;  // batch that took it back; 0: it stands
};

// Newest first.
std::vector<LogEntry> read_log(Store& store, const LogFilter& filter);

}  // namespace errata::store
