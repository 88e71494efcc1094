#include "viewer/state/history_words.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>
#include <vector>

#include "base/text.h"

namespace errata::viewer {

namespace {

std::string joined(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

// Pixels, to a tenth.
std::string px(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string place(const store::LoggedObject& object) {
  return px(object.box_xywh_px[0]) + ", " + px(object.box_xywh_px[1]);
}

std::string size(const store::LoggedObject& object) {
  return px(object.box_xywh_px[2]) + " \u00D7 " + px(object.box_xywh_px[3]);
}

std::string review_words(ObjectReview review) {
  if (review == ObjectReview::kKept) return "kept";
  if (review == ObjectReview::kAmbiguous) return "ambiguous";
  return "review taken back";
}

// All that became another; a review that is another only because of it goes without saying.
std::string difference(const store::LoggedObject& from, const store::LoggedObject& to,
                       bool mask_lost) {
  std::vector<std::string> words;
  const auto& a = from.box_xywh_px;
  const auto& b = to.box_xywh_px;
  if (from.class_name != to.class_name) words.push_back("class to " + to.class_name);
  if (a[0] != b[0] || a[1] != b[1]) words.push_back("moved to " + place(to));
  if (a[2] != b[2] || a[3] != b[3]) words.push_back("resized to " + size(to));
  const auto mark = [&](bool before, bool after, const char* name) {
    if (before != after) words.push_back(fmt::format("{} {}", after ? "now" : "no longer", name));
  };
  mark(from.crowd, to.crowd, "a crowd");
  mark(from.difficult, to.difficult, "difficult");
  mark(from.truncated, to.truncated, "truncated");
  if (mask_lost) words.emplace_back("its mask dropped");
  if (words.empty()) words.push_back(review_words(to.review));
  return joined(words);
}

std::string object_words(const store::ObjectChange& change) {
  if (!change.from && !change.to) return "box changed";
  const store::LoggedObject& named = change.from ? *change.from : *change.to;
  const std::string box = fmt::format("{} box at {}: ", named.class_name, place(named));
  if (!change.from)
    return fmt::format("{}added, {}{}", box, size(named), named.crowd ? ", a crowd" : "");
  if (!change.to) return box + "deleted";
  return box + difference(*change.from, *change.to, change.mask_lost);
}

// Of a detection that no label belongs to.
std::string detection_words(const store::ObjectChange& change) {
  if (!change.from && !change.to) return "detection decided";
  const store::LoggedObject& named = change.to ? *change.to : *change.from;
  const char* const decision = !change.to                                      ? "back to unseen"
                               : change.to->review == ObjectReview::kAmbiguous ? "ambiguous"
                                                                               : "left as it is";
  return fmt::format("{} detection at {}: {}", named.class_name, place(named), decision);
}

// What was taken back, from what is stored of it.
template <typename Change>
Change inverted(Change change) {
  const bool of_class = change.what.starts_with("class-");
  change.what = store::inverse_change(std::string(change.what));
  if (of_class) return change;
  std::swap(change.from, change.to);
  std::swap(change.object.from, change.object.to);
  return change;
}

std::string words_of(const store::LogEntry& entry) {
  if (entry.what == "import")
    return "imported" + (entry.to.empty() ? "" : " as " + joined(entry.to));
  if (entry.what.starts_with("object-")) return object_words(entry.object);
  if (entry.what.starts_with("detection-")) return detection_words(entry.object);
  if (entry.what == "label" || entry.what == "split") {
    return fmt::format("{}: {} \u2192 {}", entry.what, joined(entry.from), joined(entry.to));
  }
  if (entry.what == "tag") return "tagged " + joined(entry.to);
  if (entry.what == "untag") return "tag removed: " + joined(entry.from);
  if (entry.what == "keep" || entry.what == "kept") return "label kept";
  if (entry.what == "exclude") return "excluded";
  if (entry.what == "include") return "no longer excluded";
  if (entry.what == "unreview") return "review taken back";
  return entry.what;
}

std::string words_of(const store::BatchChange& change) {
  if (change.object.from || change.object.to) {
    return change.what.starts_with("detection-") ? detection_words(change.object)
                                                 : object_words(change.object);
  }
  const std::string text = store::change_words(change.what, change.count);
  const std::string from = fmt::format("{}", fmt::join(change.from, ", "));
  const std::string to = fmt::format("{}", fmt::join(change.to, ", "));
  if (change.what == "tag" && !to.empty()) return fmt::format("{}: {}", text, to);
  if (change.what == "untag" && !from.empty()) return fmt::format("{}: {}", text, from);
  const bool of_box = change.what.starts_with("object-") || change.what.starts_with("detection-");
  if (of_box && change.what != "object-class") {
    const std::string& name = to.empty() ? from : to;
    return name.empty() ? text : fmt::format("{}: {}", text, name);
  }
  if (!of_box && change.what != "label" && change.what != "split" &&
      !change.what.starts_with("class"))
    return text;
  if (!from.empty() && !to.empty()) return fmt::format("{}: {} to {}", text, from, to);
  if (!to.empty()) return fmt::format("{}: to {}", text, to);
  if (!from.empty()) return fmt::format("{}: from {}", text, from);
  return text;
}

}  // namespace

std::string entry_words(const store::LogEntry& entry) {
  std::string text;
  if (entry.batch_kind == "undo") {
    text = "taken back: " + words_of(inverted(entry));
  } else {
    text = (entry.batch_kind == "redo" ? "made again: " : "") + words_of(entry);
  }
  return to_valid_utf8(text);
}

std::string batch_words(const store::LogBatch& batch) {
  if (batch.kind == "import") return to_valid_utf8("import of " + batch.source);
  const bool undo = batch.kind == "undo";
  std::string text;
  for (const store::BatchChange& change : batch.changes) {
    text += (text.empty() ? "" : ", ") + words_of(undo ? inverted(change) : change);
  }
  if (undo) text = "taken back: " + text;
  if (batch.kind == "redo") text = "made again: " + text;
  return to_valid_utf8(text);
}

}  // namespace errata::viewer
