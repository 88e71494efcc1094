// A window of the viewer: one small class, one line in all_views(). draw() reads the state and
// sends what a person does to the session or the command registry; it computes, queries and decodes
// nothing.
#pragma once

#include <imgui.h>

#include <memory>
#include <string>
#include <vector>

#include "viewer/platform/pictures.h"
#include "viewer/platform/theme.h"
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

struct Rect {
  ImVec2 min;
  ImVec2 max;

  float width() const { return max.x - min.x; }
  float height() const { return max.y - min.y; }
};

// Where the fixed parts of the window are in this frame.
struct Regions {
  Rect all;
  Rect top;
  Rect left;
  Rect round;  // strip above the centre; empty without a round
  Rect centre;
  Rect bottom;  // below left and centre; empty when it is closed
  Rect right;
  Rect status;
};

struct FrameContext {
  Session& session;
  const AppState& state;
  const CommandRegistry& commands;
  const Theme& theme;
  Pictures& pictures;
  Regions regions;
  double now_secs = 0;

  void run(std::string_view command) const { commands.run(command, session); }
};

// Height of the strip above the grid in 1/96 inch; 0 without a round.
float round_bar_height(const RoundState& round);

class View {
 public:
  virtual ~View() = default;
  virtual void draw(const FrameContext& frame) = 0;
};

// The windows over the samples, which give way to the first steps; then every other window. Each
// in the order of drawing.
std::vector<std::unique_ptr<View>> workspace_views();
std::vector<std::unique_ptr<View>> all_views();

std::unique_ptr<View> make_top_bar();
std::unique_ptr<View> make_facets();
std::unique_ptr<View> make_grid();
std::unique_ptr<View> make_object_grid();
std::unique_ptr<View> make_table();
std::unique_ptr<View> make_round_bar();
std::unique_ptr<View> make_inspector();
std::unique_ptr<View> make_bottom();
std::unique_ptr<View> make_status_bar();
std::unique_ptr<View> make_message();
std::unique_ptr<View> make_palette();
std::unique_ptr<View> make_class_picker();
std::unique_ptr<View> make_save_view();
std::unique_ptr<View> make_saved_views();
std::unique_ptr<View> make_tag_dialog();
std::unique_ptr<View> make_audit_dialog();
std::unique_ptr<View> make_key_help();
std::unique_ptr<View> make_about();
std::unique_ptr<View> make_welcome();
std::unique_ptr<View> make_form_dialog();
std::unique_ptr<View> make_question();
std::unique_ptr<View> make_result_dialog();

// A fixed, undecorated Dear ImGui window over a region; end with ImGui::End().
bool begin_region(const char* name, const Rect& rect, ImU32 background, ImVec2 padding,
                  ImGuiWindowFlags flags = 0);

}  // namespace errata::viewer
