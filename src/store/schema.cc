#include "store/schema.h"

#include <fmt/format.h>

#include <array>

#include "store/store.h"

namespace errata::store {

namespace {

// Paths and other bytes of file systems are stored as escape_bytes() writes them, so that every
// text here is UTF-8. Times are ISO 8601 UTC. Ids of samples are consecutive from 1: no row is
// deleted.
constexpr std::string_view kSchema1 = R"sql(
CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('label_revision', 0), ('folded_event', 0);

CREATE TABLE root(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE class(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  merged_into INTEGER REFERENCES class(id)
) STRICT;
CREATE TABLE split(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE tag(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE source(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  format TEXT NOT NULL,
  root_id INTEGER NOT NULL REFERENCES root(id),
  input_path TEXT NOT NULL
) STRICT;
CREATE TABLE source_class(
  source_id INTEGER NOT NULL REFERENCES source(id),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  raw_id TEXT NOT NULL,
  class_id INTEGER REFERENCES class(id),
  PRIMARY KEY (source_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample(
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source(id),
  root_id INTEGER NOT NULL REFERENCES root(id),
  path TEXT NOT NULL,
  member INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  xxh3 INTEGER NOT NULL,
  width_px INTEGER NOT NULL,
  height_px INTEGER NOT NULL,
  orientation INTEGER NOT NULL,
  split_id INTEGER REFERENCES split(id),
  split_given_id INTEGER REFERENCES split(id),
  review INTEGER NOT NULL CHECK (review BETWEEN 0 AND 4),
  added_batch INTEGER NOT NULL,
  changed_batch INTEGER,
  vanished_batch INTEGER,
  raw_id TEXT,
  attributes TEXT,
  UNIQUE (root_id, path, member)
) STRICT;
-- given: the source says so. current: it holds now. Neither: no row.
CREATE TABLE label(
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  class_id INTEGER NOT NULL REFERENCES class(id),
  given INTEGER NOT NULL,
  current INTEGER NOT NULL,
  CHECK (given IN (0, 1) AND current IN (0, 1) AND given + current > 0),
  PRIMARY KEY (sample_id, class_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE sample_tag(
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  tag_id INTEGER NOT NULL REFERENCES tag(id),
  PRIMARY KEY (sample_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE content_hash(
  sample_id INTEGER PRIMARY KEY REFERENCES sample(id),
  xxh3 INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT;

-- The one log. A batch is what was done at once, its events what it changed. The events of an
-- import are column chunks (stream owner 'batch'); each transaction of it has one event row of what
-- 'import', with the place of its first chunk as value_from and the one after its last as value_to.
CREATE TABLE batch(
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('import', 'edit', 'undo', 'redo', 'class')),
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  source_id INTEGER REFERENCES source(id),
  finished INTEGER NOT NULL CHECK (finished IN (0, 1)),
  undoes INTEGER REFERENCES batch(id),
  undone_by INTEGER REFERENCES batch(id),
  detail TEXT
) STRICT;
CREATE TABLE event(
  id INTEGER PRIMARY KEY,
  batch_id INTEGER NOT NULL REFERENCES batch(id),
  sample_id INTEGER REFERENCES sample(id),
  what TEXT NOT NULL,
  value_from TEXT,
  value_to TEXT,
  review_from INTEGER,
  review_to INTEGER,
  why TEXT
) STRICT;
CREATE INDEX event_by_batch ON event(batch_id);
CREATE INDEX event_by_sample ON event(sample_id);
CREATE INDEX batch_by_source ON batch(source_id);

-- Derived columns. A chunk's id is stream_id * 2^24 + its place in the stream; `checksum` is the
-- XXH3 of `data` as stored; codec 0 is plain, 1 is zstd.
CREATE TABLE stream(
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  owner_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  UNIQUE (owner, owner_id, name)
) STRICT;
CREATE TABLE chunk(
  id INTEGER PRIMARY KEY,
  first_row INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  codec INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- AUTOINCREMENT: the id of a deleted run is not given again.
CREATE TABLE run(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('probabilities', 'top_one', 'embedding')),
  model_path TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  options TEXT NOT NULL,
  device TEXT NOT NULL,
  precision TEXT NOT NULL,
  batch_size INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  trained_on TEXT NOT NULL,
  code_version TEXT NOT NULL,
  who TEXT NOT NULL,
  embedding_columns INTEGER NOT NULL,
  plan_rows INTEGER NOT NULL,
  plan_hash INTEGER NOT NULL,
  rows_done INTEGER NOT NULL,
  predicted INTEGER NOT NULL,
  not_finite INTEGER NOT NULL,
  unreadable INTEGER NOT NULL,
  complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL
) STRICT;
CREATE TABLE run_class(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  raw_id TEXT NOT NULL,
  class_id INTEGER REFERENCES class(id),
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
-- run_id 0: of the project.
CREATE TABLE score(
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  rows INTEGER NOT NULL,
  label_revision INTEGER NOT NULL,
  UNIQUE (run_id, name)
) STRICT;

CREATE TABLE version(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  parent_id INTEGER REFERENCES version(id),
  message TEXT NOT NULL,
  who TEXT NOT NULL,
  created_at TEXT NOT NULL,
  hash TEXT NOT NULL,
  recipe TEXT NOT NULL,
  label_revision INTEGER NOT NULL,
  samples INTEGER NOT NULL
) STRICT;
CREATE TABLE version_class(
  version_id INTEGER NOT NULL REFERENCES version(id),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  class_id INTEGER NOT NULL REFERENCES class(id),
  PRIMARY KEY (version_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE issue(
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  origin TEXT NOT NULL,
  severity INTEGER NOT NULL CHECK (severity IN (0, 1)),
  kind TEXT NOT NULL,
  file TEXT NOT NULL,
  place TEXT NOT NULL,
  text TEXT NOT NULL,
  message TEXT NOT NULL,
  fix TEXT NOT NULL
) STRICT;
CREATE INDEX issue_by_origin ON issue(job, origin);
CREATE TABLE lease(
  name TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_start INTEGER NOT NULL,
  token INTEGER NOT NULL,
  renewed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view kSchema2 = R"sql(
CREATE TABLE saved_view(
  name TEXT PRIMARY KEY,
  filter TEXT NOT NULL,
  sort TEXT NOT NULL,
  options TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Objects. Imported annotations are sets of column chunks (stream owner 'objects'), immutable once
// the import has ended; `state` 0 is being written, 1 that of its source, 2 an older one that
// versions refer to. What people changed are rows over them. A run may be one of detections: SQLite
// cannot change a CHECK, so the table is made again, run_class with it for its reference.
constexpr std::string_view kSchema3 = R"sql(
CREATE TABLE object_set(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id INTEGER NOT NULL REFERENCES source(id),
  batch_id INTEGER NOT NULL REFERENCES batch(id),
  objects INTEGER NOT NULL,
  images INTEGER NOT NULL,
  content_hash INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2)
) STRICT;
CREATE TABLE object_edit(
  object_id INTEGER PRIMARY KEY,
  source_id INTEGER REFERENCES source(id),
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  class_id INTEGER NOT NULL REFERENCES class(id),
  x REAL NOT NULL,
  y REAL NOT NULL,
  width REAL NOT NULL,
  height REAL NOT NULL,
  area_px REAL NOT NULL,
  crowd INTEGER NOT NULL CHECK (crowd IN (0, 1)),
  difficult INTEGER NOT NULL CHECK (difficult IN (0, 1)),
  truncated INTEGER NOT NULL CHECK (truncated IN (0, 1)),
  review INTEGER NOT NULL CHECK (review BETWEEN 0 AND 4),
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  shape BLOB
) STRICT;
CREATE TABLE version_object_set(
  version_id INTEGER NOT NULL REFERENCES version(id),
  set_id INTEGER NOT NULL REFERENCES object_set(id),
  PRIMARY KEY (version_id, set_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE event ADD COLUMN object_id INTEGER;
CREATE INDEX event_by_object ON event(object_id) WHERE object_id IS NOT NULL;
INSERT INTO meta VALUES ('object_revision', 0), ('next_object_id', 1);

DROP VIEW IF EXISTS v_runs;
DROP VIEW IF EXISTS v_run_classes;
CREATE TABLE run_of_schema_3(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('probabilities', 'top_one', 'embedding', 'detections')),
  model_path TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  options TEXT NOT NULL,
  device TEXT NOT NULL,
  precision TEXT NOT NULL,
  batch_size INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  trained_on TEXT NOT NULL,
  code_version TEXT NOT NULL,
  who TEXT NOT NULL,
  embedding_columns INTEGER NOT NULL,
  plan_rows INTEGER NOT NULL,
  plan_hash INTEGER NOT NULL,
  rows_done INTEGER NOT NULL,
  predicted INTEGER NOT NULL,
  not_finite INTEGER NOT NULL,
  unreadable INTEGER NOT NULL,
  complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  detections INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO run_of_schema_3 SELECT *, 0 FROM run;
CREATE TABLE run_class_of_schema_3(
  run_id INTEGER NOT NULL REFERENCES run_of_schema_3(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  raw_id TEXT NOT NULL,
  class_id INTEGER REFERENCES class(id),
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO run_class_of_schema_3 SELECT * FROM run_class;
DELETE FROM sqlite_sequence WHERE name = 'run_of_schema_3';
INSERT INTO sqlite_sequence(name, seq)
  SELECT 'run_of_schema_3', seq FROM sqlite_sequence WHERE name = 'run';
DROP TABLE run_class;
DROP TABLE run;
ALTER TABLE run_of_schema_3 RENAME TO run;
ALTER TABLE run_class_of_schema_3 RENAME TO run_class;
)sql";

// What people decided about detections that have no label: by place, whichever run sees something
// there. `id` is that of the detection that was looked at; class_id NULL: one the project lacks.
// And the log of one sample is found without reading that of the others.
constexpr std::string_view kSchema4 = R"sql(
CREATE TABLE detection_review(
  id INTEGER PRIMARY KEY,
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  class_id INTEGER REFERENCES class(id),
  x REAL NOT NULL,
  y REAL NOT NULL,
  width REAL NOT NULL,
  height REAL NOT NULL,
  review INTEGER NOT NULL CHECK (review IN (1, 4))
) STRICT;
CREATE INDEX detection_review_by_sample ON detection_review(sample_id);
CREATE INDEX event_by_sample_of_object
  ON event(json_extract(coalesce(value_to, value_from), '$.sample')) WHERE object_id IS NOT NULL;
CREATE INDEX batch_of_import ON batch(id) WHERE kind = 'import';
)sql";

// What matching detections with annotations said, a set for each pair of thresholds (stream owner
// 'object_scores').
constexpr std::string_view kSchema5 = R"sql(
CREATE TABLE object_score_set(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL REFERENCES run(id),
  confidence REAL NOT NULL,
  overlap REAL NOT NULL,
  input_hash INTEGER NOT NULL,
  log_end INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  detail TEXT NOT NULL,
  made_at TEXT NOT NULL,
  UNIQUE (run_id, confidence, overlap)
) STRICT;
)sql";

// What a model's earlier stages saw, beside the embedding (stream 'stages' of a run).
constexpr std::string_view kSchema6 = R"sql(
ALTER TABLE run ADD COLUMN stage_columns INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::array kMigrations{kSchema1, kSchema2, kSchema3, kSchema4, kSchema5, kSchema6};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

int current_schema_version() {
  return static_cast<int>(kMigrations.size());
}

void migrate(Connection& connection) {
  const int last = current_schema_version();
  // Asked first without the write lock: a store of today opens while another writes.
  while (connection.integer("PRAGMA user_version") < last) {
    Transaction transaction(connection, Transaction::Kind::kDurable);
    const int64_t present = connection.integer("PRAGMA user_version");
    if (present >= last) return;
    if (present == 0) connection.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
    connection.exec(std::string(kMigrations[static_cast<size_t>(present)]));
    if (present + 1 == last) connection.exec(std::string(public_views_sql()));
    connection.exec(fmt::format("PRAGMA user_version = {}", present + 1));
    transaction.commit();
  }
}

}  // namespace errata::store
