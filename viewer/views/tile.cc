#include "viewer/views/tile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/display_text.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

// Commands of the menu; nullptr: a line between.
constexpr std::array<const char*, 12> kMenu{
    "review.accept",    "review.keep", "review.relabel", "review.ambiguous", "review.exclude",
    "review.tag",       nullptr,       "view.open",      "view.similar",     "edit.copy_path",
    "file.open_folder", "edit.undo"};

constexpr std::array<const char*, 12> kObjectMenu{
    "review.accept",    "object.accept_alike", "review.keep",      "review.relabel",
    "review.ambiguous", "object.crowd",        "object.delete",    nullptr,
    "view.open",        "edit.copy_path",      "file.open_folder", "edit.undo"};

std::string_view text_or(const Column* column, RowIndex row, std::string_view otherwise) {
  return column == nullptr || column->is_null(row) ? otherwise : column->text(row);
}

// Of a sample without a label of its own in a dataset of boxes; else "no label".
std::string unlabelled_text(const FrameContext& frame, RowIndex row) {
  const ObjectsState& objects = frame.state.objects;
  if (!objects.ready() || row >= objects.table.samples()) return "no label";
  const uint64_t count = objects.table.given_end[row] - objects.table.offsets[row];
  if (count == 0) return "no objects";
  return plural(count, "object");
}

std::string tags_text(const TileColumns& columns, RowIndex row) {
  if (columns.tags == nullptr || columns.tags->offsets[row] == columns.tags->offsets[row + 1]) {
    return {};
  }
  return columns.tags->display(row);
}

std::string with_tags(std::string text, const TileColumns& columns, RowIndex row) {
  if (const std::string tags = tags_text(columns, row); !tags.empty()) text += " \u00B7 " + tags;
  return text;
}

// What was decided, to be seen from afar: a strip below the image, and a sign in its corner.
void draw_review_mark(const FrameContext& frame, std::string_view review, ImVec2 image_min,
                      ImVec2 image_max) {
  if (review == "unseen") return;
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImU32 color = review_color(theme, review);
  list->AddRectFilled(ImVec2(image_min.x + 1, image_max.y),
                      ImVec2(image_max.x - 1, image_max.y + theme.px(3)), color);
  const float radius = theme.px(9);
  const ImVec2 middle(image_max.x - radius - theme.px(5), image_min.y + radius + theme.px(5));
  list->AddCircleFilled(middle, radius + theme.px(1.5F), theme.raised);
  list->AddCircleFilled(middle, radius, color);
  const float arm = theme.px(3.5F);
  const float line = theme.px(2);
  const ImU32 ink = theme.background;
  const auto at = [&](float x, float y) { return ImVec2(middle.x + x * arm, middle.y + y * arm); };
  if (review == "kept") {
    list->AddLine(at(-1.1F, 0), at(-0.3F, 0.9F), ink, line);
    list->AddLine(at(-0.3F, 0.9F), at(1.2F, -0.9F), ink, line);
  } else if (review == "excluded") {
    list->AddLine(at(-0.9F, -0.9F), at(0.9F, 0.9F), ink, line);
    list->AddLine(at(-0.9F, 0.9F), at(0.9F, -0.9F), ink, line);
  } else if (review == "relabelled") {
    list->AddLine(at(-1.2F, 0), at(1.1F, 0), ink, line);
    list->AddLine(at(0.2F, -0.9F), at(1.1F, 0), ink, line);
    list->AddLine(at(0.2F, 0.9F), at(1.1F, 0), ink, line);
  } else {
    const TextStyle style{theme.fonts.bold, Theme::kSmallSize, ink};
    draw_text(theme, list,
              ImVec2(middle.x - text_width(theme, style, "?") / 2,
                     middle.y - text_height(theme, style) / 2),
              style, "?");
  }
}

void draw_tile_image(const FrameContext& frame, SampleId sample, bool faded, ImVec2 min,
                     ImVec2 max) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(min, max, theme.image_back, theme.px(7), ImDrawFlags_RoundCornersTop);
  if (const std::optional<TextureRegion> region = frame.pictures.thumbnail(sample)) {
    const float inset = 1;
    draw_fitted(list, *region, ImVec2(min.x + inset, min.y + inset), ImVec2(max.x - inset, max.y),
                faded ? IM_COL32(255, 255, 255, 70) : IM_COL32_WHITE, theme.px(6));
    return;
  }
  const std::string* problem = frame.pictures.problem(sample);
  if (problem == nullptr) return;
  const TextStyle style = small(theme);
  const float room = max.x - min.x - theme.px(16);
  const std::string_view text =
      frame.pictures.is_gone(sample) ? "the file is gone" : "cannot be read";
  const float width = std::min(room, text_width(theme, style, text));
  draw_text_fit(theme, list, ImVec2((min.x + max.x - width) / 2, (min.y + max.y) / 2 - theme.px(6)),
                room, style, text);
}

// What is said against the label: of a queue of label errors what Enter takes, else the run's
// prediction.
struct Rival {
  std::string_view label;
  std::optional<double> belief;
};
Rival rival_of(const TileColumns& columns, RowIndex row) {
  if (columns.by_evidence) {
    const auto suggested = evidence_suggestion(columns.evidence, row);
    if (suggested) return {suggested->label, suggested->belief};
  }
  Rival rival{text_or(columns.prediction, row, ""), std::nullopt};
  if (columns.confidence != nullptr && !columns.confidence->is_null(row)) {
    rival.belief = columns.confidence->number(row);
  }
  return rival;
}

void draw_second_line(const FrameContext& frame, const TileColumns& columns, RowIndex row,
                      ImVec2 at, float room, std::string_view label, const Rival& rival) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const TextStyle style = small(theme);
  float left_room = room;
  if (rival.belief) {
    const std::string text = fmt::format("{:.3f}", *rival.belief);
    draw_text_right(theme, list, ImVec2(at.x + room, at.y), style, text);
    left_room -= text_width(theme, style, text) + theme.px(8);
  }
  const std::string_view review = text_or(columns.review, row, "unseen");
  if (review == "unseen") {
    std::string facts(text_or(columns.split, row, ""));
    if (const std::string tags = tags_text(columns, row); !tags.empty()) {
      facts += (facts.empty() ? "" : " \u00B7 ") + tags;
    }
    draw_text_fit(theme, list, at, left_room, style, facts);
    return;
  }
  const ImU32 color = review_color(theme, review);
  const float radius = theme.px(3.5F);
  list->AddCircleFilled(ImVec2(at.x + radius, at.y + text_height(theme, style) / 2 + 1), radius,
                        color);
  const std::string_view given = text_or(columns.given, row, "");
  const bool relabelled = review == "relabelled" && !given.empty() && given != label;
  TextStyle marked = style;
  marked.color = theme.text_dim;
  draw_text_fit(
      theme, list, ImVec2(at.x + radius * 2 + theme.px(5), at.y),
      left_room - radius * 2 - theme.px(5), marked,
      with_tags(relabelled ? fmt::format("was {}", given) : std::string(review), columns, row));
}

void draw_caption(const FrameContext& frame, const TileColumns& columns, RowIndex row, ImVec2 min,
                  ImVec2 max) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float pad = theme.px(8);
  const float room = max.x - min.x - pad * 2;
  float y = min.y + theme.px(6);
  const std::string unlabelled = unlabelled_text(frame, row);
  const std::string_view label = text_or(columns.label, row, unlabelled);
  const Rival rival = rival_of(columns, row);
  const std::string_view predicted = rival.label;
  const TextStyle label_style = label.data() == unlabelled.data() ? small(theme) : bold(theme);
  TextStyle wrong = body(theme);
  wrong.color = theme.wrong;
  const bool differs = !predicted.empty() && predicted != label;
  const float label_width = text_width(theme, label_style, label);
  const float wrong_width = differs ? text_width(theme, wrong, predicted) : 0;
  float label_room = room;
  if (differs) {
    const float between = theme.px(8);
    // Each gets what it needs; when both do not fit, each at least half.
    const float half = (room - between) / 2;
    label_room = label_width + between + wrong_width <= room
                     ? label_width
                     : std::max(half, room - between - wrong_width);
    label_room = std::min(label_room, std::max(label_width, half));
    const float wrong_room =
        std::min(wrong_width, room - between - std::min(label_width, label_room));
    draw_text_fit(theme, list, ImVec2(min.x + pad + room - wrong_width, y), wrong_room, wrong,
                  wrong_width <= wrong_room ? predicted : std::string_view());
    if (wrong_width > wrong_room) {
      draw_text_fit(theme, list, ImVec2(min.x + pad + room - wrong_room, y), wrong_room, wrong,
                    predicted);
    }
  }
  draw_text_fit(theme, list, ImVec2(min.x + pad, y), label_room + 1, label_style, label);

  y += theme.px(20);
  draw_second_line(frame, columns, row, ImVec2(min.x + pad, y), room, label, rival);
}

void draw_menu(const FrameContext& frame, const char* id, std::span<const char* const> entries) {
  const Theme& theme = frame.theme;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(10), theme.px(8)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.px(16), theme.px(7)));
  if (ImGui::BeginPopup(id)) {
    for (const char* entry : entries) {
      if (entry == nullptr) {
        ImGui::Separator();
        continue;
      }
      const Command& command = frame.commands.at(entry);
      const std::string title = command.title_now ? command.title_now(frame.state) : command.title;
      const std::string key = command.keys.empty() ? "" : key_text(command.keys[0]);
      // A long name is cut: the menu is not to leave the window.
      const std::string shown(display_text(shorten_utf8(to_valid_utf8(title), 60)));
      if (ImGui::MenuItem((shown + "##" + entry).c_str(), key.c_str(), false,
                          command.enabled(frame.state))) {
        frame.run(entry);
      }
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar(2);
}

}  // namespace

TileColumns find_tile_columns(const AppState& state) {
  const Table& samples = state.snapshot.samples;
  return {samples.find("path"),        samples.find("label"),
          samples.find("label_given"), samples.find("prediction"),
          samples.find("confidence"),  samples.find("review"),
          samples.find("split"),       samples.find("tags"),
          evidence_columns(samples),   state.sort.column == "label_error"};
}

void draw_tile_content(const FrameContext& frame, const TileColumns& columns, RowIndex row,
                       const Rect& rect, float image_height_px, bool hovered) {
  const Theme& theme = frame.theme;
  const SampleId sample = frame.state.snapshot.ids[row];
  const float rounding = theme.px(kTileRounding);
  ImGui::GetWindowDrawList()->AddRectFilled(rect.min, rect.max,
                                            hovered ? theme.hovered : theme.raised, rounding);
  const std::string_view review = text_or(columns.review, row, "unseen");
  const ImVec2 image_max(rect.max.x, rect.min.y + image_height_px);
  draw_tile_image(frame, sample, review == "excluded", rect.min, image_max);
  draw_review_mark(frame, review, rect.min, image_max);
  draw_caption(frame, columns, row, ImVec2(rect.min.x, image_max.y), rect.max);
}

void draw_tile_hover(const FrameContext& frame, const TileColumns& columns, RowIndex row) {
  std::string text = to_valid_utf8(text_or(columns.path, row, ""));
  text += "\nlabel: " + to_valid_utf8(text_or(columns.label, row, "none"));
  if (columns.prediction != nullptr && !columns.prediction->is_null(row)) {
    text += "\nprediction: " + to_valid_utf8(columns.prediction->text(row));
  }
  if (const auto suggested = evidence_suggestion(columns.evidence, row)) {
    text += fmt::format("\nthe evidence suggests: {} {:.3f}", to_valid_utf8(suggested->label),
                        suggested->belief);
  }
  const std::string_view review = text_or(columns.review, row, "unseen");
  if (review != "unseen") text += fmt::format("\nreview: {}", review);
  if (const std::string tags = tags_text(columns, row); !tags.empty()) {
    text += "\ntags: " + to_valid_utf8(tags);
  }
  const std::string* problem = frame.pictures.problem(frame.state.snapshot.ids[row]);
  if (problem != nullptr) text += "\n" + to_valid_utf8(*problem);
  draw_hover(frame.theme, text);
}

void draw_tile_menu(const FrameContext& frame, const char* id) {
  draw_menu(frame, id, kMenu);
}

void draw_object_menu(const FrameContext& frame, const char* id) {
  draw_menu(frame, id, kObjectMenu);
}

}  // namespace errata::viewer
