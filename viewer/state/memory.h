// What the viewer remembers between two starts, for each store and for all: layout, theme, filter,
// place, round, recent stores; and decisions that waited for a lock when it was closed. Files below
// XDG_STATE_HOME. Of two windows over one store the last to change a thing has it remembered so.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "text/json.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;
struct StoreChange;

class Memory : public SessionPart {
 public:
  explicit Memory(Session& session) : session_(session) {}

  // Before Session::open: reads what is known into the state, and keeps it up to date from then on.
  // A file that is broken or of another version is passed over with a note. Without this call
  // nothing is read or written.
  void use_folder(const std::string& folder);
  const std::string& folder() const { return folder_; }  // empty: nothing is remembered
  // $XDG_STATE_HOME/errata, or ~/.local/state/errata.
  static std::string default_folder();

  // The run that was shown last; empty when there is none.
  const std::string& run() const { return run_; }
  // Newest first, this one included; those that are gone are left out.
  const std::vector<std::string>& recent_stores() const { return recent_; }

  // Writes what changed since, on the caller's thread; `unsaved` are saved at the next start.
  void save_now(const std::vector<std::shared_ptr<const StoreChange>>& unsaved);

  void view_taken() override;
  void frame(double now_secs) override;

 private:
  std::string store_file() const;
  std::string round_file() const;
  std::string shared_file() const;
  void read_shared();
  void read_store();
  int64_t known_place() const;  // of what is shown now; 0: none
  void go_back();
  text::Json describe() const;
  text::Json describe_shared() const;
  std::string unsaved_file() const;
  void save_what_waited();
  void note_unsaved();
  void write(std::function<void()> work);

  Session& session_;
  std::string folder_;
  std::string run_;
  std::vector<std::string> recent_;
  int64_t place_ = 0;  // of the sample or object under the cursor when the store was closed
  bool place_of_object_ = false;
  bool round_was_active_ = false;
  bool has_round_ = false;  // a round was remembered and waits for the first view
  bool shown_ = false;      // the first view is here: the state is a person's from now on
  double next_secs_ = 0;
  // As this window last read or wrote them.
  text::Json known_store_;
  text::Json known_shared_;
  std::string written_store_;
  std::string written_shared_;
  uint64_t written_round_ = 0;
  std::string written_round_id_;
  size_t noted_saves_ = 0;  // decisions in the file of those that wait
};

}  // namespace errata::viewer
