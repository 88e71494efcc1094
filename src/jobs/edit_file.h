// The edit file: corrections on their way between stores and people. JSON lines, one edit a line:
//
//   {"path": "cat/17.jpg", "xxh3": "00f3…", "what": "label", "from": "cat", "to": "dog",
//    "who": "ann", "when": "2026-11-23T08:17:59Z", "why": "two ears and a bark"}
//
// path   below the source's root, as `errata rank` shows it (base/text.h escape_bytes), "#n" behind
//        it for image n of a container
// xxh3   XXH3 of the file's bytes (of a container member: of its raw pixels), 16 hex digits. May be
//        missing in files written by hand: the path alone then has to fit exactly.
// what   label, keep, exclude, include, ambiguous, unreview, tag, untag, split; of a box
// object-add,
//        object-delete, object-class, object-box, object-crowd, object-difficult, object-truncated,
//        object-keep, object-ambiguous, object-unreview, object-restore; of a detection without a
//        label detection-keep, detection-ambiguous, detection-unreview
// from   what it was: class (a list for none or several), review state, tag or split; null: none
//        of a box: {"class": "RBC", "box": [x, y, width, height], "review": "unseen"}, where they
//        are not as usual with "area", "crowd", "difficult", "truncated" and "shape" (hexadecimal,
//        model/shape.h); null: it was not there
// to     what it became; of a box null: it was deleted
// object of a box: its number in the store that wrote the file, so that its lines follow each other
// who, when, why  for the record
//
// The sample is the one with that content; among several, the one at that path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/job_context.h"
#include "store/edits.h"
#include "store/history.h"

namespace errata::jobs {

struct EditFileLine {
  uint64_t line = 0;
  std::string path;
  std::string xxh3;  // 16 hex digits; empty when not given
  store::EditKind kind = store::EditKind::kKeep;
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::string who;
  std::string when;
  std::string why;
  std::string what;     // of a box, else empty
  ObjectId object = 0;  // of a box; 0: not given
  std::optional<store::LoggedObject> object_from = {};
  std::optional<store::LoggedObject> object_to = {};
};

// An edit that does not fit this store. It was not applied.
struct EditConflict {
  uint64_t line = 0;
  std::string path;
  std::string what;
  std::string from;  // what the file says it was
  std::string to;
  std::string here;    // what it is in this store; empty when the sample is not found
  std::string reason;  // one sentence
};

struct EditFileOptions {
  std::string store_path = "errata.db";
  std::string file;
  std::string who;  // apply: recorded as the one who applied; empty: the file's, when it names one
  std::string why;  // apply: of edits that give no reason
};

struct EditApplyReport {
  uint64_t lines = 0;
  uint64_t applied = 0;
  uint64_t already = 0;   // this store is that way already
  uint64_t rejected = 0;  // lines that are no edits: issues
  std::vector<EditConflict> conflicts;
  store::AppliedBatch batch;
};

// Applies what fits as one batch; lists the rest. Nothing is guessed. Lines that cannot be read are
// issues ("bad-edit"). Throws Error(kNotFound, kBadInput) when the file cannot be read at all.
EditApplyReport apply_edit_file(const EditFileOptions& options, JobContext& context);

// Writes every edit that stands, oldest first; returns how many. "-" is not special: `text_out`
// gets the lines when not null, instead of the file.
uint64_t export_edit_file(const EditFileOptions& options, std::string* text_out = nullptr);

}  // namespace errata::jobs
