#include "jobs/prediction_warnings.h"

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "query/filter.h"

namespace errata::jobs {

namespace {

constexpr size_t kMostNamed = 3;

struct SplitImages {
  size_t images = 0;
  size_t seen = 0;
};

}  // namespace

std::string class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                                const std::vector<std::string>& names) {
  const analysis::ClassOrder order = analysis::find_class_order(pairs, names.size());
  if (!order.doubtful) return {};
  std::string examples;
  size_t named = 0;
  for (size_t k = 0; k < order.label_of.size() && named < kMostNamed; ++k) {
    const int32_t label = order.label_of[k];
    if (label < 0 || static_cast<size_t>(label) == k) continue;
    examples += fmt::format("{}'{}' where the label is '{}'", named++ == 0 ? "" : ", ", names[k],
                            names[static_cast<size_t>(label)]);
  }
  return fmt::format(
      "the model's classes seem to stand in another order than their names: it says {}; {:.0f} % "
      "agree so, {:.0f} % as named. Attach its predictions again with the class names in the "
      "model's own order (--class-map FILE)",
      examples, order.as_found * 100, order.as_named * 100);
}

void add_class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                             const std::vector<std::string>& names,
                             std::vector<std::string>& warnings) {
  std::string warning = class_order_warning(pairs, names);
  if (!warning.empty()) warnings.push_back(std::move(warning));
}

std::string unseen_images_warning(const DetectionInput& input, const Table& samples) {
  if (input.detections.size() == 0) return {};
  std::vector<bool> seen(input.images, false);
  for (const int32_t image : input.detections.image) seen[static_cast<size_t>(image)] = true;
  // An image without a label has nothing to miss.
  std::vector<bool> labelled(input.images, false);
  for (const int32_t image : input.objects.image) labelled[static_cast<size_t>(image)] = true;
  const Column* split = samples.find("split");
  std::map<std::string_view, SplitImages> splits;
  size_t images = 0;
  size_t unseen = 0;
  for (size_t i = 0; i < input.images; ++i) {
    if (!labelled[i]) continue;
    ++images;
    if (!seen[i]) ++unseen;
    if (split == nullptr || split->is_null(input.samples[i])) continue;
    SplitImages& of = splits[split->text(input.samples[i])];
    ++of.images;
    if (seen[i]) ++of.seen;
  }
  std::string whole;
  std::string filter;
  for (const auto& [name, of] : splits) {
    if (of.seen > 0) continue;
    whole += fmt::format("{}'{}'", whole.empty() ? "" : " and ", name);
    filter += fmt::format("{}split != {}", filter.empty() ? "" : " and ", query::quote_text(name));
  }
  if (unseen == 0 || (whole.empty() && unseen * 10 < images)) return {};
  std::string text = fmt::format("{} of {} images with labels have no detection of this run",
                                 with_thousands(unseen), with_thousands(images));
  if (!whole.empty()) text += fmt::format(" (none in {})", whole);
  text += " and count as missed whole";
  if (!whole.empty()) {
    text += fmt::format("; if it never saw them, leave them out: {}", filter);
  }
  return text;
}

void add_detection_warnings(const DetectionInput& input, const Table& samples,
                            const analysis::DetectionConfusion& confusion,
                            std::vector<std::string>& warnings) {
  add_class_order_warning(analysis::class_pairs(confusion.counts, confusion.classes),
                          input.class_names, warnings);
  std::string unseen = unseen_images_warning(input, samples);
  if (!unseen.empty()) warnings.push_back(std::move(unseen));
}

}  // namespace errata::jobs
