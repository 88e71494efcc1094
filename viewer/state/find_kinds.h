// What can be looked for: one line each, from which the menu Find, its forms, their jobs and the
// panels that show what was found are made.
#pragma once

#include <array>
#include <string_view>

#include "viewer/state/app_state.h"

namespace errata::viewer {

struct FindKind {
  Overlay form;
  std::string_view id;       // the command is "find." + id
  std::string_view title;    // of the command, without dots
  std::string_view action;   // on the form's button
  std::string_view help;     // of the command
  std::string_view job;      // title of the job
  std::string_view command;  // what shows the results; empty: a table does
  bool needs_embeddings = false;
  bool needs_run = false;  // of predictions
};

inline constexpr std::array kFindKinds{
    FindKind{Overlay::kFindLabels, "labels", "Find label errors", "Find",
             "Labels that the evidence speaks against, worst first", "find label errors",
             "panel.labels", false, true},
    FindKind{Overlay::kFindDuplicates, "duplicates", "Find duplicates", "Find",
             "The same picture more than once, also in another file or split", "find duplicates",
             "panel.duplicates"},
    FindKind{Overlay::kFindQuality, "quality", "Find bad pictures", "Find",
             "Dark, light, blurry, empty, oddly shaped or without colour", "find bad pictures",
             "panel.quality"},
    FindKind{Overlay::kFindOutliers, "outliers", "Find outliers", "Find",
             "Pictures that look like no other", "find outliers", "view.outliers", true},
    FindKind{Overlay::kFindSlices, "slices", "Find weak slices", "Find",
             "Groups of samples on which the model is worse than on the others", "find weak slices",
             "panel.slices", false, true},
    FindKind{Overlay::kFindDataset, "dataset", "Check the dataset as a whole", "Check",
             "Rare classes, an order that is not random, properties that give labels away",
             "check the dataset", ""},
    FindKind{Overlay::kProbe, "probe", "Make out-of-sample probabilities", "Make them",
             "A classifier on the embeddings, each sample judged by a part that did not see it",
             "probe", "view.mistakes", true},
    FindKind{Overlay::kMap, "map", "Make a map", "Make it",
             "All samples in the plane, those that look alike together", "make the map",
             "panel.map", true},
};

constexpr const FindKind* find_kind(Overlay form) {
  for (const FindKind& kind : kFindKinds) {
    if (kind.form == form) return &kind;
  }
  return nullptr;
}

// Why it cannot be started now: one sentence that says what is lacking; empty when nothing is.
std::string what_is_lacking(const FindKind& kind, const AppState& state);

}  // namespace errata::viewer
