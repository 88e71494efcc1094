// The text of labels of each image of a YOLO export.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "export/exporter.h"
#include "export/item_texts.h"
#include "export/yolo_dataset.h"

namespace errata::exports {

// Rows that the import did not take (repeats, classes that nobody knows, no numbers) stay where
// nothing is otherwise than it was: in files of which no row was changed, added or taken out, while
// the classes are the source's own. Elsewhere a repeat of a row that was changed, or an index that
// has a class by now, would come back as an object that nobody wants. Repeats of rows that are
// written as they came in stay everywhere.
class YoloLabels {
 public:
  YoloLabels(const ExportInput& input, const YoloDataset& dataset);

  // False when the item has no file of labels.
  bool text(size_t item, std::string& text) const;
  // Whether that text lacks rows of the source's that the import did not take.
  bool drops_rejected_rows(size_t item) const;
  // Objects whose row has the numbers of an earlier one's, as readers compare them: as float.
  std::vector<ObjectId> repeats(size_t item) const;

 private:
  struct Rows {
    std::vector<std::string> at_mark;  // by place in the source's text; empty: there is none
    std::vector<std::string> others;
    std::vector<std::string_view> as_before;  // of those at a mark, the ones nobody changed
    size_t marks = 0;

    bool all_as_before() const { return others.empty() && as_before.size() == marks; }
  };

  // Empty when the object is left out.
  std::string row(const ExportObject& object) const;
  // The class and the numbers of that row; empty when the object is left out.
  std::vector<float> values(const ExportObject& object) const;
  std::string_view source_text(size_t item) const;
  Rows rows_of(size_t item, std::string_view raw) const;
  // True when it left out rows that the import did not take.
  bool mend(std::string_view raw, const Rows& rows, bool keep_rejected, std::string& text) const;
  bool keeps_rejected_rows(size_t item, const Rows& rows) const;

  const ExportInput& input_;
  const YoloDataset& dataset_;
  ItemTexts texts_;
};

}  // namespace errata::exports
