#include "store/schema.h"

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
  (SELECT CASE WHEN count(*) = 1 THEN min(class.name) END FROM label
    JOIN class ON class.id = class_id WHERE sample_id = s.id AND current = 1) AS label,
  (SELECT CASE WHEN count(*) = 1 THEN min(class.name) END FROM label
    JOIN class ON class.id = class_id WHERE sample_id = s.id AND given = 1) AS label_given,
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
  (SELECT count(*) FROM sample WHERE source_id = source.id AND vanished_batch IS NULL) AS samples,
  (SELECT objects FROM object_set WHERE source_id = source.id AND state = 1) AS objects
FROM source JOIN root ON root.id = source.root_id;

DROP VIEW IF EXISTS v_source_classes;
CREATE VIEW v_source_classes AS
SELECT source.name AS source, position, source_class.name AS name, raw_id, class.name AS class
FROM source_class JOIN source ON source.id = source_id LEFT JOIN class ON class.id = class_id;

DROP VIEW IF EXISTS v_edits;
CREATE VIEW v_edits AS
SELECT e.id AS event, e.batch_id AS batch, b.kind AS kind, b.at AS at, b.who AS who,
  coalesce(e.why, b.why) AS why, e.what AS what, s.id AS sample_id, e.object_id AS object_id,
  CASE WHEN s.member < 0 THEN s.path ELSE s.path || '#' || s.member END AS path,
  CASE e.what WHEN 'label' THEN (SELECT group_concat(name, ', ') FROM json_each(e.value_from)
    JOIN class ON class.id = value)
    ELSE iif(e.object_id IS NULL, e.value_from, (SELECT name FROM class WHERE
      id = json_extract(e.value_from, '$.class')) || ' ' || json_extract(e.value_from, '$.box'))
    END AS "from",
  CASE e.what WHEN 'label' THEN (SELECT group_concat(name, ', ') FROM json_each(e.value_to)
    JOIN class ON class.id = value)
    ELSE iif(e.object_id IS NULL, e.value_to, (SELECT name FROM class WHERE
      id = json_extract(e.value_to, '$.class')) || ' ' || json_extract(e.value_to, '$.box'))
    END AS "to",
  b.undone_by AS undone_by
FROM event e JOIN batch b ON b.id = e.batch_id LEFT JOIN sample s ON s.id =
  iif(e.object_id IS NULL, e.sample_id,
    json_extract(coalesce(e.value_to, e.value_from), '$.sample'))
WHERE e.what NOT IN ('import', 'objects');

DROP VIEW IF EXISTS v_imports;
CREATE VIEW v_imports AS
SELECT b.id AS batch, b.at AS at, b.who AS who, source.name AS source, b.finished AS finished,
  b.detail AS report
FROM batch b JOIN source ON source.id = b.source_id WHERE b.kind = 'import';

DROP VIEW IF EXISTS v_runs;
CREATE VIEW v_runs AS
SELECT id, name, kind, model_path, model_sha256, preprocessing, options, device, precision,
  batch_size, seed, trained_on, code_version, who, embedding_columns, plan_rows, rows_done,
  predicted, not_finite, unreadable, complete, started_at, finished_at, detections,
  stage_columns
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

}  // namespace

std::string_view public_views_sql() {
  return kViews;
}

}  // namespace errata::store
