// What the public views and table functions hold, one line a column: "= view", then "column:
// sentence".
#include <algorithm>

#include "base/text.h"
#include "store/sql.h"

namespace errata::store {

namespace {

constexpr std::string_view kDocs = R"doc(
= v_samples
id: Id of the sample in this store.
path: Path below the root; #n is appended for the n-th image of a container.
source: Name of the import it came with.
root: Folder that the path is relative to.
width: Width in pixels as stored, before the EXIF orientation.
height: Height in pixels as stored.
orientation: EXIF orientation, 1 to 8.
size_bytes: Size of the file; of the raw pixels in a container.
xxh3: XXH3 of the bytes, 16 hexadecimal digits.
split: Split, such as train, val or test; NULL: none.
label: Current label; NULL when there is none or more than one.
label_given: Label as imported; NULL when there is none or more than one.
labels: All current labels as a JSON array of names.
review: unseen, kept, relabelled, excluded or ambiguous.
excluded: 1: left out of versions and exports.
tags: Tags as a JSON array.
raw_id: The source's own id of the image.
attributes: Free columns as a JSON object.
present: 0: the file was gone at the last import of its source.
= v_annotations
sample_id: Sample that has, or was given, the label.
class_id: Id of the class in the project.
class: Name of the class.
given: 1: the source says so.
current: 1: it holds now.
= v_classes
id: Id of the class; the order of ids is the training order.
name: Name.
samples: Present samples that carry it now.
merged_into: Class it was merged into; NULL: it is in use.
= v_sources
id: Id of the source.
name: Name.
format: Importer that read it.
root: Folder that its paths are relative to.
input_path: What was named for the import.
samples: Present samples.
objects: Annotations it brought; NULL: it is no source of objects.
= v_source_classes
source: Name of the source.
position: Index of the class in the source, from 0.
name: Name in the source.
raw_id: The source's own id of the class.
class: Class of the project it means.
= v_edits
event: Number in the log, rising.
batch: What was done at once has one number.
kind: edit, undo, redo or class.
at: When, ISO 8601 UTC.
who: Who.
why: Why.
what: label, exclude, keep, tag, split, object-add, detection-keep, ... as `errata log` has it.
sample_id: Sample, that of the object for a change of one; NULL for a change of a class.
object_id: Object; NULL for other changes.
path: Its path.
from: Value before, with class names.
to: Value after.
undone_by: Batch that took it back; NULL: it stands.
= v_imports
batch: Number of the batch in the log.
at: When it began.
who: Who.
source: Name of the source.
finished: 0: it was interrupted.
report: Counts as a JSON object.
= v_runs
id: Id of the run.
name: Name.
kind: probabilities, top_one, embedding or detections.
model_path: Model file, or file of predictions.
model_sha256: SHA-256 of the model file.
preprocessing: Preprocessing as resolved, JSON.
options: Further options, JSON.
device: Device it ran on.
precision: fp32, bf16 or fp16.
batch_size: Effective batch.
seed: Seed.
trained_on: Filter for the samples that the model was trained on.
code_version: Version of Errata that made it.
who: Who.
embedding_columns: Length of an embedding; 0: none.
plan_rows: Samples it is to cover.
rows_done: Samples it has covered.
predicted: Samples with a prediction.
not_finite: Samples whose output was NaN or infinite.
unreadable: Samples that could not be read.
complete: 1: it ran to its end.
started_at: When it began.
finished_at: When it ended; empty: not yet.
detections: Detections it has; 0 for other kinds.
stage_columns: Values kept of the feature maps of the model's earlier stages; 0: none.
= v_run_classes
run: Name of the run.
position: Index of the class in the model, from 0.
name: Name in the model.
raw_id: The model's own id of the class.
class: Class of the project it means; NULL: the project lacks it.
= v_versions
id: Id of the version.
name: Name.
parent: Name of the version it was made after.
message: Why it was made.
who: Who.
created_at: When.
hash: errata1: and SHA-256 of its content.
recipe: How its splits were made, JSON.
samples: Number of samples.
= v_issues
id: Number of the issue.
job: import, predictions, infer, ...
origin: Name of the source or run.
severity: rejected or warning.
kind: Stable name of the kind.
file: File it was found in.
place: Where in it.
text: The offending text.
message: What is wrong.
fix: What to do.
= v_saved_views
name: Name.
filter: Filter.
sort: Sort.
options: Options, JSON.
= objects(run)
object_id: Id of the object.
sample_id: Sample it is in.
kind: given for an annotation, predicted for a detection; without a run, annotations only.
class: Class, corrections included.
confidence: Score of a detection.
x: Left edge in pixels.
y: Upper edge in pixels.
width: Width in pixels.
height: Height in pixels.
area_px: Area in pixels: the mask's where the source gives one.
crowd: 1: a region of many objects.
difficult: 1: marked difficult by the source.
truncated: 1: marked as cut off by the source.
review: unseen, kept, changed, added or ambiguous; NULL for a detection.
= object_scores(run)
run_name: Run whose detections were matched; without an argument, of every run that has any.
confidence_from: Detections below it were no errors and found nothing.
iou_from: Overlap from which a detection was right.
holds: 0: labels were changed since, or samples left out.
object_id: Annotation or detection.
sample_id: Sample it is in.
error: true, class, localisation, both, duplicate, background or missed, at these thresholds.
iou: Overlap with the object it was matched with.
matched: Object it was matched with.
label_doubt: How surely the label is wrong, 0 to 1.
doubt: class, place, spurious, copy or missing.
verdict: label, model or ambiguous.
suggested: Class that the label should have.
evidence: Object that speaks against the label.
= predictions(run)
sample_id: Sample.
class: Predicted class; NULL: no prediction.
class_index: Its index in the model, from 0.
confidence: Probability of the predicted class.
margin: Probability of the first class less that of the second.
entropy: Entropy of the probabilities in nats.
status: ok, unreadable, not_finite or no_prediction.
= probabilities(run)
sample_id: Sample.
class_index: Index of the class in the model, from 0.
probability: Probability of that class.
= embeddings(run)
sample_id: Sample.
embedding: BLOB of 32-bit floats, little-endian.
= scores(name, run)
sample_id: Sample.
value: Value of the stored score; run NULL or absent: of the project.
= version_samples(version)
sample_id: Sample it was made of.
path: Path it had then.
sha256: SHA-256 of its content, hexadecimal.
labels: Class names as a JSON array.
split: Split; NULL: none.
)doc";

std::vector<ViewColumnDoc> parse_docs() {
  std::vector<ViewColumnDoc> docs;
  std::string_view view;
  for (const std::string_view line : split_view(kDocs, '\n')) {
    if (line.starts_with("= ")) {
      view = line.substr(2);
    } else if (const size_t colon = line.find(": "); colon != std::string_view::npos) {
      docs.push_back({view, line.substr(0, colon), line.substr(colon + 2)});
    }
  }
  return docs;
}

}  // namespace

std::span<const ViewColumnDoc> public_view_docs() {
  static const std::vector<ViewColumnDoc> docs = parse_docs();
  return docs;
}

}  // namespace errata::store
