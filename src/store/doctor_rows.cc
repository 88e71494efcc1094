// Checks of rows and chunks by themselves.
#include <fmt/format.h>

#include <map>
#include <set>

#include "store/block.h"
#include "store/chunk.h"
#include "store/doctor_context.h"
#include "store/lease.h"
#include "store/object_block.h"
#include "store/run_rows.h"
#include "store/schema.h"
#include "store/versions.h"

namespace errata::store {

void check_integrity(DoctorContext& context) {
  Statement check = context.db.prepare("PRAGMA integrity_check(20)");
  while (check.step()) {
    const std::string line = check.string(0);
    if (line == "ok") continue;
    context.damage("sqlite-integrity", context.store.path(), line, std::string(kGoBack));
  }
}

namespace {

std::map<std::string, std::string> schema_objects(Connection& db) {
  std::map<std::string, std::string> objects;
  Statement read = db.prepare(
      "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema "
      "WHERE name NOT LIKE 'sqlite_%'");
  while (read.step()) objects.emplace(read.string(0), read.string(1));
  return objects;
}

}  // namespace

void check_schema_objects(DoctorContext& context) {
  Connection fresh(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, {});
  migrate(fresh);
  const auto wanted = schema_objects(fresh);
  const auto present = schema_objects(context.db);
  for (const auto& [name, sql] : wanted) {
    const auto found = present.find(name);
    if (found == present.end()) {
      context.damage("schema", name, "it is missing", std::string(kGoBack));
    } else if (found->second != sql) {
      context.damage("schema", name, "it is not as this program makes it",
                     "undo what another program changed in the store");
    }
  }
  for (const auto& [name, sql] : present) {
    if (!wanted.contains(name)) {
      context.warn("schema", name, "it is none of ours", "drop it if you do not need it");
    }
  }
}

void check_orphan_rows(DoctorContext& context) {
  Statement check = context.db.prepare("PRAGMA foreign_key_check");
  while (check.step()) {
    context.damage(
        "orphan-row", check.string(0),
        fmt::format("row {} refers to a {} that is not there", check.integer(1), check.text(2)),
        std::string(kGoBack));
  }
  Statement scores = context.db.prepare(
      "SELECT name FROM score WHERE run_id <> 0 AND run_id NOT IN (SELECT id FROM run)");
  while (scores.step()) {
    context.damage("orphan-row", "score", fmt::format("score {} has no run", scores.text(0)),
                   "compute it again");
  }
}

namespace {

std::string stream_text(std::string_view owner, int64_t owner_id, std::string_view name,
                        int64_t place) {
  return fmt::format("chunk {} of column {} of {} {}", place, name, owner, owner_id);
}

// What gets a damaged column back.
std::string chunk_fix(std::string_view owner) {
  if (owner == "run") return "run the model again with --replace";
  if (owner == "score") return "compute the score again";
  if (owner == "object_scores") return "run `errata find boxes` again";
  if (owner == "objects") return "import the source again, or go back to a copy of the store";
  if (owner == "sample") return "import the source again: it writes the snapshot anew";
  return std::string(kGoBack);
}

}  // namespace

void check_chunks(DoctorContext& context) {
  Statement read = context.db.prepare(
      "SELECT chunk.id, codec, raw_bytes, checksum, data, owner, owner_id, name, rows, type "
      "FROM chunk JOIN stream ON stream.id = chunk.id / 16777216 ORDER BY chunk.id");
  std::vector<uint8_t> bytes;
  while (read.step()) {
    context.cancel.check();
    bytes.clear();
    std::string wrong =
        examine_chunk(read.blob(4), read.integer(1), static_cast<uint64_t>(read.integer(2)),
                      static_cast<uint64_t>(read.integer(3)), bytes);
    const std::string_view type = read.text(9);
    const size_t value_bytes = type == "i64" || type == "f64" || type == "f64x4" ? 8
                               : type == "i32" || type == "f32"                  ? 4
                                                                                 : 1;
    if (wrong.empty() && bytes.size() % value_bytes != 0) {
      wrong = "its length is no whole number of values";
    }
    if (wrong.empty()) continue;
    const bool length = wrong.find("length") != std::string::npos;
    context.damage(length ? "chunk-length" : "chunk-checksum",
                   stream_text(read.text(5), read.integer(6), read.text(7),
                               read.integer(0) % kChunksPerStream),
                   wrong, chunk_fix(read.text(5)));
  }
}

void check_orphan_chunks(DoctorContext& context) {
  Statement chunks =
      context.db.prepare("SELECT id FROM chunk WHERE id / 16777216 NOT IN (SELECT id FROM stream)");
  while (chunks.step()) {
    context.damage("orphan-chunk", fmt::format("chunk {}", chunks.integer(0)),
                   "it belongs to no column", "it does no harm but takes space");
  }
  Statement streams = context.db.prepare(
      "SELECT owner, owner_id, name FROM stream WHERE "
      "(owner = 'run' AND owner_id NOT IN (SELECT id FROM run)) OR "
      "(owner = 'version' AND owner_id NOT IN (SELECT id FROM version)) OR "
      "(owner = 'score' AND owner_id NOT IN (SELECT id FROM score)) OR "
      "(owner = 'batch' AND owner_id NOT IN (SELECT id FROM batch)) OR "
      "(owner = 'objects' AND owner_id NOT IN (SELECT id FROM object_set)) OR "
      "(owner = 'object_scores' AND owner_id NOT IN (SELECT id FROM object_score_set)) OR "
      "owner NOT IN ('run', 'version', 'score', 'batch', 'sample', 'objects', 'object_scores')");
  while (streams.step()) {
    context.damage(
        "orphan-chunk",
        fmt::format("column {} of {} {}", streams.text(2), streams.text(0), streams.integer(1)),
        "what it belongs to is not there", "it does no harm but takes space");
  }
}

void check_sample_ids(DoctorContext& context) {
  Statement read = context.db.prepare(
      "SELECT s.id FROM sample s LEFT JOIN sample p ON p.id = s.id - 1 "
      "WHERE s.id > 1 AND p.id IS NULL");
  while (read.step()) {
    context.damage("sample-gap", fmt::format("sample {}", read.integer(0)),
                   "the sample before it is missing", std::string(kGoBack));
  }
}

namespace {

void check_positions(DoctorContext& context, std::string_view what, std::string_view sql) {
  Statement read = context.db.prepare(sql);
  while (read.step()) {
    const int64_t count = read.integer(1);
    if (count == read.integer(2) && read.integer(3) == 0) continue;
    context.damage(
        "class-map-gap", fmt::format("{} '{}'", what, read.text(0)),
        fmt::format("its class map has {} entries and goes up to {}", count, read.integer(2)),
        what == "source" ? "import the source again" : "make it anew");
  }
}

}  // namespace

void check_class_maps(DoctorContext& context) {
  check_positions(
      context, "source",
      "SELECT source.name, count(*), max(position) + 1, min(position) FROM source_class "
      "JOIN source ON source.id = source_id GROUP BY source_id");
  check_positions(context, "run",
                  "SELECT run.name, count(*), max(position) + 1, min(position) FROM run_class "
                  "JOIN run ON run.id = run_id GROUP BY run_id");
  check_positions(context, "version",
                  "SELECT version.name, count(*), max(position) + 1, min(position) "
                  "FROM version_class JOIN version ON version.id = version_id GROUP BY version_id");
  Statement unmapped = context.db.prepare(
      "SELECT source.name, source_class.name FROM source_class JOIN source ON source.id = "
      "source_id "
      "WHERE class_id IS NULL");
  while (unmapped.step()) {
    context.damage("class-map-gap", fmt::format("source '{}'", unmapped.text(0)),
                   fmt::format("its class '{}' means no class of the project", unmapped.text(1)),
                   "import the source again");
  }
  Statement runs = context.db.prepare(
      "SELECT name FROM run WHERE kind <> 'embedding' "
      "AND id NOT IN (SELECT run_id FROM run_class)");
  while (runs.step()) {
    context.damage("class-map-gap", fmt::format("run '{}'", runs.text(0)), "it has no classes",
                   "run the model again with --replace");
  }
}

namespace {

// The boxes of a run of detections: their columns, what its rows and the run say of their number,
// and their classes.
void check_detections(DoctorContext& context, const RunInfo& run) {
  Connection& db = context.db;
  const RunId id = run.summary.id;
  const auto damage = [&](const std::string& message) {
    context.damage("run-rows", fmt::format("run '{}'", run.spec.name), message,
                   "run the model again with --replace");
  };
  uint64_t counted = 0;
  const auto counts = values_of<uint32_t>(read_stream(db, find_stream(db, "run", id, "counts")));
  for (const uint32_t count : counts) counted += count;
  uint64_t boxes = 0;
  bool known = true;
  try {
    ObjectBlockReader reader(db, "run", id, ObjectBlockKind::kDetections,
                             kBoxColumns | kShapeColumn);
    ObjectBlock block;
    while (reader.next(block)) {
      context.cancel.check();
      boxes += block.rows();
      for (const int32_t index : block.class_id) {
        known = known && index >= 0 && static_cast<size_t>(index) < run.spec.classes.size();
      }
    }
  } catch (const Error& error) {
    if (error.category() == ErrorCategory::kInterrupted) throw;
    return damage(error.what());
  }
  if (!known) damage("a detection is of no class of the model");
  const auto said = static_cast<uint64_t>(
      db.integer(fmt::format("SELECT detections FROM run WHERE id = {}", id)));
  if (boxes == said && boxes == counted) return;
  damage(fmt::format("it has {} detections and says {}, its rows {}", boxes, said, counted));
}

}  // namespace

void check_runs(DoctorContext& context) {
  Connection& db = context.db;
  for (const RunInfo& run : read_runs(db)) {
    const RunId id = run.summary.id;
    const auto damage = [&](const std::string& message) {
      context.damage("run-rows", fmt::format("run '{}'", run.spec.name), message,
                     "run the model again with --replace");
    };
    const auto rows_in = [&](std::string_view name, size_t columns = 0) {
      int64_t rows = 0;
      const int64_t stream = find_stream(db, "run", id, name);
      if (stream == 0) return int64_t{-1};
      uint64_t bytes = 0;
      for (const ChunkHead& head : list_chunks(db, stream)) {
        rows += head.rows;
        bytes += head.raw_bytes;
      }
      if (columns > 0 && bytes != static_cast<uint64_t>(rows) * columns * sizeof(float)) {
        damage(fmt::format("column {} has not {} values a row, as the run says", name, columns));
      }
      return rows;
    };
    std::vector<std::string_view> names{"status"};
    const bool detects = run.spec.kind == "detections";
    if (detects) {
      names.emplace_back("counts");
      check_detections(context, run);
    }
    if (run.spec.kind != "embedding" && !detects) {
      names.emplace_back("top");
      names.emplace_back("confidence");
    }
    if (run.spec.kind == "probabilities") {
      names.insert(names.end(), {"probabilities", "margin", "entropy"});
    }
    if (run.spec.embedding_columns > 0) names.emplace_back("embeddings");
    if (run.spec.stage_columns > 0) names.emplace_back("stages");
    const auto columns_of = [&](std::string_view name) {
      return name == "probabilities" ? run.spec.classes.size()
             : name == "embeddings"  ? run.spec.embedding_columns
             : name == "stages"      ? run.spec.stage_columns
                                     : 0;
    };
    const auto wanted = static_cast<int64_t>(run.rows);
    for (const std::string_view name : names) {
      const int64_t rows = rows_in(name, columns_of(name));
      if (rows == wanted) continue;
      damage(fmt::format("column {} has {} rows, the run {}", name, std::max<int64_t>(rows, 0),
                         wanted));
    }
    if (rows_in("samples") != static_cast<int64_t>(run.plan_rows)) {
      damage("its list of samples is not complete");
    }
  }
}

void check_versions(DoctorContext& context) {
  for (const VersionInfo& info : list_versions(context.store)) {
    const std::string where = fmt::format("version '{}'", info.name);
    Sha256Digest digest;
    constexpr std::string_view kPrefix = "errata1:";
    if (!info.hash.starts_with(kPrefix) ||
        !parse_sha256_hex(std::string_view(info.hash).substr(kPrefix.size()), digest)) {
      context.damage("version-hash", where, fmt::format("its hash is '{}'", info.hash),
                     std::string(kGoBack));
    }
    try {
      const VersionColumns columns = read_version_columns(context.store, info.id);
      if (columns.ids.size() != info.samples) {
        context.damage(
            "version-hash", where,
            fmt::format("it has {} samples and says {}", columns.ids.size(), info.samples),
            std::string(kGoBack));
      }
    } catch (const Error& error) {
      context.damage("version-hash", where, error.what(), std::string(kGoBack));
    }
  }
}

void check_leases(DoctorContext& context) {
  Statement read =
      context.db.prepare("SELECT name, host, pid, process_start, renewed_at FROM lease");
  while (read.step()) {
    const LeaseRow lease{read.string(0), read.string(1), read.integer(2), read.integer(3),
                         read.string(4)};
    if (!lease_is_stale(lease)) continue;
    context.warn("stale-lease", lease.name,
                 fmt::format("process {} on {} held it and is gone", lease.pid, lease.host),
                 "start the same work again: it takes over");
  }
}

void check_interrupted(DoctorContext& context) {
  Statement imports = context.db.prepare(
      "SELECT DISTINCT source.name FROM batch JOIN source ON source.id = source_id "
      "WHERE kind = 'import' AND finished = 0");
  while (imports.step()) {
    context.warn("interrupted-import", fmt::format("source '{}'", imports.text(0)),
                 "its last import did not end", "import it again: it goes on where it stopped");
  }
  for (const RunInfo& run : read_runs(context.db)) {
    if (run.summary.state != RunState::kInterrupted) continue;
    context.warn("interrupted-run", fmt::format("run '{}'", run.spec.name),
                 fmt::format("it covered {} of {} samples", run.rows, run.plan_rows),
                 "run it again with --resume");
  }
}

}  // namespace errata::store
