// Pieces shared by loading a snapshot and by editing one in place. Internal to this folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"
#include "store/block.h"
#include "store/connection.h"
#include "store/edits.h"
#include "store/runs.h"
#include "store/score_columns.h"
#include "store/stream_reader.h"

namespace errata::store {

// Codes of the category columns `review` (those of Review) and `outcome@run`.
std::shared_ptr<const Dictionary> review_dictionary();
std::shared_ptr<const Dictionary> outcome_dictionary();
// Of `verdict`: the names of model/verdict.h, in its order.
std::shared_ptr<const Dictionary> verdict_dictionary();
inline constexpr int32_t kRight = 0;
inline constexpr int32_t kWrong = 1;

// -1 where label or prediction is unknown.
int32_t outcome_code(int32_t label, int32_t prediction);
// NaN unless wrong.
float mistake_value(int32_t outcome, float confidence);

Column make_set_column(std::string name, const std::vector<uint32_t>& counts,
                       std::vector<int32_t> codes, std::shared_ptr<const Dictionary> dictionary);

// Every sample of the store, row i being sample i + 1, vanished ones included, with edits since the
// last fold applied: what the blocks hold, joined.
struct SampleColumns {
  std::vector<int32_t> source;
  std::vector<int64_t> member;
  std::vector<int64_t> size_bytes;
  std::vector<int32_t> width;
  std::vector<int32_t> height;
  std::vector<uint8_t> vanished;
  TextRows path;
  IdLists labels_given;
  IdLists labels;
  IdLists tags;
  std::vector<int32_t> split;
  std::vector<uint8_t> review;

  size_t rows() const { return vanished.size(); }
};
// Adds the work that fills `columns` for `rows` samples, out of the blocks alone.
void read_sample_columns(StreamReader& reader, size_t rows, SampleColumns& columns, WorkList& work);
// Afterwards: what the rows say of samples edited since the last fold.
void apply_unfolded_edits(Connection& db, SampleColumns& columns);

// Positions (sample id - 1) of the samples that are there, and the inverse.
struct Presence {
  std::vector<uint32_t> kept;          // rising
  std::vector<int32_t> row_of_sample;  // by id; -1 for vanished ones; [0] unused
  bool whole() const { return kept.size() + 1 == row_of_sample.size(); }
};

// Project classes as a snapshot numbers them: those in use first, in order of id, then names that
// only given labels and predictions know.
struct ClassCodes {
  ClassMap classes;
  std::vector<ClassId> class_ids;
  std::shared_ptr<Dictionary> dictionary;
  std::unordered_map<int64_t, int32_t> code_of;      // of every class id, under its own name
  std::unordered_map<int64_t, int32_t> resolved_of;  // the same, merged ones as what they became
};
ClassCodes load_class_codes(Connection& db);

// Names of the streams attr.*, in order.
std::vector<std::string> attribute_names(Connection& db);
// The column for all rows of the store; nothing when no block has it. Any thread.
std::optional<Column> read_attribute(StreamReader& reader, const std::string& name, size_t rows);

// The codes of one row's labels.
struct RowCodes {
  size_t row;
  std::vector<int32_t> codes;
};
// Puts them into `label`, and into `labels`, which exists exactly while some row has more than one;
// `changed` rises by row.
void put_labels(Table& table, const std::vector<RowCodes>& changed);

// Keeps the named columns of `snapshot` with the labels of `revision`, and of samples of `others`
// with those of theirs, which they were made for, and makes NULL what is not true of the present
// labels.
void add_score_basis(Connection& db, const std::unordered_map<int64_t, int32_t>& code_of_class,
                     const Presence& presence, int64_t revision, std::span<const MadeFor> others,
                     const std::vector<std::string>& names, Snapshot& snapshot);
// After the labels of `rows` changed: each score is NULL where the labels are not those it was made
// for, and what it was where they are.
void follow_labels(Snapshot& snapshot, const std::vector<size_t>& rows);
// RunSummary::scores_stale, once all bases are there.
void mark_stale_runs(Snapshot& snapshot);

// The columns of runs and stored scores, in four steps: what there is, read from small tables; the
// streams; the columns out of them; and the columns in their order.
class RunColumns {
 public:
  // Only the active run's with all_runs false. Runs that the project's classes do not cover add to
  // the dictionary of `codes`.
  RunColumns(Connection& db, ClassCodes& codes, const std::string& active_run, bool all_runs);
  void read(StreamReader& reader, WorkList& work);
  // `label` is the snapshot's column and outlives the work.
  void make(const Presence& presence, const Column& label, WorkList& work);
  // After the samples' own columns.
  void add_to(Connection& db, const Presence& presence, Snapshot& snapshot);

 private:
  struct Score {
    int64_t id = 0;
    std::string name;  // with "@run"
    int64_t label_revision = 0;
    std::vector<MadeFor> others;
    bool own_samples = false;
    std::vector<SampleId> samples;
    std::vector<float> values;
    Column column;
  };
  struct Run {
    RunInfo info;
    bool has_columns = false;
    std::vector<int32_t> code_of;  // of the model's classes
    std::shared_ptr<const RunPlan> plan;
    bool counts_up = false;  // the plan's samples are 1, 2, 3, ...
    std::vector<int32_t> top;
    std::vector<float> confidence;
    std::vector<float> margin;
    std::vector<float> entropy;
    std::vector<Score> scores;
    std::vector<Column> columns;
  };

  std::vector<Score> list_scores(Connection& db, RunId run, const std::string& suffix);
  void read_score(StreamReader& reader, Score& score, WorkList& work);
  void make_score(const Presence& presence, const Run* run, Score& score);
  void make_predictions(const Presence& presence, const Column& label, Run& run);

  std::shared_ptr<Dictionary> dictionary_;
  std::unordered_map<int64_t, int32_t> code_of_class_;  // merged ones as what they became
  std::unordered_map<int64_t, int32_t> code_of_label_;  // under their own names
  std::vector<Score> scores_;                           // of no run
  std::vector<Run> runs_;
};

}  // namespace errata::store
