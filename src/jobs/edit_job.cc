#include "jobs/edit_job.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "importers/path_matcher.h"
#include "jobs/loaded_state.h"
#include "store/classes.h"
#include "store/sample_files.h"
#include "text/csv.h"

namespace errata::jobs {

namespace {

std::vector<SampleId> samples_where(const EditJobOptions& options,
                                    std::vector<std::string>& warnings) {
  const LoadedState state =
      load_state({options.store_path, options.run, options.where, /*needs_run=*/false});
  std::vector<SampleId> ids;
  state.selection.for_each([&](RowIndex row) { ids.push_back(state.snapshot.ids[row]); });
  warnings = state.notes;
  return ids;
}

bool parse_sample_id(std::string_view name, SampleId& id) {
  return name.starts_with("id:") && text::parse_int(name.substr(3), id);
}

}  // namespace

void EditJobOptions::check() const {
  if (samples.empty() == trim(where).empty()) {
    throw Error(ErrorCategory::kUsage,
                samples.empty() ? "no samples were named" : "both samples and a filter were given",
                "Name samples by path, or select them with --where EXPR.");
  }
  if (kind == store::EditKind::kSetLabel && classes.empty()) {
    throw Error(ErrorCategory::kUsage, "no class was given");
  }
  const bool wants_text = kind == store::EditKind::kTag || kind == store::EditKind::kUntag;
  if (wants_text && text.empty()) throw Error(ErrorCategory::kUsage, "the tag is empty");
}

store::AppliedBatch tag_rows(store::Store& store, const Snapshot& snapshot,
                             std::span<const RowIndex> rows, const std::string& tag,
                             const std::string& who, const std::string& why) {
  if (tag.empty() || rows.empty()) return {};
  std::vector<store::Edit> edits;
  for (const RowIndex row : rows) {
    store::Edit edit;
    edit.sample = snapshot.ids[row];
    edit.kind = store::EditKind::kTag;
    edit.text = tag;
    edits.push_back(std::move(edit));
  }
  return store::apply_edits(store, edits, who, why);
}

std::string default_who() {
  for (const char* variable : {"ERRATA_WHO", "USER", "LOGNAME"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return to_valid_utf8(value);
  }
  const passwd* account = ::getpwuid(::geteuid());
  if (account != nullptr && *account->pw_name != '\0') return to_valid_utf8(account->pw_name);
  return "unknown";
}

std::vector<SampleId> find_samples(store::Store& store, const std::vector<std::string>& names) {
  importers::PathMatcher matcher;
  std::vector<SampleId> ids;
  for (const store::SampleFile& file : store::all_sample_files(store)) {
    std::string_view root = file.absolute_path;
    if (root.size() > file.path.size()) root.remove_suffix(file.path.size() + 1);
    matcher.add(root, file.path, file.member, file.raw_id);
    ids.push_back(file.id);
  }
  std::vector<SampleId> found;
  for (const std::string& name : names) {
    SampleId id = 0;
    if (parse_sample_id(name, id)) {
      found.push_back(id);
      continue;
    }
    importers::Match match = matcher.find(name);
    if (!match.found()) match = matcher.find(unescape_bytes(name));
    if (match.method == importers::MatchMethod::kAmbiguous) {
      throw Error(ErrorCategory::kConflict,
                  fmt::format("'{}' fits several samples equally well", to_valid_utf8(name)),
                  "Give more of the path, or id:N (`errata rank --json` shows ids).");
    }
    if (!match.found()) {
      throw Error(ErrorCategory::kNotFound,
                  fmt::format("there is no sample '{}'", to_valid_utf8(name)),
                  "Name it by its path as `errata rank` shows it, or by its id: id:N.");
    }
    found.push_back(ids[match.index]);
  }
  return found;
}

EditJobReport run_edit(const EditJobOptions& options) {
  options.check();
  EditJobReport report;
  store::Store store = store::Store::open(options.store_path, store::Access::kWrite);
  const std::vector<SampleId> samples = options.samples.empty()
                                            ? samples_where(options, report.warnings)
                                            : find_samples(store, options.samples);
  report.selected = samples.size();
  store::Edit edit;
  edit.kind = options.kind;
  edit.text = options.text;
  for (const std::string& name : options.classes) {
    edit.labels.push_back(store::require_class(store, name));
  }
  std::vector<store::Edit> edits(samples.size(), edit);
  for (size_t i = 0; i < samples.size(); ++i) edits[i].sample = samples[i];
  report.batch = store::apply_edits(store, edits, options.who, options.why);
  store.close();
  return report;
}

}  // namespace errata::jobs
