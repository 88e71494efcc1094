#include "store/object_texts.h"

#include <algorithm>
#include <charconv>

#include "store/object_sets.h"
#include "store/snapshot_parts.h"
#include "store/version_objects.h"

namespace errata::store {

namespace {

// The sets and the rows over them: of a version, or as they are now.
struct Sets {
  std::vector<ObjectSet> sets;
  std::vector<ObjectRow> rows;
};

std::vector<ObjectSource> read_sources(Connection& db, const std::vector<ObjectSet>& sets) {
  std::vector<ObjectSource> sources;
  Statement format = db.prepare("SELECT format FROM source WHERE id = ?1");
  Statement classes = db.prepare(
      "SELECT name, raw_id, class_id FROM source_class WHERE source_id = ?1 ORDER BY position");
  for (const ObjectSet& set : sets) {
    ObjectSource& source = sources.emplace_back();
    source.name = set.source_name;
    format.bind(1, set.source);
    if (format.step()) source.format = format.string(0);
    format.reset();
    source.documents = read_documents(db, set.id);
    classes.bind(1, set.source);
    while (classes.step()) {
      source.classes.add(classes.string(0), classes.string(1));
      source.class_ids.push_back(classes.integer(2));
    }
  }
  return sources;
}

// Which set counts for each sample: the first with an object there, as read_standing() has it, else
// the first that lists the image.
class Owners {
 public:
  void claim(SampleId sample, int32_t set) {
    if (sample < 1) return;
    const auto place = static_cast<size_t>(sample);
    if (place >= owner_.size()) owner_.resize(place + place / 2 + 64, -1);
    if (owner_[place] < 0) owner_[place] = set;
  }
  bool owns(SampleId sample, int32_t set) const {
    const auto place = static_cast<size_t>(sample);
    return sample >= 1 && place < owner_.size() && owner_[place] == set;
  }

 private:
  std::vector<int32_t> owner_;
};

Owners find_owners(Connection& db, const std::vector<ObjectSet>& sets) {
  Owners owners;
  for (size_t s = 0; s < sets.size(); ++s) {
    const std::shared_ptr<const ObjectSetIndex> index = read_set_index(db, sets[s].id);
    ObjectBlockReader reader(db, "objects", sets[s].id, ObjectBlockKind::kAnnotations, 0);
    ObjectBlock block;
    while (reader.next(block)) {
      for (const int32_t image : block.sample) {
        owners.claim(index->image_samples.at(static_cast<size_t>(image)), static_cast<int32_t>(s));
      }
    }
  }
  for (size_t s = 0; s < sets.size(); ++s) {
    for (const SampleId sample : read_set_index(db, sets[s].id)->image_samples) {
      owners.claim(sample, static_cast<int32_t>(s));
    }
  }
  return owners;
}

uint8_t differences_of(const ObjectText& now, const ObjectState& then) {
  unsigned bits = 0;
  if (now.class_id != then.class_id) bits |= kOtherClass;
  if (now.box_xywh_px != then.box_xywh_px) bits |= kOtherBox;
  if (now.area_px != then.area_px) bits |= kOtherArea;
  if (now.crowd != then.crowd) bits |= kOtherCrowd;
  if (now.difficult != then.difficult) bits |= kOtherDifficult;
  if (now.truncated != then.truncated) bits |= kOtherTruncated;
  if (now.shape != then.shape) bits |= kOtherShape;
  return static_cast<uint8_t>(bits);
}

void put_state(ObjectText& object, ObjectState&& state) {
  object.sample = state.sample;
  object.class_id = state.class_id;
  object.box_xywh_px = state.box_xywh_px;
  object.area_px = state.area_px;
  object.crowd = state.crowd;
  object.difficult = state.difficult;
  object.truncated = state.truncated;
  object.review = state.review;
  object.shape = std::move(state.shape);
}

// Texts of a block, taken one after the other.
class TextCursor {
 public:
  explicit TextCursor(const TextRows& rows) : rows_(rows) {}
  std::string_view next() {
    const uint32_t length = rows_.lengths.at(row_++);
    const auto text = std::string_view(rows_.heap).substr(at_, length);
    at_ += length;
    return text;
  }

 private:
  const TextRows& rows_;
  size_t row_ = 0;
  size_t at_ = 0;
};

class Reading {
 public:
  using Begin = std::function<void(ObjectTexts&, uint64_t)>;
  using Each = std::function<void(ObjectText&&)>;

  Reading(Connection& db, Sets&& sets, const Each& each)
      : db_(db), sets_(std::move(sets)), owners_(find_owners(db, sets_.sets)), each_(each) {}

  ObjectTexts read(std::unordered_map<ClassId, std::string>&& names, const Begin& begin) {
    texts_.class_names = std::move(names);
    texts_.sources = read_sources(db_, sets_.sets);
    texts_.highest_raw_id.assign(sets_.sets.size(), 0);
    for (ObjectRow& row : sets_.rows) changed_.emplace(row.object, &row);
    uint64_t at_most = sets_.rows.size();
    std::vector<std::vector<int32_t>> image_of_place;
    for (size_t s = 0; s < sets_.sets.size(); ++s) {
      at_most += static_cast<uint64_t>(sets_.sets[s].objects);
      image_of_place.push_back(read_images(s));
    }
    begin(texts_, at_most);
    for (size_t s = 0; s < sets_.sets.size(); ++s) read_objects(s, image_of_place[s]);
    for (ObjectRow& row : sets_.rows) {
      if (row.deleted || !changed_.contains(row.object)) continue;
      ObjectText object;
      object.id = row.object;
      put_state(object, std::move(row.state));
      each_(std::move(object));
    }
    return std::move(texts_);
  }

 private:
  // The image of each place in the set's list; -1: left out.
  std::vector<int32_t> read_images(size_t s) {
    const ObjectSet& set = sets_.sets[s];
    const std::shared_ptr<const ObjectSetIndex> index = read_set_index(db_, set.id);
    const TextRows raw = read_image_texts(db_, set.id);
    const std::vector<int32_t> documents = read_image_documents(db_, set.id);
    TextCursor texts(raw);
    std::vector<int32_t> image_of_place(index->image_samples.size(), -1);
    for (size_t place = 0; place < index->image_samples.size(); ++place) {
      const std::string_view text = texts.next();
      const SampleId sample = index->image_samples[place];
      if (!owners_.owns(sample, static_cast<int32_t>(s))) continue;
      image_of_place[place] = static_cast<int32_t>(texts_.images.size());
      texts_.images.push_back(
          {sample, static_cast<int32_t>(s), documents.at(place), std::string(text)});
    }
    return image_of_place;
  }

  void note_raw_id(size_t s, std::string_view raw_id) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(raw_id.data(), raw_id.data() + raw_id.size(), number);
    if (error != std::errc() || end != raw_id.data() + raw_id.size()) return;
    texts_.highest_raw_id[s] = std::max(texts_.highest_raw_id[s], number);
  }

  void read_objects(size_t s, const std::vector<int32_t>& image_of_place) {
    const ObjectSet& set = sets_.sets[s];
    const std::shared_ptr<const ObjectSetIndex> index = read_set_index(db_, set.id);
    ObjectBlockReader reader(db_, "objects", set.id, ObjectBlockKind::kAnnotations,
                             kBoxColumns | kShapeColumn | kRawColumns);
    ObjectBlock block;
    size_t row = 0;
    std::vector<int32_t> next_place(image_of_place.size(), 0);
    while (reader.next(block)) {
      TextCursor shapes(block.shape);
      TextCursor raw_ids(block.raw_id);
      TextCursor raws(block.raw);
      for (size_t i = 0; i < block.rows(); ++i, ++row) {
        const auto place = static_cast<size_t>(block.sample[i]);
        const std::string_view shape = shapes.next();
        const std::string_view raw_id = raw_ids.next();
        const std::string_view raw = raws.next();
        note_raw_id(s, raw_id);
        if (image_of_place.at(place) < 0) continue;
        ObjectText object;
        object.id = index->ids.at(row);
        object.image = image_of_place[place];
        object.place = next_place[place]++;
        object.class_id_given = block.class_id[i];
        ObjectState given;
        given.sample = index->image_samples[place];
        given.class_id = block.class_id[i];
        given.box_xywh_px = block.box[i];
        given.area_px = block.area[i];
        given.crowd = (block.flags[i] & kCrowdFlag) != 0;
        given.difficult = (block.flags[i] & kDifficultFlag) != 0;
        given.truncated = (block.flags[i] & kTruncatedFlag) != 0;
        given.shape = shape;
        const auto changed = changed_.find(object.id);
        if (changed == changed_.end()) {
          put_state(object, std::move(given));
        } else {
          ObjectRow& over = *changed->second;
          changed_.erase(changed);
          if (over.deleted) continue;
          put_state(object, std::move(over.state));
          object.differences = differences_of(object, given);
        }
        object.raw_id = raw_id;
        object.raw_text = raw;
        each_(std::move(object));
      }
    }
  }

  Connection& db_;
  Sets sets_;
  Owners owners_;
  std::unordered_map<ObjectId, ObjectRow*> changed_;
  const Each& each_;
  ObjectTexts texts_;
};

}  // namespace

ObjectTexts read_object_texts(Store& store, VersionId version) {
  std::vector<ObjectText> objects;
  ObjectTexts texts = read_object_texts(
      store, version, [](ObjectTexts&, uint64_t) {},
      [&](ObjectText&& object) { objects.push_back(std::move(object)); });
  texts.objects = std::move(objects);
  return texts;
}

ObjectTexts read_object_texts(Store& store, VersionId version,
                              const std::function<void(ObjectTexts&, uint64_t)>& begin,
                              const std::function<void(ObjectText&&)>& each) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  Sets sets;
  std::unordered_map<ClassId, std::string> names;
  if (version != 0) {
    sets.sets = read_version_sets(db, version);
    sets.rows = read_version_rows(db, version);
    names = read_version_names(db, version);
  } else {
    sets.sets = read_object_sets(db);
    sets.rows = read_object_rows(db);
    const ClassCodes codes = load_class_codes(db);
    for (const auto& [id, code] : codes.resolved_of) names.emplace(id, (*codes.dictionary)[code]);
  }
  return Reading(db, std::move(sets), each).read(std::move(names), begin);
}

}  // namespace errata::store
