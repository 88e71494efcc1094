// The log in words: what the inspector's history and the history panel say of a change.
#pragma once

#include <string>

#include "store/history.h"

namespace errata::viewer {

// "RBC box at 10, 5: class to WBC", "label: cat → dog", "taken back: tagged blurred". Valid UTF-8.
std::string entry_words(const store::LogEntry& entry);
// "3 boxes given a class: RBC to WBC, 1 label set". Valid UTF-8.
std::string batch_words(const store::LogBatch& batch);

}  // namespace errata::viewer
