// What the panels of findings show: groups of copies, bad pictures, weak slices, label errors. Read
// from the columns that `errata find` and the menu Find have stored.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/ids.h"
#include "viewer/state/backend.h"

namespace errata::viewer {

// The pictures that hang together through copies of copies: column duplicate_chain.
struct CopyChain {
  int64_t number = -1;  // -1: none
  size_t pictures = 0;

  bool operator==(const CopyChain&) const = default;
};

struct CopyGroup {
  int64_t number = 0;             // column duplicate_group
  std::vector<RowIndex> members;  // the suggested ones to keep first
  size_t kept = 1;                // so many; more than one in stores of older searches
  bool conflict = false;          // members that are left have different labels
  bool leak = false;              // or are in different splits
  bool open = true;               // two or more are left that a person has not kept all
  CopyChain chain = {};           // that the group is in

  bool in_larger_chain() const { return chain.pictures > members.size(); }
};

// Two copies that no group has together.
struct CopyPairView {
  RowIndex a = 0;  // before b
  RowIndex b = 0;
  bool conflict = false;   // their labels differ
  bool leak = false;       // their splits do
  bool open = true;        // both are left, not both kept by a person, and one of the two holds
  int32_t hash_bits = -1;  // as store::CopyPair
  float similarity = 0;
  CopyChain chain = {};

  bool has(RowIndex row) const { return row == a || row == b; }
  RowIndex other(RowIndex row) const { return row == a ? b : a; }
};

struct CopiesAnswer {
  std::vector<CopyGroup> groups;  // open ones first; of those conflicts, then leaks
  size_t open = 0;                // groups
  size_t conflicts = 0;           // of the open ones
  size_t leaks = 0;
  size_t copies = 0;  // pictures that would go, of open groups whose labels agree

  bool pairs_known = false;         // false: of a search that kept none
  bool more_pairs = false;          // than a search keeps
  std::vector<CopyPairView> pairs;  // open ones first; of those conflicts, then leaks
  size_t open_pairs = 0;
  size_t pair_conflicts = 0;  // of the open ones
  size_t pair_leaks = 0;
};

struct QualityKindView {
  std::string column;
  std::string title;
  std::string meaning;
  double threshold = 0;  // bad below it
  size_t found = 0;      // less what was excluded
  bool common = false;   // more than half of all: how this set is
  std::string filter;
  std::vector<RowIndex> worst;  // at most kMostWorst, worst first

  static constexpr size_t kMostWorst = 60;
};

struct QualityAnswer {
  std::vector<QualityKindView> kinds;  // those that were measured; most found first, common last
  size_t measured = 0;                 // pictures
};

struct SliceView {
  std::string filter;
  uint64_t rows = 0;
  uint64_t confirmed_rows = 0;  // of the half that the numbers are of
  double accuracy = 0;
  double low = 0;
  double high = 0;
  double p_value = 1;
};

struct SlicesAnswer {
  std::string run;
  double accuracy = 0;  // of all
  uint64_t looked_at = 0;
  uint64_t groups = 0;
  int64_t label_revision = -1;  // that it was measured at; -1: not known
  std::string lacks;            // what would let it see more; may be empty
  std::vector<SliceView> slices;
};

struct LabelQueue {
  std::string title;  // "label wrong"; empty: all
  std::string filter;
  size_t found = 0;
  size_t decided = 0;
};

struct LabelsAnswer {
  // From `errata find labels`; otherwise from the run's own probabilities.
  bool combined = false;
  std::string sort;  // column
  bool descending = true;
  std::vector<LabelQueue> queues;  // the first is all suspects
};

struct FindingsState {
  std::shared_ptr<const CopiesAnswer> copies;    // null: not looked for, or not asked yet
  std::shared_ptr<const QualityAnswer> quality;  // the same
  std::shared_ptr<const SlicesAnswer> slices;    // the same
  size_t slices_relabelled = 0;                  // samples, since the slices were measured
  std::shared_ptr<const LabelsAnswer> labels;    // the same
  bool pending = false;

  bool between = false;        // the pairs between groups are shown, and keys act on those
  size_t group = 0;            // of copies->groups, the one that keys act on
  size_t pair = 0;             // of copies->pairs
  std::vector<RowIndex> kept;  // of the group or the pair, the pictures to keep
  bool show_group = false;     // the panel scrolls to it in the next frame
  std::string quality_kind;    // column of the kind whose pictures are shown; empty: the first

  bool keeps(RowIndex row) const { return std::find(kept.begin(), kept.end(), row) != kept.end(); }
};

}  // namespace errata::viewer
