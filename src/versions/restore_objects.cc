#include "versions/restore_objects.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "store/classes.h"

namespace errata::versions {

namespace {

using store::ObjectState;
using store::ObjectText;

ObjectState state_of_text(const ObjectText& object, SampleId sample, ClassId class_id) {
  ObjectState state;
  state.sample = sample;
  state.class_id = class_id;
  state.box_xywh_px = object.box_xywh_px;
  state.area_px = object.area_px;
  state.crowd = object.crowd;
  state.difficult = object.difficult;
  state.truncated = object.truncated;
  state.review = object.review;
  state.shape = object.shape;
  return state;
}

// What a version's hash knows of an object; the class as the project has it now.
using Content = std::tuple<SampleId, ClassId, std::array<double, 4>, int, std::string_view>;
Content content_of(const ObjectText& object, SampleId sample, ClassId class_id) {
  const int marks =
      (object.crowd ? 1 : 0) + (object.difficult ? 2 : 0) + (object.truncated ? 4 : 0);
  return {sample, class_id, object.box_xywh_px, marks, object.shape};
}

std::unordered_map<std::string_view, ClassId> ids_by_name(std::span<const std::string> names,
                                                          std::span<const ClassId> ids) {
  std::unordered_map<std::string_view, ClassId> by_name;
  for (size_t c = 0; c < names.size(); ++c) by_name.emplace(names[c], ids[c]);
  return by_name;
}

// The classes of objects as the project has them now.
class ClassesNow {
 public:
  ClassesNow(const store::ObjectTexts& texts, std::span<const std::string> names,
             std::span<const ClassId> ids) {
    const auto by_name = ids_by_name(names, ids);
    for (const auto& [id, name] : texts.class_names) {
      const auto found = by_name.find(name);
      if (found != by_name.end()) now_.emplace(id, found->second);
    }
  }
  ClassId of(ClassId id) const {
    const auto found = now_.find(id);
    return found == now_.end() ? 0 : found->second;
  }

 private:
  std::unordered_map<ClassId, ClassId> now_;
};

class Restoring {
 public:
  Restoring(store::Store& store, const store::ObjectTexts& version,
            const std::unordered_map<SampleId, SampleId>& sample_now,
            std::span<const std::string> class_names, std::span<const ClassId> class_ids,
            RestoreReport& report)
      : version_(version),
        now_(store::read_object_texts(store, 0)),
        sample_now_(sample_now),
        then_classes_(version, class_names, class_ids),
        report_(report) {
    std::vector<std::string> names;
    std::vector<ClassId> ids;
    for (const store::ProjectClass& each : store::list_classes(store)) {
      names.push_back(each.name);
      ids.push_back(each.id);
    }
    now_classes_ = ClassesNow(now_, names, ids);
  }

  std::vector<store::ObjectEdit> edits() {
    for (const auto& [then, now] : sample_now_) restored_samples_.emplace(now, true);
    for (const ObjectText& object : now_.objects) {
      if (restored_samples_.contains(object.sample)) there_.emplace(object.id, &object);
    }
    pair_by_id();
    pair_by_content();
    for (const ObjectText* object : missing_) bring_back(*object);
    for (const auto& [id, object] : there_) {
      ++report_.objects_deleted;
      edits_.push_back({.kind = store::ObjectEditKind::kDelete, .object = id});
    }
    return std::move(edits_);
  }

 private:
  SampleId sample_of(const ObjectText& object) const {
    const auto found = sample_now_.find(object.sample);
    return found == sample_now_.end() ? 0 : found->second;
  }
  // The version's state, with the class id it had where that is the same class still.
  ObjectState wanted(const ObjectText& object) const {
    const ClassId now = then_classes_.of(object.class_id);
    const bool same = now_classes_.of(object.class_id) == now;
    return state_of_text(object, sample_of(object), same ? object.class_id : now);
  }

  void pair_by_id() {
    for (const ObjectText& object : version_.objects) {
      const SampleId sample = sample_of(object);
      if (sample == 0) continue;
      const auto found = there_.find(object.id);
      if (found == there_.end() || found->second->sample != sample) {
        missing_.push_back(&object);
        continue;
      }
      const ObjectText& now = *found->second;
      there_.erase(found);
      const ClassId then_class = then_classes_.of(object.class_id);
      const ClassId now_class = now_classes_.of(now.class_id);
      if (now.area_px == object.area_px &&
          content_of(now, sample, now_class) == content_of(object, sample, then_class)) {
        continue;
      }
      ++report_.objects_changed;
      edits_.push_back(
          {.kind = store::ObjectEditKind::kRestore, .object = object.id, .state = wanted(object)});
    }
  }

  // After an import that gave new ids, or of a sample found by its content.
  void pair_by_content() {
    std::multimap<Content, ObjectId> by_content;
    for (const auto& [id, object] : there_) {
      by_content.emplace(content_of(*object, object->sample, now_classes_.of(object->class_id)),
                         id);
    }
    // First those with the same area, which is no part of the content but is exported.
    for (const bool same_area : {true, false}) {
      std::erase_if(missing_, [&](const ObjectText* object) {
        const auto [begin, end] = by_content.equal_range(
            content_of(*object, sample_of(*object), then_classes_.of(object->class_id)));
        const auto found = std::find_if(begin, end, [&](const auto& each) {
          return !same_area || there_.at(each.second)->area_px == object->area_px;
        });
        if (found == end) return false;
        if (!same_area) restore_area(*object, found->second);
        there_.erase(found->second);
        by_content.erase(found);
        return true;
      });
    }
  }

  void restore_area(const ObjectText& then, ObjectId now) {
    ++report_.objects_changed;
    const ObjectText& object = *there_.at(now);
    ObjectState state = state_of_text(object, object.sample, object.class_id);
    state.area_px = then.area_px;
    edits_.push_back(
        {.kind = store::ObjectEditKind::kRestore, .object = now, .state = std::move(state)});
  }

  void bring_back(const ObjectText& object) {
    ++report_.objects_returned;
    store::ObjectEdit edit;
    edit.kind = store::ObjectEditKind::kRestore;
    // In another sample it is another object: the old one's source knows it in the old one.
    edit.object = sample_of(object) == object.sample ? object.id : 0;
    edit.state = wanted(object);
    edits_.push_back(std::move(edit));
  }

  const store::ObjectTexts& version_;
  const store::ObjectTexts now_;
  const std::unordered_map<SampleId, SampleId>& sample_now_;
  ClassesNow then_classes_;
  ClassesNow now_classes_{{}, {}, {}};
  RestoreReport& report_;
  std::unordered_map<SampleId, bool> restored_samples_;
  std::map<ObjectId, const ObjectText*> there_;  // what the version is not found to have, so far
  std::vector<const ObjectText*> missing_;
  std::vector<store::ObjectEdit> edits_;
};

}  // namespace

std::vector<store::ObjectEdit> restored_objects(
    store::Store& store, const store::ObjectTexts& version,
    const std::unordered_map<SampleId, SampleId>& sample_now,
    std::span<const std::string> class_names, std::span<const ClassId> class_ids,
    RestoreReport& report) {
  return Restoring(store, version, sample_now, class_names, class_ids, report).edits();
}

}  // namespace errata::versions
