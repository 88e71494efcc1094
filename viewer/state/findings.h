// Computes what the panels of findings show: pure, off the window's thread. Each is null when the
// columns that it reads are not there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"
#include "store/copy_pairs.h"
#include "viewer/state/findings_state.h"

namespace errata::viewer {

// Which members of a group of copies stay and which would go. What a person kept stays.
class CopyChoice {
 public:
  explicit CopyChoice(const Table& samples);

  bool excluded(RowIndex row) const;
  bool kept(RowIndex row) const;  // by a person
  // Of the members that are left: those that a person kept and those suggested to stay, of which
  // the others are copies; else the first. Empty only where none is left.
  std::vector<RowIndex> staying(const CopyGroup& group) const;
  // The others that are left.
  std::vector<RowIndex> going(const CopyGroup& group) const;

 private:
  std::vector<RowIndex> left(const CopyGroup& group) const;

  const Column* excluded_;
  const Column* review_;
  int32_t excluded_code_ = -1;
  int32_t kept_code_ = -1;
};

// The one to keep is the one that the job suggests (column duplicate_kept), else the largest, else
// the first. `pairs`: those between groups; null where the search kept none.
std::shared_ptr<const CopiesAnswer> answer_copies(
    const Table& samples, const std::vector<store::CopyPair>* pairs = nullptr);
std::shared_ptr<const QualityAnswer> answer_quality(const Table& samples);
// From the options of the saved view that the job leaves behind; null for another text.
std::shared_ptr<const SlicesAnswer> read_slices(std::string_view options_json);
// `verdicts`: those of `errata find labels` before any label was changed, which a relabelled sample
// no longer has in `samples` and counts by; null: as `samples` has them.
std::shared_ptr<const LabelsAnswer> answer_labels(const Table& samples,
                                                  const Column* verdicts = nullptr);

// The other members of a sample's group of copies; empty without one.
std::vector<RowIndex> copies_of(const Table& samples, RowIndex row);

// The suggestion of `errata find labels` and the belief in it, where that is more than in the
// label.
struct EvidenceSuggestion {
  std::string_view label;
  float belief = 0;
};
// Those of `errata find labels`; null where it did not run.
struct EvidenceColumns {
  const Column* error = nullptr;
  const Column* belief = nullptr;
  const Column* suggested = nullptr;
};
EvidenceColumns evidence_columns(const Table& samples);
std::optional<EvidenceSuggestion> evidence_suggestion(const EvidenceColumns& columns, RowIndex row);

// What Enter makes the label: evidence_suggestion(), else what the active run predicts. nullopt
// when neither says anything.
std::optional<std::string_view> suggested_label(const Table& samples, RowIndex row);

// The kinds of bad picture that a sample is: "dark", "odd size"; empty for none or not measured.
std::vector<std::string> quality_words(const QualityAnswer& quality, const Table& samples,
                                       RowIndex row);

}  // namespace errata::viewer
