#include "jobs/edit_file_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "analysis/detection_match.h"
#include "base/hash.h"
#include "store/classes.h"
#include "store/snapshot_loader.h"

namespace errata::jobs {

namespace {

using store::LoggedObject;
using store::ObjectEditKind;

constexpr std::array kObjectEdits{
    ObjectEditKind::kAdd,          ObjectEditKind::kDelete,   ObjectEditKind::kSetClass,
    ObjectEditKind::kSetBox,       ObjectEditKind::kSetCrowd, ObjectEditKind::kSetDifficult,
    ObjectEditKind::kSetTruncated, ObjectEditKind::kKeep,     ObjectEditKind::kAmbiguous,
    ObjectEditKind::kUnreview,     ObjectEditKind::kRestore};
constexpr std::array kDetectionEdits{ObjectEditKind::kDetectionKeep,
                                     ObjectEditKind::kDetectionAmbiguous,
                                     ObjectEditKind::kDetectionUnreview};
// From this IoU on two boxes of one class may be the same object drawn by two people.
constexpr double kSameObject = 0.5;

template <typename Kinds>
bool is_one_of(const Kinds& kinds, std::string_view what) {
  return std::any_of(kinds.begin(), kinds.end(),
                     [&](ObjectEditKind kind) { return store::object_edit_name(kind) == what; });
}

Error bad(const std::string& message) {
  return Error(ErrorCategory::kBadInput, message);
}

std::string shape_of_hex(const std::string& hex) {
  std::string bytes;
  if (hex.size() % 2 != 0) throw bad("\"shape\" is not hexadecimal");
  for (size_t i = 0; i < hex.size(); i += 2) {
    uint8_t value = 0;
    const char* const first = hex.data() + i;
    const auto [end, error] = std::from_chars(first, first + 2, value, 16);
    if (error != std::errc() || end != first + 2) throw bad("\"shape\" is not hexadecimal");
    bytes += static_cast<char>(value);
  }
  try {
    decode_shape(bytes);
  } catch (const Error&) {
    throw bad("\"shape\" is no outline as `errata edit export` writes it");
  }
  return bytes;
}

std::optional<LoggedObject> parse_object(const text::Json* json, std::string_view key) {
  if (json == nullptr || json->is_null()) return std::nullopt;
  if (!json->is_object()) {
    throw bad(fmt::format("\"{}\" is {}, not an object or null", key, json->type_name()));
  }
  LoggedObject object;
  object.class_name = json->get_string("class");
  const text::Json& box = json->at("box");
  if (box.size() != 4) throw bad(fmt::format("the box of \"{}\" is not four numbers", key));
  for (size_t i = 0; i < 4; ++i) object.box_xywh_px[i] = box.at(i).as_double();
  const auto& numbers = object.box_xywh_px;
  object.area_px = json->get_double("area", numbers[2] * numbers[3]);
  const bool finite = std::all_of(numbers.begin(), numbers.end(),
                                  [](double number) { return std::isfinite(number); });
  if (!finite || numbers[2] < 0 || numbers[3] < 0 || !std::isfinite(object.area_px)) {
    throw bad(fmt::format("the box of \"{}\" is none: x, y, width, height in pixels", key));
  }
  object.crowd = json->get_bool("crowd");
  object.difficult = json->get_bool("difficult");
  object.truncated = json->get_bool("truncated");
  const std::string review = json->get_string("review", "unseen");
  const int32_t code = object_review_dictionary()->find(review);
  if (code < 0) throw bad(fmt::format("\"review\" is '{}', which is no decision", review));
  object.review = static_cast<ObjectReview>(code);
  object.shape = shape_of_hex(json->get_string("shape"));
  return object;
}

text::Json to_json(const std::optional<LoggedObject>& object) {
  if (!object) return nullptr;
  text::Json::Array box;
  for (const double number : object->box_xywh_px) box.emplace_back(number);
  text::Json json =
      text::Json::object({{"class", object->class_name}, {"box", text::Json(std::move(box))}});
  const auto& size = object->box_xywh_px;
  if (object->area_px != size[2] * size[3]) json["area"] = object->area_px;
  if (object->crowd) json["crowd"] = true;
  if (object->difficult) json["difficult"] = true;
  if (object->truncated) json["truncated"] = true;
  json["review"] = (*object_review_dictionary())[static_cast<int32_t>(object->review)];
  if (!object->shape.empty()) {
    json["shape"] =
        to_hex({reinterpret_cast<const uint8_t*>(object->shape.data()), object->shape.size()});
  }
  return json;
}

bool same_content(const LoggedObject& a, const LoggedObject& b) {
  return a.class_name == b.class_name && a.box_xywh_px == b.box_xywh_px && a.crowd == b.crowd &&
         a.difficult == b.difficult && a.truncated == b.truncated && a.shape == b.shape;
}

bool changes_content(const EditFileLine& line) {
  return !line.object_from || !line.object_to || !same_content(*line.object_from, *line.object_to);
}

analysis::Box box_of(const LoggedObject& object) {
  const auto& [x, y, width, height] = object.box_xywh_px;
  return {x, y, width, height};
}

}  // namespace

bool is_object_edit(std::string_view what) {
  return is_one_of(kObjectEdits, what) || is_detection_decision(what);
}

bool is_detection_decision(std::string_view what) {
  return is_one_of(kDetectionEdits, what);
}

void parse_object_line(const text::Json& json, EditFileLine& line) {
  line.what = json.at("what").as_string();
  line.object = json.get_int("object");
  line.object_from = parse_object(json.find("from"), "from");
  line.object_to = parse_object(json.find("to"), "to");
  const bool adds = line.what == store::object_edit_name(ObjectEditKind::kAdd);
  const bool deletes = line.what == store::object_edit_name(ObjectEditKind::kDelete);
  if (!line.object_from && !line.object_to) throw bad("\"from\" and \"to\" are both missing");
  if (is_detection_decision(line.what)) {
    const ObjectReview review = line.object_to ? line.object_to->review : ObjectReview::kKept;
    if (review != ObjectReview::kKept && review != ObjectReview::kAmbiguous) {
      throw bad("what is decided about a detection is kept or ambiguous");
    }
    return;
  }
  if (adds && line.object_from) throw bad("what is added has no \"from\"");
  if (deletes && line.object_to) throw bad("what is deleted has no \"to\"");
  if (!adds && !line.object_from) throw bad("the key 'from' is missing");
  if (!deletes && !line.object_to) throw bad("the key 'to' is missing");
  if (line.object_to && line.object_to->class_name.empty()) throw bad("\"to\" has no class");
}

void write_object_line(const store::LogEntry& entry, text::Json& json) {
  json["object"] = entry.object_id;
  json["from"] = to_json(entry.object.from);
  json["to"] = to_json(entry.object.to);
}

std::string object_words(const std::optional<LoggedObject>& object) {
  if (!object) return "none";
  const auto& box = object->box_xywh_px;
  std::string words = fmt::format("{} at {:.6g}, {:.6g}, {:.6g} x {:.6g}", object->class_name,
                                  box[0], box[1], box[2], box[3]);
  if (object->crowd) words += ", a crowd";
  if (object->review != ObjectReview::kUnseen) {
    words += ", " + (*object_review_dictionary())[static_cast<int32_t>(object->review)];
  }
  return words;
}

void ObjectLines::add(const EditFileLine& line, SampleId sample) {
  const bool detection = is_detection_decision(line.what);
  // Without a number each line is a chain of its own.
  const ObjectId number = line.object != 0 ? line.object : -static_cast<ObjectId>(line.line);
  const auto [found, is_new] = chain_of_.try_emplace({sample, detection, number}, chains_.size());
  if (is_new) chains_.push_back({sample, {}});
  chains_[found->second].lines.push_back(&line);
}

void ObjectLines::load() {
  for (const store::ProjectClass& each : store::list_classes(store_)) {
    class_ids_.emplace(each.name, each.id);
  }
  for (const Chain& chain : chains_) here_[chain.sample];
  store::SnapshotOptions snapshot_options;
  snapshot_options.all_runs = false;
  const Snapshot snapshot = store::load_snapshot(store_, snapshot_options);
  store::ObjectOptions options;
  options.predicted = false;
  options.shapes = true;
  const ObjectTable objects = store::load_objects(store_, snapshot, options);
  const Table& table = objects.table;
  for (auto& [sample, annotations] : here_) {
    const size_t at = snapshot.row_of(sample);
    if (at >= objects.samples()) continue;
    for (uint64_t i = objects.offsets[at]; i < objects.offsets[at + 1]; ++i) {
      const auto row = static_cast<RowIndex>(i);
      LoggedObject state;
      state.class_name = table.find("label")->text(row);
      state.box_xywh_px = {table.find("x")->doubles[row], table.find("y")->doubles[row],
                           table.find("width")->doubles[row], table.find("height")->doubles[row]};
      state.area_px = table.find("area_px")->doubles[row];
      state.crowd = table.find("crowd")->bytes[row] != 0;
      state.difficult = table.find("difficult")->bytes[row] != 0;
      state.truncated = table.find("truncated")->bytes[row] != 0;
      state.review = static_cast<ObjectReview>(table.find("review")->codes[row]);
      state.shape = objects.shape_bytes(row);
      annotations.push_back({table.find("object_id")->ints[row], std::move(state)});
    }
  }
  store::LogFilter standing;
  standing.standing_only = true;
  standing.limit = SIZE_MAX;
  for (const auto& [sample, annotations] : here_) {
    standing.sample = sample;
    std::vector<LoggedObject>& deleted = deleted_[sample];
    for (const store::LogEntry& entry : store::read_log(store_, standing)) {
      const bool deletes = !entry.object.to && !is_detection_decision(entry.what);
      if (deletes && entry.object.from) deleted.push_back(*entry.object.from);
    }
  }
  std::map<ClassId, std::string> names;
  for (const auto& [name, id] : class_ids_) names.emplace(id, name);
  for (const store::DetectionReview& review : store::detection_reviews(store_)) {
    LoggedObject state;
    state.class_name = names[review.class_id];
    state.box_xywh_px = review.box_xywh_px;
    state.review = review.review;
    detections_here_[review.sample].push_back({review.detection, std::move(state)});
  }
}

ObjectLines::Here* ObjectLines::find_here(const Chain& chain, const LoggedObject& state,
                                          bool with_review) {
  Here* found = nullptr;
  for (Here& here : here_.at(chain.sample)) {
    if (here.claimed || !same_content(here.state, state)) continue;
    if (with_review && here.state.review != state.review) continue;
    if (found == nullptr || here.id == chain.lines.front()->object) found = &here;
  }
  return found;
}

const ObjectLines::Here* ObjectLines::overlapping(const Chain& chain, const LoggedObject& state,
                                                  bool alike_and_added) {
  for (const Here& here : here_.at(chain.sample)) {
    const bool fits = !alike_and_added || (here.state.review == ObjectReview::kAdded &&
                                           here.state.class_name == state.class_name);
    if (here.claimed || !fits) continue;
    if (analysis::box_iou(box_of(here.state), box_of(state), false) >= kSameObject) return &here;
  }
  return nullptr;
}

// Nothing here is as any line of the chain says.
ObjectLines::Start ObjectLines::start_of_absent(const Chain& chain) {
  const EditFileLine& first = *chain.lines.front();
  const EditFileLine& last = *chain.lines.back();
  if (!first.object_from) {
    if (!last.object_to) return {chain.lines.size()};  // added and deleted again
    const Here* drawn = overlapping(chain, *last.object_to, true);
    if (drawn == nullptr) return {0};
    return {0, nullptr, "Somebody added one of this class here that overlaps it by half or more.",
            drawn};
  }
  if (last.object_to) {
    return {0, nullptr, "No annotation here is as the file says it was or became.",
            overlapping(chain, *first.object_from, false)};
  }
  const Here* other = overlapping(chain, *last.object_from, false);
  if (other == nullptr) return {chain.lines.size()};
  return {0, nullptr, "It was deleted there; here is another that overlaps it by half or more.",
          other};
}

// Whether what the chain ends in deleting was deleted here: of several alike the others stay.
bool ObjectLines::is_deleted_here(const Chain& chain) {
  const EditFileLine& last = *chain.lines.back();
  if (last.object_to) return false;
  std::vector<store::LoggedObject>& deleted = deleted_.at(chain.sample);
  const auto found = std::find_if(deleted.begin(), deleted.end(), [&](const LoggedObject& each) {
    return same_content(each, *last.object_from);
  });
  if (found == deleted.end()) return false;
  deleted.erase(found);
  return true;
}

ObjectLines::Start ObjectLines::find_start(const Chain& chain) {
  const size_t count = chain.lines.size();
  if (is_deleted_here(chain)) return {count};
  for (const bool with_review : {true, false}) {
    for (size_t i = count; i-- > 0;) {
      const EditFileLine& line = *chain.lines[i];
      if (!line.object_to || (!with_review && !changes_content(line))) continue;
      if (Here* here = find_here(chain, *line.object_to, with_review)) return {i + 1, here};
    }
    for (size_t i = 0; i < count; ++i) {
      const EditFileLine& line = *chain.lines[i];
      if (!line.object_from || (!with_review && !changes_content(line))) continue;
      if (Here* here = find_here(chain, *line.object_from, with_review)) return {i, here};
    }
  }
  const EditFileLine& first = *chain.lines.front();
  if (first.object_from) {
    if (const Here* reviewed = find_here(chain, *first.object_from, false)) {
      return {0, nullptr, "It was decided on otherwise here.", reviewed};
    }
  }
  return start_of_absent(chain);
}

void ObjectLines::conflict(const EditFileLine& line, const std::string& here, std::string reason) {
  report_.conflicts.push_back({line.line, line.path, line.what, object_words(line.object_from),
                               object_words(line.object_to), here, std::move(reason)});
}

void ObjectLines::apply(const Chain& chain, const Start& start) {
  if (!start.conflict.empty()) {
    const std::string here =
        start.instead == nullptr ? std::string() : object_words(start.instead->state);
    for (const EditFileLine* line : chain.lines) conflict(*line, here, start.conflict);
    return;
  }
  report_.already += start.line;
  // What is new here gets its number with its first edit: it is added as it became.
  const bool adds = start.here == nullptr;
  for (size_t i = adds && start.line < chain.lines.size() ? chain.lines.size() - 1 : start.line;
       i < chain.lines.size(); ++i) {
    const EditFileLine& line = *chain.lines[i];
    store::ObjectEdit edit;
    edit.kind = line.object_to ? ObjectEditKind::kRestore : ObjectEditKind::kDelete;
    edit.object = adds ? 0 : start.here->id;
    edit.why = line.why;
    if (line.object_to) {
      const LoggedObject& to = *line.object_to;
      const auto known = class_ids_.find(to.class_name);
      if (known == class_ids_.end()) {
        conflict(line, "", fmt::format("This project has no class '{}'.", to.class_name));
        continue;
      }
      edit.state = {chain.sample, known->second, to.box_xywh_px, to.area_px, to.crowd,
                    to.difficult, to.truncated,  to.review,      to.shape};
    }
    edits_.push_back(std::move(edit));
    report_.applied += adds ? chain.lines.size() - start.line : 1;
  }
}

// Only where it ends counts: a decision about a detection has no content to pass on.
void ObjectLines::decide_detection(const Chain& chain) {
  const EditFileLine& line = *chain.lines.back();
  const LoggedObject& meant = line.object_to ? *line.object_to : *line.object_from;
  const Here* here = nullptr;
  for (const Here& each : detections_here_[chain.sample]) {
    const bool same =
        each.state.class_name == meant.class_name && each.state.box_xywh_px == meant.box_xywh_px;
    if (same) here = &each;
  }
  const bool already =
      line.object_to ? here != nullptr && here->state.review == meant.review : here == nullptr;
  if (already) {
    report_.already += chain.lines.size();
    return;
  }
  const auto& from = chain.lines.front()->object_from;
  if (here != nullptr && (!from || from->review != here->state.review)) {
    for (const EditFileLine* each : chain.lines) {
      conflict(*each, object_words(here->state), "It was decided on otherwise here.");
    }
    return;
  }
  store::ObjectEdit edit;
  edit.kind = !line.object_to                            ? ObjectEditKind::kDetectionUnreview
              : meant.review == ObjectReview::kAmbiguous ? ObjectEditKind::kDetectionAmbiguous
                                                         : ObjectEditKind::kDetectionKeep;
  edit.object = here == nullptr ? 0 : here->id;
  edit.sample = chain.sample;
  const auto known = class_ids_.find(meant.class_name);
  edit.class_id = known == class_ids_.end() ? 0 : known->second;
  edit.box_xywh_px = meant.box_xywh_px;
  edit.why = line.why;
  edits_.push_back(std::move(edit));
  report_.applied += chain.lines.size();
}

void ObjectLines::resolve() {
  if (chains_.empty()) return;
  load();
  for (const Chain& chain : chains_) {
    if (is_detection_decision(chain.lines.front()->what)) {
      decide_detection(chain);
      continue;
    }
    const Start start = find_start(chain);
    if (start.here != nullptr) start.here->claimed = true;
    apply(chain, start);
  }
}

}  // namespace errata::jobs
