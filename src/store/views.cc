#include "store/schema.h"
#include "store/sql.h"

namespace errata::store {

namespace {

constexpr std::string_view kViews = R"sql(
DROP VIEW IF EXISTS v_samples;
CREATE VIEW v_samples AS
SELECT s.id AS id,
  CASE WHEN s.member < 0 THEN s.path ELSE s.path || '#' || s.member END AS path,
  source.name AS source,
  root.path AS root,
  s.width_px AS width,
  s.height_px AS height,
  s.orientation AS orientation,
  s.size_bytes AS size_bytes,
  printf('%016x', s.xxh3) AS xxh3,
  split.name AS split,
  (SELECT CASE WHEN count(*) = 1 THEN min(class.name) END FROM label JOIN class ON class.id = class_id
    WHERE sample_id = s.id AND current = 1) AS label,
  (SELECT CASE WHEN count(*) = 1 THEN min(class.name) END FROM label JOIN class ON class.id = class_id
    WHERE sample_id = s.id AND given = 1) AS label_given,
  (SELECT json_group_array(name) FROM (SELECT class.name AS name FROM label
    JOIN class ON class.id = class_id WHERE sample_id = s.id AND current = 1 ORDER BY class_id))
    AS labels,
  CASE s.review WHEN 0 THEN 'unseen' WHEN 1 THEN 'kept' WHEN 2 THEN 'relabelled'
    WHEN 3 THEN 'excluded' ELSE 'ambiguous' END AS review,
  s.review = 3 AS excluded,
  (SELECT json_group_array(name) FROM (SELECT tag.name AS name FROM sample_tag
    JOIN tag ON tag.id = tag_id WHERE sample_id = s.id ORDER BY tag.name)) AS tags,
  s.raw_id AS raw_id,
  s.attributes AS attributes,
  s.vanished_batch IS NULL AS present
FROM sample s
JOIN source ON source.id = s.source_id
JOIN root ON root.id = s.root_id
LEFT JOIN split ON split.id = s.split_id;

DROP VIEW IF EXISTS v_annotations;
CREATE VIEW v_annotations AS
SELECT sample_id, class_id, class.name AS class, given, current
FROM label JOIN class ON class.id = label.class_id;

DROP VIEW IF EXISTS v_classes;
CREATE VIEW v_classes AS
SELECT c.id AS id, c.name AS name,
  (SELECT count(*) FROM label JOIN sample ON sample.id = sample_id
    WHERE class_id = c.id AND current = 1 AND vanished_batch IS NULL) AS samples,
  (SELECT name FROM class WHERE id = c.merged_into) AS merged_into
FROM class c;

DROP VIEW IF EXISTS v_sources;
CREATE VIEW v_sources AS
SELECT source.id AS id, source.name AS name, format, root.path AS root, input_path,
  (SELECT count(*) FROM sample WHERE source_id = source.id AND vanished_batch IS NULL) AS samples
FROM source JOIN root ON root.id = source.root_id;

DROP VIEW IF EXISTS v_source_classes;
CREATE VIEW v_source_classes AS
SELECT source.name AS source, position, source_class.name AS name, raw_id, class.name AS class
FROM source_class JOIN source ON source.id = source_id LEFT JOIN class ON class.id = class_id;

DROP VIEW IF EXISTS v_edits;
CREATE VIEW v_edits AS
SELECT e.id AS event, e.batch_id AS batch, b.kind AS kind, b.at AS at, b.who AS who,
  coalesce(e.why, b.why) AS why, e.what AS what, e.sample_id AS sample_id,
  CASE WHEN s.member < 0 THEN s.path ELSE s.path || '#' || s.member END AS path,
  CASE e.what WHEN 'label' THEN (SELECT group_concat(name, ', ') FROM json_each(e.value_from)
    JOIN class ON class.id = value) ELSE e.value_from END AS "from",
  CASE e.what WHEN 'label' THEN (SELECT group_concat(name, ', ') FROM json_each(e.value_to)
    JOIN class ON class.id = value) ELSE e.value_to END AS "to",
  b.undone_by AS undone_by
FROM event e JOIN batch b ON b.id = e.batch_id LEFT JOIN sample s ON s.id = e.sample_id
WHERE e.what <> 'import';

DROP VIEW IF EXISTS v_imports;
CREATE VIEW v_imports AS
SELECT b.id AS batch, b.at AS at, b.who AS who, source.name AS source, b.finished AS finished,
  b.detail AS report
FROM batch b JOIN source ON source.id = b.source_id WHERE b.kind = 'import';

DROP VIEW IF EXISTS v_runs;
CREATE VIEW v_runs AS
SELECT id, name, kind, model_path, model_sha256, preprocessing, options, device, precision,
  batch_size, seed, trained_on, code_version, who, embedding_columns, plan_rows, rows_done,
  predicted, not_finite, unreadable, complete, started_at, finished_at
FROM run;

DROP VIEW IF EXISTS v_run_classes;
CREATE VIEW v_run_classes AS
SELECT run.name AS run, position, run_class.name AS name, raw_id, class.name AS class
FROM run_class JOIN run ON run.id = run_id LEFT JOIN class ON class.id = class_id;

DROP VIEW IF EXISTS v_versions;
CREATE VIEW v_versions AS
SELECT v.id AS id, v.name AS name, p.name AS parent, v.message AS message, v.who AS who,
  v.created_at AS created_at, v.hash AS hash, v.recipe AS recipe, v.samples AS samples
FROM version v LEFT JOIN version p ON p.id = v.parent_id;

DROP VIEW IF EXISTS v_issues;
CREATE VIEW v_issues AS
SELECT id, job, origin, CASE severity WHEN 0 THEN 'rejected' ELSE 'warning' END AS severity, kind,
  file, place, text, message, fix
FROM issue;

DROP VIEW IF EXISTS v_saved_views;
CREATE VIEW v_saved_views AS SELECT name, filter, sort, options FROM saved_view;
)sql";

using Doc = ViewColumnDoc;
constexpr Doc kDocs[] = {
    Doc{"v_samples", "id", "Id of the sample in this store."},
    Doc{"v_samples", "path",
        "Path below the root; #n is appended for the n-th image of a container."},
    Doc{"v_samples", "source", "Name of the import it came with."},
    Doc{"v_samples", "root", "Folder that the path is relative to."},
    Doc{"v_samples", "width", "Width in pixels as stored, before the EXIF orientation."},
    Doc{"v_samples", "height", "Height in pixels as stored."},
    Doc{"v_samples", "orientation", "EXIF orientation, 1 to 8."},
    Doc{"v_samples", "size_bytes", "Size of the file; of the raw pixels in a container."},
    Doc{"v_samples", "xxh3", "XXH3 of the bytes, 16 hexadecimal digits."},
    Doc{"v_samples", "split", "Split, such as train, val or test; NULL: none."},
    Doc{"v_samples", "label", "Current label; NULL when there is none or more than one."},
    Doc{"v_samples", "label_given", "Label as imported; NULL when there is none or more than one."},
    Doc{"v_samples", "labels", "All current labels as a JSON array of names."},
    Doc{"v_samples", "review", "unseen, kept, relabelled, excluded or ambiguous."},
    Doc{"v_samples", "excluded", "1: left out of versions and exports."},
    Doc{"v_samples", "tags", "Tags as a JSON array."},
    Doc{"v_samples", "raw_id", "The source's own id of the image."},
    Doc{"v_samples", "attributes", "Free columns as a JSON object."},
    Doc{"v_samples", "present", "0: the file was gone at the last import of its source."},
    Doc{"v_annotations", "sample_id", "Sample that has, or was given, the label."},
    Doc{"v_annotations", "class_id", "Id of the class in the project."},
    Doc{"v_annotations", "class", "Name of the class."},
    Doc{"v_annotations", "given", "1: the source says so."},
    Doc{"v_annotations", "current", "1: it holds now."},
    Doc{"v_classes", "id", "Id of the class; the order of ids is the training order."},
    Doc{"v_classes", "name", "Name."},
    Doc{"v_classes", "samples", "Present samples that carry it now."},
    Doc{"v_classes", "merged_into", "Class it was merged into; NULL: it is in use."},
    Doc{"v_sources", "id", "Id of the source."},
    Doc{"v_sources", "name", "Name."},
    Doc{"v_sources", "format", "Importer that read it."},
    Doc{"v_sources", "root", "Folder that its paths are relative to."},
    Doc{"v_sources", "input_path", "What was named for the import."},
    Doc{"v_sources", "samples", "Present samples."},
    Doc{"v_source_classes", "source", "Name of the source."},
    Doc{"v_source_classes", "position", "Index of the class in the source, from 0."},
    Doc{"v_source_classes", "name", "Name in the source."},
    Doc{"v_source_classes", "raw_id", "The source's own id of the class."},
    Doc{"v_source_classes", "class", "Class of the project it means."},
    Doc{"v_edits", "event", "Number in the log, rising."},
    Doc{"v_edits", "batch", "What was done at once has one number."},
    Doc{"v_edits", "kind", "edit, undo, redo or class."},
    Doc{"v_edits", "at", "When, ISO 8601 UTC."},
    Doc{"v_edits", "who", "Who."},
    Doc{"v_edits", "why", "Why."},
    Doc{"v_edits", "what",
        "label, exclude, include, keep, ambiguous, unreview, tag, untag, split, ..."},
    Doc{"v_edits", "sample_id", "Sample; NULL for a change of a class."},
    Doc{"v_edits", "path", "Its path."},
    Doc{"v_edits", "from", "Value before, with class names."},
    Doc{"v_edits", "to", "Value after."},
    Doc{"v_edits", "undone_by", "Batch that took it back; NULL: it stands."},
    Doc{"v_imports", "batch", "Number of the batch in the log."},
    Doc{"v_imports", "at", "When it began."},
    Doc{"v_imports", "who", "Who."},
    Doc{"v_imports", "source", "Name of the source."},
    Doc{"v_imports", "finished", "0: it was interrupted."},
    Doc{"v_imports", "report", "Counts as a JSON object."},
    Doc{"v_runs", "id", "Id of the run."},
    Doc{"v_runs", "name", "Name."},
    Doc{"v_runs", "kind", "probabilities, top_one or embedding."},
    Doc{"v_runs", "model_path", "Model file, or file of predictions."},
    Doc{"v_runs", "model_sha256", "SHA-256 of the model file."},
    Doc{"v_runs", "preprocessing", "Preprocessing as resolved, JSON."},
    Doc{"v_runs", "options", "Further options, JSON."},
    Doc{"v_runs", "device", "Device it ran on."},
    Doc{"v_runs", "precision", "fp32, bf16 or fp16."},
    Doc{"v_runs", "batch_size", "Effective batch."},
    Doc{"v_runs", "seed", "Seed."},
    Doc{"v_runs", "trained_on", "Filter for the samples that the model was trained on."},
    Doc{"v_runs", "code_version", "Version of Errata that made it."},
    Doc{"v_runs", "who", "Who."},
    Doc{"v_runs", "embedding_columns", "Length of an embedding; 0: none."},
    Doc{"v_runs", "plan_rows", "Samples it is to cover."},
    Doc{"v_runs", "rows_done", "Samples it has covered."},
    Doc{"v_runs", "predicted", "Samples with a prediction."},
    Doc{"v_runs", "not_finite", "Samples whose output was NaN or infinite."},
    Doc{"v_runs", "unreadable", "Samples that could not be read."},
    Doc{"v_runs", "complete", "1: it ran to its end."},
    Doc{"v_runs", "started_at", "When it began."},
    Doc{"v_runs", "finished_at", "When it ended; empty: not yet."},
    Doc{"v_run_classes", "run", "Name of the run."},
    Doc{"v_run_classes", "position", "Index of the class in the model, from 0."},
    Doc{"v_run_classes", "name", "Name in the model."},
    Doc{"v_run_classes", "raw_id", "The model's own id of the class."},
    Doc{"v_run_classes", "class", "Class of the project it means; NULL: the project lacks it."},
    Doc{"v_versions", "id", "Id of the version."},
    Doc{"v_versions", "name", "Name."},
    Doc{"v_versions", "parent", "Name of the version it was made after."},
    Doc{"v_versions", "message", "Why it was made."},
    Doc{"v_versions", "who", "Who."},
    Doc{"v_versions", "created_at", "When."},
    Doc{"v_versions", "hash", "errata1: and SHA-256 of its content."},
    Doc{"v_versions", "recipe", "How its splits were made, JSON."},
    Doc{"v_versions", "samples", "Number of samples."},
    Doc{"v_issues", "id", "Number of the issue."},
    Doc{"v_issues", "job", "import, predictions, infer, ..."},
    Doc{"v_issues", "origin", "Name of the source or run."},
    Doc{"v_issues", "severity", "rejected or warning."},
    Doc{"v_issues", "kind", "Stable name of the kind."},
    Doc{"v_issues", "file", "File it was found in."},
    Doc{"v_issues", "place", "Where in it."},
    Doc{"v_issues", "text", "The offending text."},
    Doc{"v_issues", "message", "What is wrong."},
    Doc{"v_issues", "fix", "What to do."},
    Doc{"v_saved_views", "name", "Name."},
    Doc{"v_saved_views", "filter", "Filter."},
    Doc{"v_saved_views", "sort", "Sort."},
    Doc{"v_saved_views", "options", "Options, JSON."},
    Doc{"predictions(run)", "sample_id", "Sample."},
    Doc{"predictions(run)", "class", "Predicted class; NULL: no prediction."},
    Doc{"predictions(run)", "class_index", "Its index in the model, from 0."},
    Doc{"predictions(run)", "confidence", "Probability of the predicted class."},
    Doc{"predictions(run)", "margin", "Probability of the first class less that of the second."},
    Doc{"predictions(run)", "entropy", "Entropy of the probabilities in nats."},
    Doc{"predictions(run)", "status", "ok, unreadable, not_finite or no_prediction."},
    Doc{"probabilities(run)", "sample_id", "Sample."},
    Doc{"probabilities(run)", "class_index", "Index of the class in the model, from 0."},
    Doc{"probabilities(run)", "probability", "Probability of that class."},
    Doc{"embeddings(run)", "sample_id", "Sample."},
    Doc{"embeddings(run)", "embedding", "BLOB of 32-bit floats, little-endian."},
    Doc{"scores(name, run)", "sample_id", "Sample."},
    Doc{"scores(name, run)", "value",
        "Value of the stored score; run NULL or absent: of the project."},
    Doc{"version_samples(version)", "sample_id", "Sample it was made of."},
    Doc{"version_samples(version)", "path", "Path it had then."},
    Doc{"version_samples(version)", "sha256", "SHA-256 of its content, hexadecimal."},
    Doc{"version_samples(version)", "labels", "Class names as a JSON array."},
    Doc{"version_samples(version)", "split", "Split; NULL: none."},
};

}  // namespace

std::string_view public_views_sql() {
  return kViews;
}

std::span<const ViewColumnDoc> public_view_docs() {
  return kDocs;
}

}  // namespace errata::store
