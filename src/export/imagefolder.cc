#include "export/imagefolder.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "export/layout.h"
#include "export/names.h"

namespace errata::exports {

namespace {

// torchvision.datasets.folder.IMG_EXTENSIONS
constexpr std::array<std::string_view, 9> kReadByTorchvision{
    ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"};

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

class ImageFolder : public ExportFormat {
 public:
  std::string_view name() const override { return "imagefolder"; }
  std::string_view description() const override {
    return "one folder per class, as torchvision's ImageFolder reads it, below one per split";
  }
  Layout plan(const ExportInput& input, const ExportOptions& options,
              IssueLog& issues) const override;
  void write_tables(const ExportInput&, const ExportOptions&, const Layout&,
                    std::span<const uint8_t>, const std::string&) const override {}
};

// Each split's folder, then the one for no split where it is needed; "" when there are no splits.
std::vector<std::string> top_folders(const ExportInput& input, Layout& layout) {
  const bool has_splits = std::any_of(input.items.begin(), input.items.end(),
                                      [](const ExportItem& item) { return item.split >= 0; });
  if (!has_splits) {
    layout.description = "class/file";
    return {""};
  }
  layout.description = "split/class/file";
  layout.split_folders = safe_folders(input.split_names);
  std::vector<std::string> tops = layout.split_folders;
  const bool some_in_none = std::any_of(input.items.begin(), input.items.end(),
                                        [](const ExportItem& item) { return item.split < 0; });
  if (some_in_none) {
    layout.no_split_folder = kNoSplitFolder;
    tops.push_back(layout.no_split_folder);
  }
  return tops;
}

void warn_of_empty_folders(const ExportInput& input, const Layout& layout,
                           const std::vector<std::string>& folder_of_item, IssueLog& issues) {
  std::vector<std::string> used = folder_of_item;
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (const std::string& folder : layout.folders) {
    const bool is_class = layout.description == "class/file" || folder.find('/') != folder.npos;
    if (!is_class || std::binary_search(used.begin(), used.end(), folder)) continue;
    issues.warn("empty-class-folder", folder, {}, {},
                "a class without a sample keeps its folder, so that class numbers stay the same",
                "read it with ImageFolder(..., allow_empty=True)");
  }
  if (input.class_names.empty()) {
    issues.warn("no-classes", {}, {}, {}, "the dataset has no classes",
                "ImageFolder does not read images without class folders");
  }
}

void warn_of_extensions(const ExportInput& input, const Layout& layout, IssueLog& issues) {
  for (size_t i = 0; i < input.items.size(); ++i) {
    const std::string ext = extension(layout.paths[i]);
    if (std::find(kReadByTorchvision.begin(), kReadByTorchvision.end(), ext) !=
        kReadByTorchvision.end()) {
      continue;
    }
    issues.warn("unread-extension", layout.paths[i], {}, ext,
                "torchvision's ImageFolder passes over files with this extension",
                "convert the image, or give ImageFolder an is_valid_file of your own");
  }
}

Layout ImageFolder::plan(const ExportInput& input, const ExportOptions&, IssueLog& issues) const {
  Layout layout;
  layout.class_folders = safe_folders(input.class_names);
  const std::vector<std::string> tops = top_folders(input, layout);
  const bool some_unlabelled =
      std::any_of(input.items.begin(), input.items.end(),
                  [](const ExportItem& item) { return item.label == kNoClass; });
  if (some_unlabelled) layout.unlabelled_folder = kUnlabelledFolder;

  for (const std::string& top : tops) {
    if (!top.empty()) layout.folders.push_back(top);
    for (const std::string& folder : layout.class_folders) {
      layout.folders.push_back(below(top, folder));
    }
  }
  std::vector<std::string> folder_of_item;
  folder_of_item.reserve(input.items.size());
  std::vector<uint8_t> top_has_unlabelled(tops.size(), 0);
  for (const ExportItem& item : input.items) {
    const size_t top = item.split >= 0 ? static_cast<size_t>(item.split) : tops.size() - 1;
    const bool labelled = item.label != kNoClass;
    if (!labelled) top_has_unlabelled[top] = 1;
    folder_of_item.push_back(
        below(tops[top], labelled ? layout.class_folders[static_cast<size_t>(item.label)]
                                  : layout.unlabelled_folder));
  }
  warn_of_empty_folders(input, layout, folder_of_item, issues);
  for (size_t top = 0; top < tops.size(); ++top) {
    if (top_has_unlabelled[top] != 0) {
      layout.folders.push_back(below(tops[top], layout.unlabelled_folder));
    }
  }
  layout.paths = place_files(input, folder_of_item);
  warn_of_extensions(input, layout, issues);
  return layout;
}

}  // namespace

const ExportFormat& imagefolder_format() {
  static const ImageFolder format;
  return format;
}

}  // namespace errata::exports
