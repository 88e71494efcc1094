// The lines of an edit file that are about boxes: their form, and how they fit another store. See
// edit_file.h for the file. Internal to this folder.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "jobs/edit_file.h"
#include "store/history.h"
#include "store/objects.h"
#include "text/json.h"

namespace errata::jobs {

// "object-add", "detection-keep" and their like.
bool is_object_edit(std::string_view what);
bool is_detection_decision(std::string_view what);

// Fills in what a line about a box says. Error(kBadInput) with what is wrong in it.
void parse_object_line(const text::Json& json, EditFileLine& line);
void write_object_line(const store::LogEntry& entry, text::Json& json);
// "RBC at 10, 5, 20 x 25, changed"; "none".
std::string object_words(const std::optional<store::LoggedObject>& object);

// Turns lines about boxes into edits of this store. What the exporting store calls one object is
// one chain of lines. The annotation here is the one in the same image that is as one of the
// chain's lines says it was or became, exactly; the number it had there is only asked where several
// are. A chain goes on from the last line that holds here already.
class ObjectLines {
 public:
  ObjectLines(store::Store& store, EditApplyReport& report) : store_(store), report_(report) {}

  void add(const EditFileLine& line, SampleId sample);
  // Once, after all lines.
  void resolve();
  const std::vector<store::ObjectEdit>& edits() const { return edits_; }

 private:
  using State = std::optional<store::LoggedObject>;
  struct Chain {
    SampleId sample = 0;
    std::vector<const EditFileLine*> lines;
  };
  struct Here {
    ObjectId id = 0;
    store::LoggedObject state;
    bool claimed = false;
  };
  // Where a chain goes on: its first line that is to be applied, and the annotation meant.
  struct Start {
    size_t line = 0;
    Here* here = nullptr;
    std::string conflict = {};  // why it does not fit
    const Here* instead = nullptr;
  };

  void load();
  Start find_start(const Chain& chain);
  Start start_of_absent(const Chain& chain);
  bool is_deleted_here(const Chain& chain);
  Here* find_here(const Chain& chain, const store::LoggedObject& state, bool with_review);
  const Here* overlapping(const Chain& chain, const store::LoggedObject& state,
                          bool alike_and_added);
  void apply(const Chain& chain, const Start& start);
  void decide_detection(const Chain& chain);
  void conflict(const EditFileLine& line, const std::string& here, std::string reason);

  store::Store& store_;
  EditApplyReport& report_;
  std::vector<Chain> chains_;  // in the order of their first lines
  std::map<std::tuple<SampleId, bool, ObjectId>, size_t> chain_of_;
  std::map<SampleId, std::vector<Here>> here_;
  std::map<SampleId, std::vector<Here>> detections_here_;
  std::map<SampleId, std::vector<store::LoggedObject>> deleted_;  // here, by what stands in the log
  std::map<std::string, ClassId> class_ids_;
  std::vector<store::ObjectEdit> edits_;
};

}  // namespace errata::jobs
