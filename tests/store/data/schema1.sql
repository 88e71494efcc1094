-- A store as schema 1 wrote it; never changed again. PRAGMAs first: they are no part of a dump.
PRAGMA application_id = 1163023425;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('folded_event',0);
INSERT INTO meta VALUES('label_revision',6);
CREATE TABLE root(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO root VALUES(1,'/data');
CREATE TABLE class(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  merged_into INTEGER REFERENCES class(id)
) STRICT;
INSERT INTO class VALUES(1,'class 0',NULL);
INSERT INTO class VALUES(2,'class 1',NULL);
INSERT INTO class VALUES(3,'class 2',NULL);
CREATE TABLE split(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO split VALUES(1,'train');
INSERT INTO split VALUES(2,'val');
INSERT INTO split VALUES(3,'test');
CREATE TABLE tag(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO tag VALUES(1,'t');
CREATE TABLE source(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  format TEXT NOT NULL,
  root_id INTEGER NOT NULL REFERENCES root(id),
  input_path TEXT NOT NULL
) STRICT;
INSERT INTO source VALUES(1,'data','imagefolder',1,'/data');
CREATE TABLE source_class(
  source_id INTEGER NOT NULL REFERENCES source(id),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  raw_id TEXT NOT NULL,
  class_id INTEGER REFERENCES class(id),
  PRIMARY KEY (source_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO source_class VALUES(1,0,'class 0','',1);
INSERT INTO source_class VALUES(1,1,'class 1','',2);
INSERT INTO source_class VALUES(1,2,'class 2','',3);
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
INSERT INTO sample VALUES(1,1,1,'class 0/0000000.png',-1,1000,1700000000000000000,6935145268370079216,28,28,1,1,1,2,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(2,1,1,'class 1/0000001.png',-1,1001,1700000000000000001,3311586798494064781,29,28,1,1,1,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(3,1,1,'class 2/0000002.png',-1,1002,1700000000000000002,7469767244817125416,30,28,1,1,1,3,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(4,1,1,'class 0/0000003.png',-1,1003,1700000000000000003,2002845021672469120,31,28,1,1,1,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(5,1,1,'class 1/0000004.png',-1,1004,1700000000000000004,-5233689928896560640,32,28,1,1,1,0,1,NULL,NULL,NULL,'{"angle":2.5}');
INSERT INTO sample VALUES(6,1,1,'class 2/0000005.png',-1,1005,1700000000000000005,8693715444629165117,28,28,1,1,1,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(7,1,1,'class 0/0000006.png',-1,1006,1700000000000000006,-967242066678494635,29,28,1,1,1,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(8,1,1,'class 1/0000007.png',-1,1007,1700000000000000007,859667665931528288,30,28,1,2,2,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(9,1,1,'class 2/0000008.png',-1,1008,1700000000000000008,3460283971083240685,31,28,1,3,3,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(10,1,1,'class 0/0000009.png',-1,1009,1700000000000000009,838581546432173568,32,28,1,3,3,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(11,1,1,'class 1/0000010.png',-1,1010,1700000000000000010,6415989711626196230,28,28,1,1,1,0,1,NULL,NULL,NULL,NULL);
INSERT INTO sample VALUES(12,1,1,'class 2/0000011.png',-1,1011,1700000000000000011,5346313428184323530,29,28,1,1,1,0,1,NULL,NULL,NULL,NULL);
CREATE TABLE label(
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  class_id INTEGER NOT NULL REFERENCES class(id),
  given INTEGER NOT NULL,
  current INTEGER NOT NULL,
  CHECK (given IN (0, 1) AND current IN (0, 1) AND given + current > 0),
  PRIMARY KEY (sample_id, class_id)
) STRICT, WITHOUT ROWID;
INSERT INTO label VALUES(1,1,1,0);
INSERT INTO label VALUES(1,2,0,1);
INSERT INTO label VALUES(2,2,1,1);
INSERT INTO label VALUES(3,3,1,1);
INSERT INTO label VALUES(4,1,1,1);
INSERT INTO label VALUES(5,2,1,1);
INSERT INTO label VALUES(6,3,1,1);
INSERT INTO label VALUES(7,1,1,1);
INSERT INTO label VALUES(8,2,1,1);
INSERT INTO label VALUES(9,3,1,1);
INSERT INTO label VALUES(10,1,1,1);
INSERT INTO label VALUES(11,2,1,1);
INSERT INTO label VALUES(12,3,1,1);
CREATE TABLE sample_tag(
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  tag_id INTEGER NOT NULL REFERENCES tag(id),
  PRIMARY KEY (sample_id, tag_id)
) STRICT, WITHOUT ROWID;
INSERT INTO sample_tag VALUES(2,1);
CREATE TABLE content_hash(
  sample_id INTEGER PRIMARY KEY REFERENCES sample(id),
  xxh3 INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT;
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
INSERT INTO batch VALUES(1,'import','2026-11-23T09:57:10.831Z','tester','',1,1,NULL,NULL,'{"seen":12,"added":12,"unchanged":0,"changed":0,"moved":0,"returned":0,"vanished":0,"duplicates":0,"labels_changed":0,"label_conflicts":0}');
INSERT INTO batch VALUES(2,'edit','2026-11-23T09:57:10.835Z','me','why',NULL,1,NULL,NULL,NULL);
INSERT INTO batch VALUES(3,'edit','2026-11-23T09:57:10.840Z','me','',NULL,1,NULL,4,NULL);
INSERT INTO batch VALUES(4,'undo','2026-11-23T09:57:10.844Z','me','',NULL,1,3,NULL,NULL);
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
INSERT INTO event VALUES(1,1,NULL,'import','0','1',NULL,NULL,NULL);
INSERT INTO event VALUES(2,2,1,'label','[1]','[2]',0,2,NULL);
INSERT INTO event VALUES(3,2,2,'tag',NULL,'t',0,0,NULL);
INSERT INTO event VALUES(4,2,3,'exclude',NULL,NULL,0,3,NULL);
INSERT INTO event VALUES(5,3,4,'label','[1]','[2]',0,2,NULL);
INSERT INTO event VALUES(6,4,4,'label','[2]','[1]',2,0,NULL);
CREATE TABLE stream(
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  owner_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  UNIQUE (owner, owner_id, name)
) STRICT;
INSERT INTO stream VALUES(1,'batch',1,'changes','changes');
INSERT INTO stream VALUES(2,'sample',0,'labels','ids');
INSERT INTO stream VALUES(3,'sample',0,'tags','ids');
INSERT INTO stream VALUES(4,'sample',0,'split','i32');
INSERT INTO stream VALUES(5,'sample',0,'review','u8');
INSERT INTO stream VALUES(6,'sample',0,'source','i32');
INSERT INTO stream VALUES(7,'sample',0,'member','i64');
INSERT INTO stream VALUES(8,'sample',0,'size_bytes','i64');
INSERT INTO stream VALUES(9,'sample',0,'width','i32');
INSERT INTO stream VALUES(10,'sample',0,'height','i32');
INSERT INTO stream VALUES(11,'sample',0,'vanished','u8');
INSERT INTO stream VALUES(12,'sample',0,'path','text');
INSERT INTO stream VALUES(13,'sample',0,'labels_given','ids');
INSERT INTO stream VALUES(14,'sample',0,'attr.angle','attribute');
INSERT INTO stream VALUES(15,'run',1,'samples','i64');
INSERT INTO stream VALUES(16,'run',1,'status','u8');
INSERT INTO stream VALUES(17,'run',1,'embeddings','f32');
INSERT INTO stream VALUES(18,'run',1,'top','i32');
INSERT INTO stream VALUES(19,'run',1,'confidence','f32');
INSERT INTO stream VALUES(20,'run',1,'margin','f32');
INSERT INTO stream VALUES(21,'run',1,'entropy','f32');
INSERT INTO stream VALUES(22,'run',1,'probabilities','f32');
CREATE TABLE chunk(
  id INTEGER PRIMARY KEY,
  first_row INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  codec INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
INSERT INTO chunk VALUES(16777216,0,12,1,300,-914868463696770856,X'28b52ffd602c008d0200240260000100020003000400050006000700080009000a000b000c000c0030003000010215002f08c0e06ddcdb8a0b76f182010f4818780c0606038381c1c06060303018180c0c0606038381c1c003c002');
INSERT INTO chunk VALUES(33554432,1,12,1,96,-8921579867120550291,X'28b52ffd2060a500004801000000020000000303002f185ce5ea8e1c11');
INSERT INTO chunk VALUES(50331648,1,12,1,48,5218257484262068610,X'28b52ffd203045000010000001009b000b');
INSERT INTO chunk VALUES(67108864,1,12,1,48,-6171264480108280808,X'28b52ffd2030cd0000880100000002000000030100000001000000020020d3838e08');
INSERT INTO chunk VALUES(83886080,1,12,0,12,-4280232116131552016,X'000000000000000000000000');
INSERT INTO chunk VALUES(100663296,1,12,1,48,6280345481804988253,X'28b52ffd2030550000200100000001006d3a22');
INSERT INTO chunk VALUES(117440512,1,12,1,96,-2489098664296861726,X'28b52ffd206045000010ffff01003b012c');
INSERT INTO chunk VALUES(134217728,1,12,1,96,-7752084781922220473,X'28b52ffd20606d0100a8e80300e9eaebecedeeeff0f1f2f3030000000000000b00200bc807320359403e9019c802f281cc5652b46008');
INSERT INTO chunk VALUES(150994944,1,12,1,48,4453960810360956062,X'28b52ffd2030d50000a01c0000001d0000001e0000001f0000002000000001008e994c');
INSERT INTO chunk VALUES(167772160,1,12,1,48,-7181747919021793988,X'28b52ffd2030550000201c00000001006d3a22');
INSERT INTO chunk VALUES(184549376,1,12,0,12,-4280232116131552016,X'000000000000000000000000');
INSERT INTO chunk VALUES(201326592,1,12,1,276,-1101743134690207681,X'28b52ffd601400f50200c40213000000636c61737320302f302e706e6731313232303331343235303631373238303931313032312e706e671800200bb0110c06b6807c60339005ec0399812d201fd80c6401fb4066600bc807360359c03e9099cd9171c369d31101');
INSERT INTO chunk VALUES(218103808,1,12,1,96,-8921579867120550291,X'28b52ffd2060a500004801000000020000000303002f185ce5ea8e1c11');
INSERT INTO chunk VALUES(234881024,1,12,1,97,-672510864032757973,X'28b52ffd2061bd0000480300f87f000440f87f05008188c1802b20001917c002');
INSERT INTO chunk VALUES(251658240,0,12,1,96,6118032833979876565,X'28b52ffd20602d0100f00100020003000400050006000700080009000a000b000c000000000000000b5402000301');
INSERT INTO chunk VALUES(268435456,0,12,0,12,-4280232116131552016,X'000000000000000000000000');
INSERT INTO chunk VALUES(285212672,0,12,0,96,3359893800192121450,X'9cbda43ed0c7e73d726ff43d3d8e8d3ddadb313f02d6253fe94a4a3fe6f8c83ef9a9073f38f7cb3ef9ec423e63d4183f836f633fffbfbd3e53711d3d1808913e52a3623f5907863e823e053f23eb9f3c51b6013f3eb97f3f09d41b3fa42a6e3f');
INSERT INTO chunk VALUES(301989888,0,12,1,48,7392981081243008363,X'28b52ffd2030950000500000000001000000020002002f18600009');
INSERT INTO chunk VALUES(318767104,0,12,0,48,-7655290213244867795,X'a1c41a3ff0f30e3f821f6a3fcf6b143f02d94d3fb3c0453fcb7e233f9460263f280d5f3f1a71283f257f593f4d272c3f');
INSERT INTO chunk VALUES(335544320,0,12,0,48,8739712758916398715,X'e34dd03ed0dbac3e432f5f3f6d43bd3e83c5343f0ca1283f617cea3ebc21f33ebc934e3f4e53f93eb83e463ff43a023f');
INSERT INTO chunk VALUES(352321536,0,12,0,48,2025941707670430737,X'91f9713f9e0d7e3fa2c7b33ee1bd783f6c66213fe3a8313f7e97673fd5e1633f243ef23e1e23613fc314073ff7035c3f');
INSERT INTO chunk VALUES(369098752,0,12,0,144,-3781230318601746680,X'a1c41a3fbe764a3ebe764a3e2018623ef0f30e3f2018623ef0032f3df0032f3d821f6a3fcf6b143f6228573e6228573ef89bc83d02d94d3ff89bc83d34fde83d34fde83db3c0453fcb7e233f6a02393e6a02393ed83e333e9460263fd83e333e60cb833d60cb833d280d5f3f1a71283fcc1d2f3ecc1d2f3e6c039a3d257f593f6c039a3d66b1273e66b1273e4d272c3f');
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
INSERT INTO run VALUES(1,'old run','probabilities','/models/old run.pt','','','','','',16,0,'','','',2,12,7368348535900142874,12,12,0,0,1,'2026-11-23T09:57:10.835Z','2026-11-23T09:57:10.835Z');
CREATE TABLE run_class(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  raw_id TEXT NOT NULL,
  class_id INTEGER REFERENCES class(id),
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO run_class VALUES(1,0,'class 0','',1);
INSERT INTO run_class VALUES(1,1,'class 1','',2);
INSERT INTO run_class VALUES(1,2,'class 2','',3);
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
CREATE TABLE lease(
  name TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_start INTEGER NOT NULL,
  token INTEGER NOT NULL,
  renewed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('run',1);
CREATE INDEX event_by_batch ON event(batch_id);
CREATE INDEX event_by_sample ON event(sample_id);
CREATE INDEX batch_by_source ON batch(source_id);
CREATE INDEX issue_by_origin ON issue(job, origin);
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
CREATE VIEW v_annotations AS
SELECT sample_id, class_id, class.name AS class, given, current
FROM label JOIN class ON class.id = label.class_id;
CREATE VIEW v_classes AS
SELECT c.id AS id, c.name AS name,
  (SELECT count(*) FROM label JOIN sample ON sample.id = sample_id
    WHERE class_id = c.id AND current = 1 AND vanished_batch IS NULL) AS samples,
  (SELECT name FROM class WHERE id = c.merged_into) AS merged_into
FROM class c;
CREATE VIEW v_sources AS
SELECT source.id AS id, source.name AS name, format, root.path AS root, input_path,
  (SELECT count(*) FROM sample WHERE source_id = source.id AND vanished_batch IS NULL) AS samples
FROM source JOIN root ON root.id = source.root_id;
CREATE VIEW v_source_classes AS
SELECT source.name AS source, position, source_class.name AS name, raw_id, class.name AS class
FROM source_class JOIN source ON source.id = source_id LEFT JOIN class ON class.id = class_id;
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
CREATE VIEW v_imports AS
SELECT b.id AS batch, b.at AS at, b.who AS who, source.name AS source, b.finished AS finished,
  b.detail AS report
FROM batch b JOIN source ON source.id = b.source_id WHERE b.kind = 'import';
CREATE VIEW v_runs AS
SELECT id, name, kind, model_path, model_sha256, preprocessing, options, device, precision,
  batch_size, seed, trained_on, code_version, who, embedding_columns, plan_rows, rows_done,
  predicted, not_finite, unreadable, complete, started_at, finished_at
FROM run;
CREATE VIEW v_run_classes AS
SELECT run.name AS run, position, run_class.name AS name, raw_id, class.name AS class
FROM run_class JOIN run ON run.id = run_id LEFT JOIN class ON class.id = class_id;
CREATE VIEW v_versions AS
SELECT v.id AS id, v.name AS name, p.name AS parent, v.message AS message, v.who AS who,
  v.created_at AS created_at, v.hash AS hash, v.recipe AS recipe, v.samples AS samples
FROM version v LEFT JOIN version p ON p.id = v.parent_id;
CREATE VIEW v_issues AS
SELECT id, job, origin, CASE severity WHEN 0 THEN 'rejected' ELSE 'warning' END AS severity, kind,
  file, place, text, message, fix
FROM issue;
COMMIT;
