#include "export/item_texts.h"

#include <cmath>

namespace errata::exports {

ItemTexts texts_by_item(const ExportInput& input, std::string_view format) {
  const ExportObjects& all = input.objects;
  ItemTexts texts;
  texts.image.assign(input.items.size(), -1);
  texts.objects.resize(input.items.size());
  for (size_t i = 0; i < all.images.size(); ++i) {
    const SourceImage& image = all.images[i];
    const bool own = all.sources[static_cast<size_t>(image.source)].format == format;
    if (own && texts.image[image.item] < 0) texts.image[image.item] = static_cast<int32_t>(i);
  }
  for (size_t i = 0; i < all.objects.size(); ++i) {
    texts.objects[all.objects[i].item].push_back(static_cast<uint32_t>(i));
  }
  return texts;
}

void for_each_piece(std::string_view raw, const std::function<void(std::string_view)>& text,
                    const std::function<void(size_t)>& mark) {
  size_t at = 0;
  for (size_t n = 0;; ++n) {
    const size_t end = raw.find(SourceHeader::kObjectsMark, at);
    text(raw.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) return;
    mark(n);
    at = end + 1;
  }
}

bool number_read_as(double wanted, double first, const std::function<double(double)>& read,
                    double& number) {
  number = first;
  if (read(number) == wanted) return true;
  double below = first;
  double above = first;
  constexpr int kNeighbours = 4;
  for (int i = 0; i < kNeighbours; ++i) {
    below = std::nextafter(below, -INFINITY);
    above = std::nextafter(above, INFINITY);
    for (const double each : {below, above}) {
      if (read(each) != wanted) continue;
      number = each;
      return true;
    }
  }
  return false;
}

}  // namespace errata::exports
