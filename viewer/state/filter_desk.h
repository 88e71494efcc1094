// Beside the filter's text: what may stand at its cursor, headings that fold, values left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "query/completion.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;
enum class ValueForm : uint8_t;

// What the filter bar offers; `text` and `cursor` are what it was asked for.
struct CompletionState {
  std::string text;
  size_t cursor = 0;
  query::Completion offer;
  size_t choice = 0;
  bool fresh = false;   // the offer is for this text and cursor, so it may be taken
  bool moved = false;   // a person chose the line with the arrows
  bool closed = false;  // Esc, until the text changes

  bool shown() const { return !closed && !offer.items.empty(); }
  bool can_take() const { return shown() && fresh; }
  // Enter takes the chosen line rather than ending the typing.
  bool enter_takes() const;
};

class FilterDesk : public SessionPart {
 public:
  explicit FilterDesk(Session& session) : session_(session) {}

  void snapshot_taken() override;

  // Asks once for each text and cursor; the answer comes into AppState::completion.
  void complete(const std::string& text, size_t cursor);
  void move_choice(int by);
  void close_completion();

  // Leaves a facet's value out, or lets it in again. Ends its being chosen.
  void toggle_exclusion(const std::string& column, const std::string& value);
  // Drops every term of the column that the left side can write.
  void clear_column(const std::string& column);
  void toggle_folded(const std::string& column);
  // true and false stand unquoted.
  ValueForm value_form(std::string_view column) const;

 private:
  Session& session_;
  uint64_t newest_ = 0;
};

}  // namespace errata::viewer
