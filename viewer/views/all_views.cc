#include "viewer/views/view.h"

namespace errata::viewer {

std::vector<std::unique_ptr<View>> workspace_views() {
  std::vector<std::unique_ptr<View>> views;
  views.push_back(make_facets());
  views.push_back(make_grid());
  views.push_back(make_object_grid());
  views.push_back(make_table());
  views.push_back(make_round_bar());
  views.push_back(make_inspector());
  return views;
}

std::vector<std::unique_ptr<View>> all_views() {
  std::vector<std::unique_ptr<View>> views;
  views.push_back(make_welcome());
  views.push_back(make_bottom());
  views.push_back(make_top_bar());
  views.push_back(make_status_bar());
  views.push_back(make_message());
  views.push_back(make_palette());
  views.push_back(make_class_picker());
  views.push_back(make_save_view());
  views.push_back(make_saved_views());
  views.push_back(make_tag_dialog());
  views.push_back(make_audit_dialog());
  views.push_back(make_key_help());
  views.push_back(make_about());
  views.push_back(make_form_dialog());
  views.push_back(make_question());
  views.push_back(make_result_dialog());
  return views;
}

bool begin_region(const char* name, const Rect& rect, ImU32 background, ImVec2 padding,
                  ImGuiWindowFlags flags) {
  ImGui::SetNextWindowPos(rect.min);
  ImGui::SetNextWindowSize(ImVec2(rect.width(), rect.height()));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, background);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
  const bool open =
      ImGui::Begin(name, nullptr,
                   ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                       ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav |
                       ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoDocking | flags);
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
  return open;
}

}  // namespace errata::viewer
