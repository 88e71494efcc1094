#include "viewer/views/box_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "viewer/widgets/box_batch.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLine = 1.6F;
constexpr float kReach = 6;   // how far from an edge it can be taken
constexpr float kHandle = 7;  // side of a handle
constexpr float kDash = 6;
constexpr float kGap = 4;
constexpr float kTinyPx = 3;  // boxes smaller than this on the screen are drawn this large
// Beyond so many in view they are drawn into a picture, without dark edges.
constexpr size_t kMostDrawn = 200;
constexpr size_t kMostLabels = 60;
// A press that moves less than this is a click.
constexpr float kClickPx = 3;

struct Placed {
  ImVec2 min;
  ImVec2 max;
};

bool overlap(const Placed& a, const Placed& b) {
  return a.min.x < b.max.x && b.min.x < a.max.x && a.min.y < b.max.y && b.min.y < a.max.y;
}

// Where a label of a size may stand at a box, the best first: outside of it, at a free edge.
std::array<ImVec2, 6> label_places(const Placed& box, ImVec2 size, float gap) {
  return {ImVec2(box.min.x, box.min.y - size.y - gap),
          ImVec2(box.max.x - size.x, box.min.y - size.y - gap),
          ImVec2(box.min.x, box.max.y + gap),
          ImVec2(box.max.x - size.x, box.max.y + gap),
          ImVec2(box.max.x + gap, box.min.y),
          ImVec2(box.min.x - size.x - gap, box.min.y)};
}

ImGuiMouseCursor cursor_of(BoxPart part) {
  switch (part) {
    case BoxPart::kNone: return ImGuiMouseCursor_Arrow;
    case BoxPart::kInside: return ImGuiMouseCursor_ResizeAll;
    case BoxPart::kLeft:
    case BoxPart::kRight: return ImGuiMouseCursor_ResizeEW;
    case BoxPart::kTop:
    case BoxPart::kBottom: return ImGuiMouseCursor_ResizeNS;
    case BoxPart::kTopLeft:
    case BoxPart::kBottomRight: return ImGuiMouseCursor_ResizeNWSE;
    case BoxPart::kTopRight:
    case BoxPart::kBottomLeft: return ImGuiMouseCursor_ResizeNESW;
  }
  return ImGuiMouseCursor_Arrow;
}

}  // namespace

ImU32 error_color(const Theme& theme, ObjectError error) {
  switch (error) {
    case ObjectError::kTrue: return theme.right;
    case ObjectError::kClass: return theme.error_class;
    case ObjectError::kLocalisation: return theme.caution;
    case ObjectError::kBoth: return theme.error_both;
    case ObjectError::kDuplicate: return theme.error_duplicate;
    case ObjectError::kBackground: return theme.wrong;
    case ObjectError::kMissed: return theme.doubt;
  }
  return theme.text;
}

ImU32 object_color(const Theme& theme, const ObjectColumns& objects, RowIndex row) {
  const std::optional<ObjectError> error = objects.error_of(row);
  if (objects.is_given(row)) {
    return error == ObjectError::kMissed ? theme.doubt : theme.right;
  }
  if (!error) return theme.text_faint;
  return error == ObjectError::kTrue ? theme.accent : error_color(theme, *error);
}

BoxLayer::BoxLayer(const FrameContext& frame, RowIndex sample, BoxCanvas& canvas, bool labels)
    : frame_(frame),
      objects_(frame.state.objects.table),
      columns_(objects_.table),
      sample_(sample),
      canvas_(canvas),
      drag_(canvas.drag),
      labels_(labels) {
  if (!frame.state.objects.ready() || sample >= objects_.samples()) return;
  first_ = static_cast<RowIndex>(objects_.offsets[sample]);
  last_ = static_cast<RowIndex>(objects_.offsets[sample + 1]);
  const std::optional<RowIndex> current = frame.state.current_object();
  if (current && *current >= first_ && *current < last_) current_ = current;
}

bool BoxLayer::is_drawn(RowIndex row) const {
  const ObjectsState& state = frame_.state.objects;
  const ObjectFilter& shown = state.shown;
  const bool given = columns_.is_given(row);
  if (given ? !shown.given : !shown.predicted) return false;
  if (!given && columns_.confidence->doubles[row] < state.wanted.confidence) return false;
  if (!shown.hidden_labels.empty() && shown.hidden_labels.contains(columns_.label->codes[row])) {
    return false;
  }
  const std::optional<ObjectError> error = columns_.error_of(row);
  return !error || !shown.hidden_errors[static_cast<size_t>(*error)];
}

Box BoxLayer::box_of(RowIndex row) const {
  const auto& draft = frame_.state.objects.draft;
  if (draft && draft->first == columns_.id->ints[row]) return draft->second;
  return columns_.box(row);
}

std::optional<RowIndex> BoxLayer::object_at(double x, double y) const {
  std::optional<RowIndex> found;
  double least = 0;
  for (RowIndex row = first_; row < last_; ++row) {
    if (!is_drawn(row)) continue;
    const Box box = box_of(row);
    if (x < box.x || y < box.y || x > box.x + box.width || y > box.y + box.height) continue;
    // A detection and its label lie on each other: of equal ones the detection, which is on top.
    if (found && box.width * box.height > least * 1.02) continue;
    found = row;
    least = box.width * box.height;
  }
  return found;
}

bool BoxLayer::take_pointer(const ImagePlace& place, bool hovered, bool pressed) {
  ObjectsState& state = frame_.session.state().objects;
  if (!state.ready() || state.shown.hidden) return false;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const double x = place.x_of(mouse.x);
  const double y = place.y_of(mouse.y);
  const double reach = static_cast<double>(frame_.theme.px(kReach) / place.factor);
  const bool editable = current_ && columns_.is_given(*current_) && is_drawn(*current_);
  const BoxPart part = editable ? box_part_at(box_of(*current_), x, y, reach) : BoxPart::kNone;
  if (hovered && !drag_.active) {
    hovered_ = object_at(x, y);
    if (state.drawing) {
      ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    } else if (part != BoxPart::kNone) {
      ImGui::SetMouseCursor(cursor_of(part));
    }
  }
  if (pressed && !drag_.active && ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
    drag_ = {true, false, state.drawing, part, 0, {}, x, y};
    if (part != BoxPart::kNone) {
      drag_.object = columns_.id->ints[*current_];
      drag_.start = box_of(*current_);
    }
  }
  if (!drag_.active) return false;
  const ImVec2 moved = ImGui::GetMouseDragDelta(ImGuiMouseButton_Left, 0);
  drag_.moved |= std::hypot(moved.x, moved.y) > frame_.theme.px(kClickPx);
  const bool edits = drag_.makes_box || (drag_.part != BoxPart::kNone && editable);
  if (edits && drag_.moved) {
    const Box box =
        drag_.makes_box
            ? box_between(drag_.from_x, drag_.from_y, x, y, static_cast<double>(place.width),
                          static_cast<double>(place.height))
            : drag_box(drag_.start, drag_.part, x - drag_.from_x, y - drag_.from_y,
                       static_cast<double>(place.width), static_cast<double>(place.height));
    state.draft = {drag_.makes_box ? 0 : drag_.object, box};
  }
  if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    if (!drag_.moved) {
      frame_.session.objects().pick(object_at(x, y));
    } else if (edits) {
      finish_drag();
    }
    drag_ = {};
  }
  return edits;
}

void BoxLayer::finish_drag() {
  ObjectsState& state = frame_.session.state().objects;
  if (!state.draft) return;
  const Box box = state.draft->second;
  if (drag_.makes_box) state.draft.reset();
  if (box.width < 1 || box.height < 1) return;
  try {
    if (drag_.makes_box) {
      frame_.session.objects().add_box(sample_, box);
      return;
    }
    for (RowIndex row = first_; row < last_; ++row) {
      if (columns_.id->ints[row] == drag_.object) {
        return frame_.session.objects().set_box(row, box);
      }
    }
    state.draft.reset();  // it was deleted meanwhile
  } catch (const Error& error) {
    frame_.session.show_error(error);
  }
}

void BoxLayer::draw(ImDrawList* list, const ImagePlace& place, bool hovered) {
  if (frame_.state.objects.shown.hidden || !frame_.state.objects.ready()) return;
  if (!hovered) hovered_.reset();
  find_seen(place);
  if (seen_.size() > kMostDrawn) {
    draw_picture(list, place);
  } else {
    canvas_.painter.forget();
    draw_outlines(list, place);
    draw_boxes(list, place);
  }
  draw_current(list, place);
  draw_labels(list, place);
  draw_new_box(list, place);
}

void BoxLayer::find_seen(const ImagePlace& place) {
  seen_.clear();
  const float reach = frame_.theme.px(kTinyPx);
  for (RowIndex row = first_; row < last_; ++row) {
    if (!is_drawn(row)) continue;
    const Box box = box_of(row);
    const ImVec2 min = place.at(box.x, box.y);
    const ImVec2 max = place.at(box.x + box.width, box.y + box.height);
    if (max.x + reach < place.min.x || max.y + reach < place.min.y || min.x > place.max.x ||
        min.y > place.max.y) {
      continue;
    }
    seen_.push_back(row);
  }
}

BoxScene BoxLayer::scene() const {
  BoxScene scene;
  const ObjectsState& state = frame_.state.objects;
  if (state.outlines.sample == sample_ && state.outlines.outlines) {
    scene.outlines = state.outlines.outlines;
    for (size_t i = 0; i < scene.outlines->size(); ++i) {
      const RowIndex row = (*scene.outlines)[i].row;
      if (row < first_ || row >= last_ || !is_drawn(row)) continue;
      scene.outline_marks.push_back({i, object_color(frame_.theme, columns_, row)});
    }
  }
  // Detections over labels, as where they are few.
  for (const bool given : {true, false}) {
    for (RowIndex row = first_; row < last_; ++row) {
      if (!is_drawn(row) || columns_.is_given(row) != given) continue;
      if (state.draft && state.draft->first == columns_.id->ints[row]) continue;
      scene.boxes.push_back({columns_.box(row), object_color(frame_.theme, columns_, row), !given});
    }
  }
  return scene;
}

void BoxLayer::draw_picture(ImDrawList* list, const ImagePlace& place) const {
  const ObjectsState& state = frame_.state.objects;
  const Theme& theme = frame_.theme;
  BoxSceneKey key;
  key.sample = sample_;
  key.objects = state.revision;
  key.outlines = state.outlines.sample == sample_ ? state.outlines.outlines : nullptr;
  key.shown = state.shown;
  key.confidence = state.wanted.confidence;
  key.draft = state.draft ? state.draft->first : 0;
  key.theme = theme.right;
  const BoxPlace view{
      static_cast<int>(place.max.x - place.min.x), static_cast<int>(place.max.y - place.min.y),
      static_cast<double>(place.factor), static_cast<double>(place.corner.x - place.min.x),
      static_cast<double>(place.corner.y - place.min.y)};
  BoxPen pen;
  pen.line_px = std::max(1, static_cast<int>(std::lround(theme.px(1))));
  pen.dash_px = static_cast<int>(theme.px(kDash));
  pen.gap_px = static_cast<int>(theme.px(kGap));
  pen.least_px = static_cast<int>(theme.px(kTinyPx));
  pen.point_px = static_cast<int>(theme.px(kDash));
  canvas_.painter.want(frame_.session.tasks(), key, view, pen, [this] { return scene(); });
  if (const BoxPicture* picture = canvas_.painter.picture()) {
    const auto number = static_cast<SampleId>(picture->number);
    if (canvas_.texture.sample() != number) {
      canvas_.texture.upload(number, picture->place.width_px, picture->place.height_px,
                             picture->pixels);
    }
    const BoxPlace& drawn = picture->place;
    const float scale = static_cast<float>(view.factor / drawn.factor);
    ImVec2 min(place.corner.x - static_cast<float>(drawn.corner_x) * scale,
               place.corner.y - static_cast<float>(drawn.corner_y) * scale);
    if (view.factor == drawn.factor) min = ImVec2(std::round(min.x), std::round(min.y));
    list->AddImage(canvas_.texture.region().texture, min,
                   ImVec2(min.x + static_cast<float>(drawn.width_px) * scale,
                          min.y + static_cast<float>(drawn.height_px) * scale));
  }
  BoxBatch batch;
  if (hovered_ && hovered_ != current_ && is_drawn(*hovered_)) add_box(batch, place, *hovered_);
  draw_batch(list, batch, true);
}

// Filled, so that much of the image is still seen; keypoints are discs, hidden ones rings.
void BoxLayer::draw_outlines(ImDrawList* list, const ImagePlace& place) const {
  const SampleOutlines& all = frame_.state.objects.outlines;
  if (all.sample != sample_ || !all.outlines) return;
  const Theme& theme = frame_.theme;
  std::vector<ImVec2> points;
  for (const ObjectOutline& outline : *all.outlines) {
    if (!std::binary_search(seen_.begin(), seen_.end(), outline.row)) continue;
    const ImU32 color = object_color(theme, columns_, outline.row);
    const ImU32 fill = with_alpha(color, outline.row == current_ ? 0.34F : 0.22F);
    for (const std::vector<PointPx>& polygon : outline.polygons) {
      points.clear();
      for (const PointPx& point : polygon) {
        points.push_back(place.at(static_cast<double>(point.x), static_cast<double>(point.y)));
      }
      const int count = static_cast<int>(points.size());
      list->AddConcavePolyFilled(points.data(), count, fill);
      list->AddPolyline(points.data(), count, color, theme.px(1.2F), ImDrawFlags_Closed);
    }
    for (const Box& run : outline.runs) {
      list->AddRectFilled(place.at(run.x, run.y), place.at(run.x + run.width, run.y + run.height),
                          fill);
    }
    for (const Keypoint& point : outline.keypoints) {
      const ImVec2 at = place.at(static_cast<double>(point.at.x), static_cast<double>(point.at.y));
      list->AddCircleFilled(at, theme.px(4), IM_COL32(0, 0, 0, 140));
      if (point.seen) {
        list->AddCircleFilled(at, theme.px(3), color);
      } else {
        list->AddCircle(at, theme.px(3), color, 0, theme.px(1.4F));
      }
    }
  }
}

void BoxLayer::add_box(BoxBatch& batch, const ImagePlace& place, RowIndex row) const {
  const Theme& theme = frame_.theme;
  const float tiny = theme.px(kTinyPx);
  const Box box = box_of(row);
  const ImVec2 min = place.at(box.x, box.y);
  ImVec2 max = place.at(box.x + box.width, box.y + box.height);
  max = ImVec2(std::max(max.x, min.x + tiny), std::max(max.y, min.y + tiny));
  const float width = std::max(1.0F, theme.px(kLine)) + (row == hovered_ ? theme.px(1) : 0);
  const ImU32 color = object_color(theme, columns_, row);
  if (columns_.is_given(row)) {
    batch.solid(min, max, color, width);
  } else {
    batch.dashed(min, max, color, width);
  }
}

void BoxLayer::draw_batch(ImDrawList* list, BoxBatch& batch, bool halo) const {
  const int dash = static_cast<int>(frame_.theme.px(kDash));
  const int gap = static_cast<int>(frame_.theme.px(kGap));
  batch.draw(list, frame_.pictures.dashes(dash, gap), DashTexture::kLengthPx,
             static_cast<float>(dash + gap), halo ? IM_COL32(0, 0, 0, 90) : 0);
}

void BoxLayer::draw_boxes(ImDrawList* list, const ImagePlace& place) const {
  BoxBatch batch;
  for (const RowIndex row : seen_) {
    if (row != current_) add_box(batch, place, row);
  }
  draw_batch(list, batch, true);
}

// The object that the next action is about, with the one it was matched with.
void BoxLayer::draw_current(ImDrawList* list, const ImagePlace& place) const {
  if (!current_) return;
  const Theme& theme = frame_.theme;
  const Box box = box_of(*current_);
  const ImVec2 min = place.at(box.x, box.y);
  const ImVec2 max = place.at(box.x + box.width, box.y + box.height);
  const float out = theme.px(3);
  list->AddRect(ImVec2(min.x - out, min.y - out), ImVec2(max.x + out, max.y + out),
                IM_COL32(0, 0, 0, 120), theme.px(3), theme.px(4));
  list->AddRect(ImVec2(min.x - out, min.y - out), ImVec2(max.x + out, max.y + out),
                IM_COL32(255, 255, 255, 255), theme.px(3), theme.px(2));
  BoxBatch batch;
  const float line = theme.px(2);
  const ImU32 color = object_color(theme, columns_, *current_);
  if (columns_.is_given(*current_)) {
    batch.solid(min, max, color, line);
  } else {
    batch.dashed(min, max, color, line);
  }
  draw_batch(list, batch, false);
  if (!columns_.is_given(*current_) || max.x - min.x < theme.px(kHandle * 3)) return;
  const float half = theme.px(kHandle) / 2;
  for (const float x : {min.x, (min.x + max.x) / 2, max.x}) {
    for (const float y : {min.y, (min.y + max.y) / 2, max.y}) {
      if (x != min.x && x != max.x && y != min.y && y != max.y) continue;
      list->AddRectFilled(ImVec2(x - half, y - half), ImVec2(x + half, y + half), color);
      list->AddRect(ImVec2(x - half, y - half), ImVec2(x + half, y + half), IM_COL32_WHITE);
    }
  }
}

std::string BoxLayer::label_of(RowIndex row, bool whole) const {
  std::string text = to_valid_utf8(columns_.label->is_null(row) ? "?" : columns_.label->text(row));
  if (!columns_.is_given(row)) {
    text += fmt::format(" {:.2f}", columns_.confidence->doubles[row]);
  }
  if (!whole) return text;
  const std::optional<ObjectError> error = columns_.error_of(row);
  if (!error) return text;
  switch (*error) {
    case ObjectError::kTrue: return text;
    case ObjectError::kClass: return text + " \u00B7 another class";
    case ObjectError::kLocalisation: return text + " \u00B7 another place";
    case ObjectError::kBoth: return text + " \u00B7 neither class nor place";
    case ObjectError::kDuplicate: return text + " \u00B7 found twice";
    case ObjectError::kBackground: return text + " \u00B7 not in the labels";
    case ObjectError::kMissed: return text + " \u00B7 not found";
  }
  return text;
}

void BoxLayer::draw_labels(ImDrawList* list, const ImagePlace& place) const {
  const Theme& theme = frame_.theme;
  std::vector<RowIndex> rows;
  if (current_) rows.push_back(*current_);
  if (hovered_ && hovered_ != current_) rows.push_back(*hovered_);
  const size_t wanted = rows.size();
  for (size_t i = 0; labels_ && i < seen_.size() && rows.size() <= kMostLabels; ++i) {
    if (seen_[i] != current_ && seen_[i] != hovered_) rows.push_back(seen_[i]);
  }
  if (rows.size() > kMostLabels) rows.resize(wanted);
  std::vector<Placed> taken;
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowIndex row = rows[i];
    const bool whole = i < wanted;
    const Box box = box_of(row);
    const Placed on_screen{place.at(box.x, box.y), place.at(box.x + box.width, box.y + box.height)};
    const TextStyle style{whole ? theme.fonts.bold : theme.fonts.regular, Theme::kSmallSize,
                          theme.on_mark};
    const std::string text = label_of(row, whole);
    const float pad = theme.px(4);
    const ImVec2 size(text_width(theme, style, text) + pad * 2,
                      text_height(theme, style) + theme.px(3));
    const float gap = whole ? theme.px(5) : theme.px(2);
    const auto fits = [&](ImVec2 at) {
      const Placed label{at, ImVec2(at.x + size.x, at.y + size.y)};
      if (at.x < place.min.x || at.y < place.min.y || label.max.x > place.max.x ||
          label.max.y > place.max.y) {
        return false;
      }
      return std::none_of(taken.begin(), taken.end(),
                          [&](const Placed& other) { return overlap(label, other); });
    };
    const std::array<ImVec2, 6> places = label_places(on_screen, size, gap);
    const auto* found = std::find_if(places.begin(), places.end(), fits);
    ImVec2 at = found == places.end() ? places[0] : *found;
    if (found == places.end()) {
      // What matters is always said, inside the view; the others are left out where it is crowded.
      if (!whole) continue;
      at.x = std::clamp(at.x, place.min.x, std::max(place.min.x, place.max.x - size.x));
      at.y = std::clamp(at.y, place.min.y, std::max(place.min.y, place.max.y - size.y));
    }
    const ImVec2 end(at.x + size.x, at.y + size.y);
    list->AddRectFilled(at, end, object_color(theme, columns_, row), theme.px(3));
    draw_text(theme, list, ImVec2(at.x + pad, at.y + theme.px(1)), style, text);
    taken.push_back({at, end});
  }
}

void BoxLayer::draw_new_box(ImDrawList* list, const ImagePlace& place) const {
  const auto& draft = frame_.state.objects.draft;
  if (!draft || draft->first != 0 || !drag_.active) return;
  const Box& box = draft->second;
  list->AddRect(place.at(box.x, box.y), place.at(box.x + box.width, box.y + box.height),
                frame_.theme.accent, 0, frame_.theme.px(2));
}

}  // namespace errata::viewer
