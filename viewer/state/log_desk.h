// What the history panel and the tag dialog show: the log by batches, page by page, and the tags
// with their counts.
#pragma once

#include <cstdint>
#include <string>

#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class LogDesk : public SessionPart {
 public:
  explicit LogDesk(Session& session) : session_(session) {}

  // Filters to the samples of a batch; of a large one only the first are named.
  void show_batch(int64_t batch);

  // Opens the dialog with the store's tags for the target rows.
  void open_tags();
  // Puts the tag on every target, or takes it off when all have it.
  void toggle_tag(const std::string& tag);

  void snapshot_taken() override;
  void edited(const EditOutcome& outcome) override;
  // While the panel is open: reads the newest page when what is there is out of date, and the next
  // older one once the last line was seen.
  void frame(double now_secs) override;

 private:
  void ask_page(int64_t before_batch);
  void ask_tags();

  Session& session_;
  uint64_t newest_page_ = 0;
  uint64_t newest_tags_ = 0;
  bool asked_ = false;
};

}  // namespace errata::viewer
