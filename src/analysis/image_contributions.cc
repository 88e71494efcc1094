#include "analysis/image_contributions.h"

#include <algorithm>

namespace errata::analysis {

namespace {

constexpr int32_t kNoImage = -1;

struct Event {
  int32_t image = 0;
  bool found = false;
};

// The average precision of one class with any one image left out.
class ClassCurve {
 public:
  ClassCurve(std::vector<Event> events, size_t objects, std::span<const double> recalls)
      : events_(std::move(events)), objects_(objects), recalls_(recalls) {}

  // `objects` of that image; kNoImage: nothing is left out.
  double average_without(int32_t image, size_t objects) {
    precisions_.clear();
    size_t seen = 0;
    for (const Event& event : events_) {
      if (event.image == image) continue;
      ++seen;
      if (!event.found) continue;
      precisions_.push_back(static_cast<double>(precisions_.size() + 1) /
                            static_cast<double>(seen));
    }
    double sum = 0;
    precision_at_recalls(precisions_, objects_ - objects, recalls_,
                         [&](size_t, double at) { sum += at; });
    return sum / static_cast<double>(recalls_.size());
  }
  size_t objects() const { return objects_; }

 private:
  std::vector<Event> events_;  // surest first
  size_t objects_;
  std::span<const double> recalls_;
  std::vector<double> precisions_;
};

// Of one class: what its average is, and per image that has anything of it, what it is without.
struct ClassShare {
  double average = 0;
  struct Without {
    int32_t image = 0;
    double average = 0;
    bool gone = false;  // no object is left
  };
  std::vector<Without> without;
};

ClassShare share_of(std::vector<Event> events, const std::vector<int32_t>& object_images,
                    std::span<const double> recalls) {
  std::vector<int32_t> images = object_images;
  for (const Event& event : events) images.push_back(event.image);
  std::sort(images.begin(), images.end());
  images.erase(std::unique(images.begin(), images.end()), images.end());
  ClassShare share;
  ClassCurve curve(std::move(events), object_images.size(), recalls);
  share.average = curve.average_without(kNoImage, 0);
  for (const int32_t image : images) {
    const auto own =
        static_cast<size_t>(std::count(object_images.begin(), object_images.end(), image));
    const bool gone = own == curve.objects();
    share.without.push_back({image, gone ? 0 : curve.average_without(image, own), gone});
  }
  return share;
}

}  // namespace

std::vector<double> image_contributions(const DetectionSet& set, double overlap,
                                        const ParallelFor& parallel_for) {
  CocoOptions options;
  options.iou_thresholds = {overlap};
  options.area_ranges.resize(1);
  std::vector<std::vector<int32_t>> object_images(set.classes);
  for (size_t g = 0; g < set.objects.boxes.size(); ++g) {
    if (set.objects.crowd(g)) continue;
    object_images[static_cast<size_t>(set.objects.boxes.class_index[g])].push_back(
        set.objects.boxes.image[g]);
  }
  std::vector<ClassShare> shares(set.classes);
  match_coco(set, options, parallel_for, [&](size_t k, const ClassMatches& matches) {
    if (object_images[k].empty()) return;
    std::vector<Event> events;
    for (const uint32_t at : matches.order) {
      if ((matches.found[at] | matches.mistaken[at]) == 0) continue;
      events.push_back(
          {set.detections.boxes.image[matches.detections[at]], matches.found[at] != 0});
    }
    shares[k] = share_of(std::move(events), object_images[k], options.recall_thresholds);
  });
  double sum = 0;
  double classes = 0;
  for (size_t k = 0; k < set.classes; ++k) {
    if (object_images[k].empty()) continue;
    sum += shares[k].average;
    classes += 1;
  }
  std::vector<double> changed(set.images, 0);
  std::vector<double> lost(set.images, 0);
  for (const ClassShare& share : shares) {
    for (const ClassShare::Without& each : share.without) {
      changed[static_cast<size_t>(each.image)] += each.average - share.average;
      lost[static_cast<size_t>(each.image)] += each.gone ? 1 : 0;
    }
  }
  std::vector<double> result(set.images, 0);
  for (size_t image = 0; image < set.images; ++image) {
    if (changed[image] == 0 && lost[image] == 0) continue;
    const double left = classes - lost[image];
    result[image] = sum / classes - (left > 0 ? (sum + changed[image]) / left : 0);
  }
  return result;
}

}  // namespace errata::analysis
