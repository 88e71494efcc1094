#include "export/losses.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/error.h"
#include "export/json_edit.h"
#include "text/xml.h"

namespace errata::exports {

namespace {

constexpr std::array<std::string_view, 9> kCocoKnown{"id",           "image_id",  "category_id",
                                                     "bbox",         "area",      "iscrowd",
                                                     "segmentation", "keypoints", "num_keypoints"};
constexpr std::array<std::string_view, 4> kVocKnown{"name", "bndbox", "difficult", "truncated"};

template <size_t N>
bool is_known(const std::array<std::string_view, N>& known, std::string_view key) {
  return std::find(known.begin(), known.end(), key) != known.end();
}

bool has_more_in_coco(std::string_view raw) {
  const size_t begin = raw.find('{');
  if (begin == std::string_view::npos) return false;
  const JsonMembers members(raw.substr(begin));
  const auto keys = members.keys();
  return std::any_of(keys.begin(), keys.end(),
                     [](std::string_view key) { return !is_known(kCocoKnown, key); });
}

bool has_more_in_voc(std::string_view raw) {
  try {
    for (const text::XmlElement& child : text::parse_xml(raw, "").children) {
      if (is_known(kVocKnown, child.name)) continue;
      if (child.name == "pose" && (child.text.empty() || child.text == "Unspecified")) continue;
      return true;
    }
  } catch (const Error&) {
    return true;
  }
  return false;
}

}  // namespace

Loss& Losses::of(std::string_view kind, std::string_view what) {
  const auto found = std::find_if(losses_.begin(), losses_.end(),
                                  [&](const Loss& loss) { return loss.kind == kind; });
  if (found != losses_.end()) return *found;
  return losses_.emplace_back(Loss{std::string(kind), std::string(what), {}, {}});
}

void Losses::add_object(std::string_view kind, std::string_view what, ObjectId id) {
  of(kind, what).objects.push_back(id);
}

void Losses::leave_out_object(std::string_view kind, std::string_view what, ObjectId id) {
  Loss& loss = of(kind, what);
  loss.left_out = true;
  loss.objects.push_back(id);
}

void Losses::add_sample(std::string_view kind, std::string_view what, SampleId id) {
  of(kind, what).samples.push_back(id);
}

std::vector<Loss> Losses::take() {
  for (Loss& loss : losses_) {
    for (std::vector<int64_t>* ids : {&loss.objects, &loss.samples}) {
      std::sort(ids->begin(), ids->end());
      ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
    }
  }
  return std::move(losses_);
}

std::vector<uint8_t> written_objects(const ExportInput& input, std::span<const uint8_t> written,
                                     std::span<const Loss> losses) {
  std::unordered_set<ObjectId> left_out;
  for (const Loss& loss : losses) {
    if (loss.left_out) left_out.insert(loss.objects.begin(), loss.objects.end());
  }
  std::vector<uint8_t> result;
  result.reserve(input.objects.objects.size());
  for (const ExportObject& object : input.objects.objects) {
    result.push_back(written[object.item] != 0 && !left_out.contains(object.id) ? 1 : 0);
  }
  return result;
}

void add_label_losses(const ExportInput& input, Losses& losses) {
  for (const ExportItem& item : input.items) {
    if (item.label == kNoClass && !item.several_labels) continue;
    losses.add_sample("label", "labels of whole images: only objects are written", item.sample);
  }
}

void add_field_losses(const ExportInput& input, std::string_view own_format, Losses& losses) {
  for (const ExportObject& object : input.objects.objects) {
    const ObjectSource* source = input.objects.source_of(object);
    if (source == nullptr || source->format == own_format || object.raw_text.empty()) continue;
    const bool more = source->format == "coco"  ? has_more_in_coco(object.raw_text)
                      : source->format == "voc" ? has_more_in_voc(object.raw_text)
                                                : false;
    if (!more) continue;
    losses.add_object("other-fields",
                      "fields that only the source's own format has (its poses, parts, scores ...)",
                      object.id);
  }
}

}  // namespace errata::exports
