// What was judged of labels, kept as columns of the project.
#pragma once

#include "jobs/label_evidence.h"
#include "query/selection.h"

namespace errata::jobs {

// Keeps label_error, p_suggested, suggested and verdict of the samples looked at, made for the
// labels of the snapshot: all four or, where that fails, none. Samples outside `asked` keep what
// was stored of them for the labels that it was made for (store::update_score_columns()); those in
// it of which nothing was judged have nothing. Stores nothing where nothing was judged.
void store_judged_labels(store::Store& store, const Snapshot& snapshot,
                         const query::Selection& asked, const JudgedLabels& judged);

}  // namespace errata::jobs
