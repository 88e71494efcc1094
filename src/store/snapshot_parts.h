// Pieces shared by loading a snapshot and by editing one in place. Internal to this folder.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"
#include "store/block.h"
#include "store/connection.h"
#include "store/edits.h"

namespace errata::store {

// Codes of the category columns `review` (those of Review) and `outcome@run`.
std::shared_ptr<const Dictionary> review_dictionary();
std::shared_ptr<const Dictionary> outcome_dictionary();
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
SampleColumns load_sample_columns(Connection& db);

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

// The columns attr.* for all rows of the store.
std::vector<Column> load_attribute_columns(Connection& db, size_t rows);

// Adds the columns of runs and stored scores. `row_of_sample[id]` is the row of a sample, or -1.
void add_run_columns(Connection& db, const std::vector<int32_t>& row_of_sample, ClassCodes& codes,
                     bool all_runs, Snapshot& snapshot);

}  // namespace errata::store
