// A random sample that is reviewed whole, and what it says of all: how many labels are wrong, and
// how good the model is with the labels corrected, without the bias of corrections that were made
// where label and model differ. Of a run of detections the samples are images.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/audit_estimate.h"
#include "analysis/detection_audit.h"
#include "jobs/job_context.h"
#include "jobs/judge_columns.h"
#include "model/columns.h"
#include "query/selection.h"
#include "store/store.h"

namespace errata::jobs {

// The tag of those that were drawn, and the name of the saved view that says how.
inline constexpr const char* kAuditTag = "audit";

// In random order: the first `size` of a shuffle of all that the filter selects, less the excluded.
std::vector<SampleId> draw_audit_sample(const Table& samples, const std::string& filter,
                                        size_t size, uint64_t seed);
// A seed for a drawing that names none.
uint64_t audit_seed_by_clock();
// Rows of samples with the tag.
std::vector<RowIndex> tagged_rows(const Table& samples, std::string_view tag);

// Those that carry the tag of the audit, and which of them were decided.
struct DrawnSamples {
  std::vector<RowIndex> rows;
  size_t reviewed = 0;
  std::vector<uint8_t> is_reviewed;  // per row of samples
};
DrawnSamples drawn_samples(const Table& samples);

// How the audit of a store was drawn.
struct AuditDrawing {
  std::string population;  // filter; empty: all
  uint64_t size = 0;
  uint64_t seed = 0;
  uint64_t samples = 0;  // audit_fingerprint of those drawn; 0 of a drawing that kept none
  SampleId newest = 0;   // the highest id that a sample had then; 0 of a drawing that kept none
};
SampleId newest_sample(const Table& samples);
// The sample was not there to be drawn, as far as the drawing says.
bool came_after(const AuditDrawing& drawing, SampleId sample);
// Takes out of `population` what the drawn samples do not stand for, unless it was drawn itself:
// excluded samples, and those that came after the drawing. How many of the latter there were.
size_t leave_out_undrawable(const AuditDrawing& drawing, std::span<const RowIndex> drawn,
                            const Table& samples, query::Selection& population);
// Of samples in any order; never 0.
uint64_t audit_fingerprint(std::span<const SampleId> drawn);
// The samples with the tag are those that were drawn, as far as the drawing says.
bool is_tagged(const AuditDrawing& drawing, const Table& samples);
std::optional<AuditDrawing> read_audit_drawing(store::Store& store);
// The options of the saved view, and back: Error(kBadInput) for those of another.
std::string audit_options_json(const AuditDrawing& drawing);
AuditDrawing audit_drawing(const std::string& options_json);

struct AuditDrawOptions {
  std::string store_path = "errata.db";
  std::string where;  // of samples; empty: all
  size_t size = 200;
  std::optional<uint64_t> seed;  // nothing: by the clock
  bool replace = false;          // an audit that was begun is dropped
  std::string who;
};
struct AuditDrawReport {
  AuditDrawing drawing;
  size_t population = 0;  // that could be drawn
  size_t drawn = 0;
};
// Tags them as one batch and saves the view. Error(kConflict) where an audit is there and not
// replaced; Error(kNotFound) where nothing can be drawn; FilterError.
AuditDrawReport draw_audit(const AuditDrawOptions& options);

struct AuditOptions {
  std::string store_path = "errata.db";
  std::string run;           // empty: the newest
  double confidence = 0.25;  // of detections, as JudgeOptions has them
  double overlap = 0.5;
};
struct AuditReport {
  AuditDrawing drawing;
  std::string run;
  size_t population = 0;  // samples
  size_t drawn = 0;       // that are still there
  size_t reviewed = 0;
  bool detections = false;
  // Once all that were drawn are reviewed.
  analysis::AuditCounts counts;
  std::optional<analysis::AuditEstimate> labels;
  std::optional<analysis::DetectionAudit> boxes;
  std::vector<std::string> warnings;
};
// Error(kNotFound) where none was drawn, or the store has no run with predictions; Error(kConflict)
// where not all that were drawn carry the tag.
AuditReport read_audit(const AuditOptions& options, JobContext& context);

// One for each image of the input. `now` and `before` are of the same samples, with the annotations
// as they are and as they were imported; `objects` and `imported` the tables they were made from.
// `audited`: per sample row, whether it was drawn and reviewed.
std::vector<analysis::ImageAudit> image_audits(const DetectionInput& now, const Table& objects,
                                               const DetectionInput& before, const Table& imported,
                                               double confidence, double overlap,
                                               const std::vector<uint8_t>& audited,
                                               const ParallelFor& parallel_for);

}  // namespace errata::jobs
