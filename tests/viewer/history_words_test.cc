#include "viewer/state/history_words.h"

#include <doctest/doctest.h>

#include <functional>

namespace errata::viewer {

namespace {

store::LoggedObject box(std::string name = "RBC") {
  return {.class_name = std::move(name), .box_xywh_px = {10, 5.25, 20, 12345}};
}

store::LogEntry entry(std::string what, std::optional<store::LoggedObject> from,
                      std::optional<store::LoggedObject> to) {
  store::LogEntry entry;
  entry.batch_kind = "edit";
  entry.what = std::move(what);
  entry.object = {std::move(from), std::move(to), false};
  return entry;
}

// What the log says of a box that was changed so.
std::string changed(const std::function<void(store::LoggedObject&)>& change) {
  store::LoggedObject after = box();
  after.review = ObjectReview::kChanged;
  change(after);
  return entry_words(entry("object-any", box(), after));
}

}  // namespace

TEST_CASE("each edit of a box is told by its class, its place and what became of it") {
  CHECK(entry_words(entry("object-add", {}, box())) ==
        "RBC box at 10, 5.2: added, 20 \u00D7 12345");
  CHECK(entry_words(entry("object-delete", box(), {})) == "RBC box at 10, 5.2: deleted");
  CHECK(changed([](auto& to) { to.class_name = "WBC"; }) == "RBC box at 10, 5.2: class to WBC");
  CHECK(changed([](auto& to) { to.box_xywh_px[0] = 12; }) ==
        "RBC box at 10, 5.2: moved to 12, 5.2");
  CHECK(changed([](auto& to) { to.box_xywh_px[3] = 7; }) ==
        "RBC box at 10, 5.2: resized to 20 \u00D7 7");
  CHECK(changed([](auto& to) { to.crowd = true; }) == "RBC box at 10, 5.2: now a crowd");
  CHECK(changed([](auto& to) { to.review = ObjectReview::kKept; }) == "RBC box at 10, 5.2: kept");
  CHECK(changed([](auto& to) { to.review = ObjectReview::kAmbiguous; }) ==
        "RBC box at 10, 5.2: ambiguous");
  CHECK(changed([](auto&) {}) == "RBC box at 10, 5.2: review taken back");
  CHECK(changed([](auto& to) {
          to.class_name = "WBC";
          to.box_xywh_px = {0, -0.01, 1, 1};
          to.difficult = true;
        }) ==
        "RBC box at 10, 5.2: class to WBC, moved to 0, 0, resized to 1 \u00D7 1, "
        "now difficult");
  store::LoggedObject decided = box();
  decided.review = ObjectReview::kKept;
  CHECK(entry_words(entry("detection-keep", {}, decided)) ==
        "RBC detection at 10, 5.2: left as it is");
  CHECK(entry_words(entry("detection-unreview", decided, {})) ==
        "RBC detection at 10, 5.2: back to unseen");
  store::LogEntry lost = entry("object-box", box(), box());
  lost.object.to->box_xywh_px[0] = 11;
  lost.object.mask_lost = true;
  CHECK(entry_words(lost) == "RBC box at 10, 5.2: moved to 11, 5.2, its mask dropped");
}

TEST_CASE("an undo is told by what it took back") {
  // It is stored as the inverse: a box that was added is deleted again.
  store::LogEntry undo = entry("object-delete", box(), {});
  undo.batch_kind = "undo";
  CHECK(entry_words(undo) == "taken back: RBC box at 10, 5.2: added, 20 \u00D7 12345");
  store::LogEntry tag;
  tag.batch_kind = "undo";
  tag.what = "tag";
  tag.from = {"blurred"};
  CHECK(entry_words(tag) == "taken back: tagged blurred");
  store::LogEntry label;
  label.batch_kind = "redo";
  label.what = "label";
  label.from = {"cat"};
  label.to = {"dog"};
  CHECK(entry_words(label) == "made again: label: cat \u2192 dog");
}

TEST_CASE("a batch is told by how many of what, with the class where it is the same one") {
  store::LogBatch batch;
  batch.kind = "edit";
  batch.changes = {{"object-add", 1200, {}, {"RBC"}},
                   {"object-class", 2, {}, {"WBC"}},
                   {"object-box", 3, {"RBC"}, {"RBC"}},
                   {"object-keep", 1, {"RBC"}, {"RBC"}, {box(), box()}}};
  batch.changes.back().object.to->review = ObjectReview::kKept;
  CHECK(batch_words(batch) ==
        "1,200 boxes added: RBC, 2 boxes given a class: to WBC, 3 boxes moved or resized: RBC, "
        "RBC box at 10, 5.2: kept");
  store::LogBatch undo;
  undo.kind = "undo";
  undo.changes = {{"object-delete", 4, {"RBC"}, {}}, {"label", 2, {"dog"}, {"cat"}}};
  CHECK(batch_words(undo) == "taken back: 4 boxes added: RBC, 2 labels set: cat to dog");
  store::LogBatch import;
  import.kind = "import";
  import.source = "caf\xE9";
  CHECK(batch_words(import).find("caf") != std::string::npos);
}

}  // namespace errata::viewer
