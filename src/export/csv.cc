#include "export/csv.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/files.h"
#include "export/layout.h"
#include "export/manifest.h"
#include "export/names.h"

namespace errata::exports {

namespace {

constexpr std::string_view kImageFolder = "images";

bool has_members(const ExportInput& input) {
  return std::any_of(input.items.begin(), input.items.end(),
                     [](const ExportItem& item) { return item.member >= 0; });
}

std::string column_title(const std::string& name) {
  constexpr std::array<std::string_view, 4> kOwn{"path", "label", "split", "member"};
  const bool taken = std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
  return taken ? "attr." + name : name;
}

class Csv : public ExportFormat {
 public:
  std::string_view name() const override { return "csv"; }
  std::string_view description() const override {
    return "a table of path, label, split and free columns, with the images beside it";
  }
  bool supports(FileMode) const override { return true; }
  Layout plan(const ExportInput& input, const ExportOptions& options,
              IssueLog& issues) const override;
  void write_tables(const ExportInput& input, const ExportOptions& options, const Layout& layout,
                    std::span<const uint8_t> written, const std::string& folder) const override;
};

Layout Csv::plan(const ExportInput& input, const ExportOptions& options, IssueLog&) const {
  Layout layout;
  layout.description = "table";
  if (options.files == FileMode::kNone) {
    layout.paths.resize(input.items.size());
    return layout;
  }
  const std::vector<std::string> class_folders = safe_folders(input.class_names);
  std::vector<std::string> folder_of_item;
  folder_of_item.reserve(input.items.size());
  const std::string images(kImageFolder);
  for (const ExportItem& item : input.items) {
    folder_of_item.push_back(images + "/" +
                             (item.label == kNoClass
                                  ? std::string(kUnlabelledFolder)
                                  : class_folders[static_cast<size_t>(item.label)]));
  }
  layout.folders = folder_of_item;
  layout.folders.push_back(images);
  std::sort(layout.folders.begin(), layout.folders.end());
  layout.folders.erase(std::unique(layout.folders.begin(), layout.folders.end()),
                       layout.folders.end());
  layout.paths = place_files(input, folder_of_item);
  return layout;
}

void Csv::write_tables(const ExportInput& input, const ExportOptions& options, const Layout& layout,
                       std::span<const uint8_t> written, const std::string& folder) const {
  const bool in_place = options.files == FileMode::kNone;
  const bool with_member = in_place && has_members(input);
  std::string table = with_member ? "path,member,label,split" : "path,label,split";
  for (const ExportColumn& column : input.columns) {
    if (column.values.size() != input.items.size()) {
      throw Error(ErrorCategory::kInternal, "an export column of a wrong length: " + column.name);
    }
    table += ',';
    append_csv_field(table, column_title(column.name));
  }
  table += '\n';
  for (size_t i = 0; i < input.items.size(); ++i) {
    if (written[i] == 0) continue;
    const ExportItem& item = input.items[i];
    append_csv_field(table, in_place ? item.absolute_path : layout.paths[i]);
    table += ',';
    if (with_member) {
      if (item.member >= 0) table += std::to_string(item.member);
      table += ',';
    }
    if (item.label != kNoClass) {
      append_csv_field(table, input.class_names[static_cast<size_t>(item.label)]);
    }
    table += ',';
    if (item.split >= 0) {
      append_csv_field(table, input.split_names[static_cast<size_t>(item.split)]);
    }
    for (const ExportColumn& column : input.columns) {
      table += ',';
      append_csv_field(table, column.values[i]);
    }
    table += '\n';
  }
  write_plain_file(join_path(folder, kTableFile), table);
}

}  // namespace

const ExportFormat& csv_format() {
  static const Csv format;
  return format;
}

}  // namespace errata::exports
