// What is known of one object: what it is, what it was compared with, its scores, and the pair
// side by side.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/scores.h"
#include "viewer/state/table_layout.h"
#include "viewer/views/box_layer.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/box_batch.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kPairHeight = 132;

std::string class_text(const ObjectColumns& objects, RowIndex row) {
  return objects.label->is_null(row) ? std::string("none")
                                     : to_valid_utf8(objects.label->text(row));
}

std::string error_words(const ObjectColumns& objects, RowIndex row) {
  const std::optional<ObjectError> error = objects.error_of(row);
  if (!error) return objects.is_given(row) ? "a crowd" : "below the confidence";
  switch (*error) {
    case ObjectError::kTrue: return "correct";
    case ObjectError::kClass: return "class";
    case ObjectError::kLocalisation: return "localisation";
    case ObjectError::kBoth: return "class and place";
    case ObjectError::kDuplicate: return "duplicate";
    case ObjectError::kBackground: return "background";
    case ObjectError::kMissed: return "missed";
  }
  return "";
}

// The object in its crop, with both boxes of the pair; `main` in its full line.
void draw_pair_crop(const Inspected& sample, const ObjectColumns& objects, RowIndex main,
                    RowIndex other, const Box& part, ImVec2 min, ImVec2 size,
                    std::string_view title) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 max(min.x + size.x, min.y + size.y);
  list->AddRectFilled(min, max, theme.image_back, theme.px(6));
  // The grid wants another part of the same object: this one goes by the negative of its id.
  const CropWish wish{-objects.id->ints[main], frame.state.snapshot.ids[sample.row], part};
  if (const std::optional<Pictures::Crop> crop = frame.pictures.crop(wish)) {
    const float factor = std::min(size.x / static_cast<float>(crop->part.width),
                                  size.y / static_cast<float>(crop->part.height));
    const ImVec2 shown(static_cast<float>(crop->part.width) * factor,
                       static_cast<float>(crop->part.height) * factor);
    const ImVec2 corner((min.x + max.x - shown.x) / 2, (min.y + max.y - shown.y) / 2);
    list->PushClipRect(corner, ImVec2(corner.x + shown.x, corner.y + shown.y), true);
    list->AddImage(crop->region.texture, corner, ImVec2(corner.x + shown.x, corner.y + shown.y),
                   crop->region.uv_min, crop->region.uv_max);
    BoxBatch batch;
    for (const RowIndex row : {other, main}) {
      const Box box = objects.box(row);
      const ImVec2 from(corner.x + static_cast<float>(box.x - crop->part.x) * factor,
                        corner.y + static_cast<float>(box.y - crop->part.y) * factor);
      const ImVec2 to(from.x + static_cast<float>(box.width) * factor,
                      from.y + static_cast<float>(box.height) * factor);
      ImU32 color = object_color(theme, objects, row);
      if (row != main) color = with_alpha(color, 0.45F);
      const float line = row == main ? theme.px(2) : theme.px(1);
      if (objects.is_given(row)) {
        batch.solid(from, to, color, line);
      } else {
        batch.dashed(from, to, color, line);
      }
    }
    batch.draw(list,
               frame.pictures.dashes(static_cast<int>(theme.px(6)), static_cast<int>(theme.px(4))),
               DashTexture::kLengthPx, theme.px(6) + theme.px(4), 0);
    list->PopClipRect();
  }
  list->AddRect(min, max, theme.border, theme.px(6));
  draw_text_fit(theme, list, ImVec2(min.x, max.y + theme.px(4)), size.x, small(theme), title);
}

void draw_pair(const Inspected& sample, const ObjectColumns& objects, RowIndex row,
               RowIndex other) {
  const Theme& theme = sample.frame.theme;
  draw_section_title(sample, "The pair");
  const RowIndex given = objects.is_given(row) ? row : other;
  const RowIndex predicted = objects.is_given(row) ? other : row;
  const float gap = theme.px(8);
  const ImVec2 size((sample.width - gap) / 2, theme.px(kPairHeight));
  const Box a = objects.box(given);
  const Box b = objects.box(predicted);
  const double left = std::min(a.x, b.x);
  const double top = std::min(a.y, b.y);
  const Box both{left, top, std::max(a.x + a.width, b.x + b.width) - left,
                 std::max(a.y + a.height, b.y + b.height) - top};
  const Table& samples = sample.frame.state.snapshot.samples;
  const auto side = [&](const char* name) {
    const Column* column = samples.find(name);
    return column == nullptr || column->is_null(sample.row) ? 1e9 : column->number(sample.row);
  };
  const Box part =
      context_of(both, static_cast<double>(size.x / size.y), side("width"), side("height"));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  draw_pair_crop(sample, objects, given, predicted, part, at, size,
                 "given \u00B7 " + class_text(objects, given));
  draw_pair_crop(sample, objects, predicted, given, part, ImVec2(at.x + size.x + gap, at.y), size,
                 fmt::format("predicted \u00B7 {} {:.2f}", class_text(objects, predicted),
                             objects.confidence->doubles[predicted]));
  ImGui::Dummy(ImVec2(sample.width, size.y + theme.px(22)));
}

void draw_object_scores(const Inspected& sample, RowIndex row) {
  bool any = false;
  for (const std::shared_ptr<Column>& column : sample.frame.state.objects.table.table.columns()) {
    if (column->type != ColumnType::kFloat || column->is_null(row)) continue;
    if (!any) draw_section_title(sample, "Evidence");
    any = true;
    draw_fact(sample, column_title(column->name), fmt::format("{:.3f}", column->number(row)), 0,
              column_sentence(column->name, *column));
  }
}

}  // namespace

void draw_object(const Inspected& sample, RowIndex row) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  const ObjectTable& table = frame.state.objects.table;
  const ObjectColumns objects(table.table);
  draw_section_title(sample, "This object");
  const bool given = objects.is_given(row);
  const std::string name = class_text(objects, row);
  if (given) {
    draw_fact(sample, "label", name);
  } else {
    draw_fact(sample, "predicted",
              fmt::format("{} {:.3f}", name, objects.confidence->doubles[row]));
  }
  const std::optional<RowIndex> other = objects.match_of(row);
  const std::optional<ObjectError> error = objects.error_of(row);
  if (other) {
    std::string said = class_text(objects, *other);
    if (given) said += fmt::format(" {:.2f}", objects.confidence->doubles[*other]);
    draw_fact(sample, given ? "best detection" : "best label nearby",
              fmt::format("{}, IoU {:.2f}", said, objects.iou->doubles[row]));
  } else if (error) {
    draw_fact(sample, given ? "best detection" : "best label nearby", "none");
  }
  draw_fact(
      sample, "error", error_words(objects, row),
      error ? error_color(theme, *error) : theme.text_faint,
      fmt::format("For detections from {:.2f} on and an IoU of {:.2f}",
                  frame.state.objects.matched.confidence, frame.state.objects.matched.overlap));
  for (const char* column_name : {"verdict", "doubt", "review"}) {
    const Column* column = table.table.find(column_name);
    if (column == nullptr || column->is_null(row)) continue;
    const std::string text = to_valid_utf8(column->display(row));
    if (text != "unseen") {
      draw_fact(sample, column_name, text, 0, column_sentence(column_name, *column));
    }
  }
  const Box box = objects.box(row);
  draw_fact(sample, "size", fmt::format("{:.0f} \u00D7 {:.0f} px", box.width, box.height), 0,
            fmt::format("at {:.1f}, {:.1f}", box.x, box.y));
  for (const char* flag : {"crowd", "difficult", "truncated"}) {
    const Column* column = table.table.find(flag);
    if (column == nullptr || column->is_null(row) || column->bytes[row] == 0) continue;
    draw_fact(sample, flag, "yes", 0, column_sentence(flag, *column));
  }
  if (other && error != ObjectError::kBackground) draw_pair(sample, objects, row, *other);
  draw_object_scores(sample, row);
}

}  // namespace errata::viewer
