#include "store/dump.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "store/copy_pairs.h"
#include "store/history.h"
#include "store/object_sets.h"
#include "store/run_rows.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "store/versions.h"

namespace errata::store {

namespace {

// Rows of a query, one line each, under a title.
void dump_query(Connection& db, std::string_view title, std::string_view sql, std::string& text) {
  text += fmt::format("[{}]\n", title);
  Statement read = db.prepare(sql);
  const int columns = sqlite3_column_count(read.handle());
  while (read.step()) {
    for (int i = 0; i < columns; ++i) {
      if (i > 0) text += '\t';
      text += read.is_null(i) ? "NULL" : escape_bytes(read.text(i));
    }
    text += '\n';
  }
}

void dump_snapshot(Store& store, std::string& text) {
  const Snapshot snapshot = load_snapshot(store);
  for (const auto& column : snapshot.samples.columns()) {
    // Predictions are dumped with their runs.
    if (column->name.find('@') != std::string::npos) continue;
    text += fmt::format("[column {} {}]\n", column->name, column_type_name(column->type));
    for (size_t row = 0; row < column->rows; ++row) {
      const auto index = static_cast<RowIndex>(row);
      text += column->is_null(index) ? "NULL" : escape_bytes(column->display(index));
      text += '\n';
    }
  }
}

// Floats by their bits, so that every NaN is the same and nothing is lost.
std::string row_text(std::span<const float> row) {
  std::string text;
  for (const float value : row) {
    text += value == value ? fmt::format(" {}", value) : std::string(" NaN");
  }
  return text;
}

void dump_runs(Store& store, std::string& text) {
  Connection& db = store.db();
  for (const RunInfo& run : read_runs(db)) {
    const RunId id = run.summary.id;
    text += fmt::format("[run {}]\n", run.spec.name);
    for (const std::string_view name :
         {"samples", "top", "status", "counts", "det.sample", "det.class", "det.box",
          "det.confidence", "det.object_id"}) {
      if (find_stream(db, "run", id, name) == 0) continue;
      const std::vector<uint8_t> bytes = read_stream(db, find_stream(db, "run", id, name));
      text += fmt::format("{} {:016x}\n", name, xxh3_64(bytes));
    }
    const auto dump_rows = [&](std::string_view name) {
      return [&text, name](std::span<const SampleId> ids, std::span<const float> rows,
                           size_t columns) {
        for (size_t i = 0; i < ids.size(); ++i) {
          text +=
              fmt::format("{} {}{}\n", name, ids[i], row_text(rows.subspan(i * columns, columns)));
        }
      };
    };
    for_each_probability_chunk(store, id, dump_rows("probabilities"));
    for_each_embedding_chunk(store, id, dump_rows("embedding"));
    for_each_stage_chunk(store, id, dump_rows("stages"));
    for (const std::string_view name : {"confidence", "margin", "entropy"}) {
      text += fmt::format(
          "{}{}\n", name,
          row_text(values_of<float>(read_stream(db, find_stream(db, "run", id, name)))));
    }
  }
  for (const ScoreColumnInfo& info : list_score_columns(store)) {
    const ScoreColumn score = read_score_column(store, info.run, info.name);
    text +=
        fmt::format("[score {} of run {}{}]\n", info.name, info.run, info.stale ? ", stale" : "");
    for (size_t i = 0; i < score.samples.size(); ++i) {
      text += fmt::format("{}{}\n", score.samples[i], row_text({&score.values[i], 1}));
    }
  }
  const std::optional<std::vector<CopyPair>> pairs = read_copy_pairs(store);
  if (!pairs) return;
  text += "[copy pairs]\n";
  for (const CopyPair& pair : *pairs) {
    text += fmt::format("{} {} {}{}\n", pair.a, pair.b, pair.hash_bits,
                        row_text({&pair.similarity, 1}));
  }
}

void dump_versions(Store& store, std::string& text) {
  for (const VersionInfo& info : list_versions(store)) {
    const VersionColumns columns = read_version_columns(store, info.id);
    text += fmt::format("[version {} {} {} {}]\n", info.name, info.hash, info.message,
                        fmt::join(info.classes, ","));
    for (size_t i = 0; i < columns.ids.size(); ++i) {
      const std::span<const ClassIndex> labels(
          columns.labels.data() + columns.label_offsets[i],
          columns.label_offsets[i + 1] - columns.label_offsets[i]);
      const int32_t split = columns.splits[i];
      text += fmt::format("{} {} {} {} [{}] {}\n", columns.ids[i], to_hex(columns.content[i]),
                          columns.paths[i], columns.raw_ids[i], fmt::join(labels, ","),
                          split < 0 ? "-" : columns.split_names[static_cast<size_t>(split)]);
    }
  }
}

void dump_objects(Store& store, std::string& text) {
  Connection& db = store.db();
  const std::vector<ObjectSet> sets = read_object_sets(db);
  if (sets.empty()) return;
  text += "[objects]\n";
  for (const ObjectSet& set : sets) {
    text += fmt::format("{} {} {:016x}\n", set.source_name, set.objects, set.content_hash);
  }
  const StandingObjects objects = read_standing(db, sets, read_object_rows(db), false);
  for (size_t i = 0; i < objects.size(); ++i) {
    text += fmt::format("{} {} {} [{}] {} {} {} {}\n", objects.id[i], objects.sample[i],
                        objects.class_id[i], fmt::join(objects.box[i], ","), objects.area[i],
                        objects.flags[i], objects.review[i], objects.edited[i]);
  }
}

void dump_log(Store& store, std::string& text) {
  text += "[log]\n";
  LogFilter everything;
  everything.limit = SIZE_MAX;
  const std::vector<LogEntry> entries = read_log(store, everything);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    text +=
        fmt::format("{} {} {} {} {} [{}] [{}] {} {} undone {} {}\n", entry->batch_kind, entry->what,
                    entry->who, escape_bytes(entry->why), entry->path, fmt::join(entry->from, ","),
                    fmt::join(entry->to, ","), review_name(entry->review_from),
                    review_name(entry->review_to), entry->undone_by != 0, entry->sample);
  }
}

}  // namespace

std::string dump_store(Store& store) {
  Connection& db = store.db();
  std::string text;
  dump_query(db, "classes", "SELECT id, name, merged_into FROM class ORDER BY id", text);
  dump_query(db, "sources",
             "SELECT source.name, format, root.path FROM source JOIN root ON root.id = root_id "
             "ORDER BY source.id",
             text);
  dump_query(db, "source classes", "SELECT * FROM v_source_classes ORDER BY source, position",
             text);
  dump_query(db, "samples",
             "SELECT id, source, path, width, height, orientation, size_bytes, xxh3, split, label, "
             "label_given, labels, review, tags, raw_id, attributes, present FROM v_samples "
             "ORDER BY id",
             text);
  dump_query(db, "annotations",
             "SELECT sample_id, class_id, given, current FROM label ORDER BY sample_id, class_id",
             text);
  dump_query(db, "detection reviews", "SELECT * FROM detection_review ORDER BY id", text);
  dump_query(
      db, "runs",
      "SELECT name, kind, model_path, model_sha256, preprocessing, options, precision, "
      "batch_size, seed, trained_on, embedding_columns, stage_columns, plan_rows, rows_done, "
      "predicted, not_finite, unreadable, complete FROM run ORDER BY id",
      text);
  dump_query(db, "run classes", "SELECT * FROM v_run_classes ORDER BY run, position", text);
  dump_query(db, "issues",
             "SELECT job, origin, severity, kind, file, place, text, message, fix FROM issue "
             "ORDER BY job, origin, kind, file, place, text",
             text);
  dump_query(db, "content hashes",
             "SELECT sample_id, xxh3, hex(sha256) FROM content_hash ORDER BY sample_id", text);
  dump_query(db, "saved views", "SELECT * FROM v_saved_views ORDER BY name", text);
  dump_snapshot(store, text);
  dump_objects(store, text);
  dump_log(store, text);
  dump_runs(store, text);
  dump_versions(store, text);
  return text;
}

}  // namespace errata::store
