#include "jobs/edit_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "base/files.h"
#include "base/text.h"
#include "importers/path_matcher.h"
#include "jobs/edit_file_objects.h"
#include "store/classes.h"
#include "store/history.h"
#include "store/sample_files.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

using store::EditKind;

constexpr std::array kKinds{EditKind::kSetLabel, EditKind::kExclude,   EditKind::kInclude,
                            EditKind::kKeep,     EditKind::kAmbiguous, EditKind::kUnreview,
                            EditKind::kTag,      EditKind::kUntag,     EditKind::kSetSplit};

bool parse_kind(const std::string& name, EditKind& kind) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](EditKind candidate) {
    return store::edit_kind_name(candidate) == name;
  });
  if (found != kKinds.end()) kind = *found;
  return found != kKinds.end();
}

bool changes_review(EditKind kind) {
  return kind == EditKind::kExclude || kind == EditKind::kInclude || kind == EditKind::kKeep ||
         kind == EditKind::kAmbiguous || kind == EditKind::kUnreview;
}

std::string join(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

text::Json to_json(const std::vector<std::string>& texts) {
  if (texts.empty()) return nullptr;
  if (texts.size() == 1) return texts[0];
  text::Json array = text::Json::array();
  for (const std::string& text : texts) array.push_back(text);
  return array;
}

// A text, a list of texts, or null; sorted.
std::vector<std::string> texts_of(const text::Json* value) {
  std::vector<std::string> texts;
  if (value == nullptr || value->is_null()) return texts;
  if (value->is_array()) {
    for (const text::Json& item : value->as_array()) texts.push_back(item.as_string());
  } else {
    texts.push_back(value->as_string());
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

bool is_hex16(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

EditFileLine parse_line(const text::Json& json, uint64_t line) {
  EditFileLine edit;
  edit.line = line;
  edit.path = json.at("path").as_string();
  edit.xxh3 = to_lower_ascii(json.get_string("xxh3"));
  if (!edit.xxh3.empty() && !is_hex16(edit.xxh3)) {
    throw Error(ErrorCategory::kBadInput, "\"xxh3\" is not 16 hexadecimal digits");
  }
  const std::string& what = json.at("what").as_string();
  edit.who = json.get_string("who");
  edit.when = json.get_string("when");
  edit.why = json.get_string("why");
  if (is_object_edit(what)) {
    parse_object_line(json, edit);
    return edit;
  }
  if (!parse_kind(what, edit.kind)) {
    throw Error(ErrorCategory::kBadInput, fmt::format("\"what\" is '{}', which is no edit", what));
  }
  edit.from = texts_of(json.find("from"));
  edit.to = texts_of(json.find("to"));
  if (edit.kind == EditKind::kSetLabel) json.at("from");
  const bool needs_one = edit.kind == EditKind::kTag;
  if (needs_one && edit.to.size() != 1) {
    throw Error(ErrorCategory::kBadInput, "\"to\" has to be one tag");
  }
  if (edit.kind == EditKind::kUntag && edit.from.size() != 1) {
    throw Error(ErrorCategory::kBadInput, "\"from\" has to be one tag");
  }
  return edit;
}

std::vector<EditFileLine> read_lines(const std::string& file, JobContext& context,
                                     uint64_t& lines) {
  std::vector<EditFileLine> edits;
  text::JsonLinesReader reader(file);
  text::Json json;
  std::string problem;
  while (reader.next(json, problem)) {
    context.cancel.check();
    ++lines;
    if (problem.empty()) {
      try {
        edits.push_back(parse_line(json, reader.line()));
        continue;
      } catch (const Error& error) {
        problem = error.what();
      }
    }
    context.issues.reject("bad-edit", file, reader.place(), shorten_utf8(json.dump(), 200),
                          fmt::format("Not an edit: {}.", problem),
                          "See `errata edit export` for how a line looks.");
    problem.clear();
  }
  return edits;
}

// Finds the sample of a line: by content, then path.
class SampleFinder {
 public:
  explicit SampleFinder(store::Store& store) {
    for (const store::SampleFile& file : store::all_sample_files(store)) {
      const std::string locator = importers::locator_text(escape_bytes(file.path), file.member);
      by_hash_.emplace(fmt::format("{:016x}", file.xxh3), samples_.size());
      by_path_.emplace(locator, samples_.size());
      samples_.push_back({file.id, locator});
    }
  }

  // The sample, or 0 with the reason why not.
  SampleId find(const EditFileLine& edit, std::string& reason) const {
    const auto at_path = by_path_.equal_range(edit.path);
    const auto paths = std::distance(at_path.first, at_path.second);
    if (edit.xxh3.empty()) {
      if (paths == 1) return samples_[at_path.first->second].id;
      reason = paths == 0 ? "No sample has this path, and the line gives no content hash."
                          : "Several samples have this path, and the line gives no content hash.";
      return 0;
    }
    const auto same = by_hash_.equal_range(edit.xxh3);
    const auto count = std::distance(same.first, same.second);
    if (count == 1) return samples_[same.first->second].id;
    if (count == 0) {
      reason = paths == 0 ? "No sample has this content or this path."
                          : "The sample at this path has other content.";
      return 0;
    }
    SampleId found = 0;
    for (auto i = same.first; i != same.second; ++i) {
      if (samples_[i->second].locator != edit.path) continue;
      if (found != 0) {
        reason = "Several samples have this content and this path.";
        return 0;
      }
      found = samples_[i->second].id;
    }
    if (found == 0) reason = "Several samples have this content, none of them at this path.";
    return found;
  }

 private:
  struct Known {
    SampleId id;
    std::string locator;
  };
  std::vector<Known> samples_;
  std::unordered_multimap<std::string, size_t> by_hash_;
  std::unordered_multimap<std::string, size_t> by_path_;
};

// A sample as it will be once the lines before have been applied.
struct Expected {
  std::vector<std::string> labels;  // sorted names
  std::string review;
  bool review_was_set_by_file = false;
  std::string split;
  std::set<std::string> tags;
};

enum class Verdict { kApply, kAlready, kConflict };

Verdict judge_value(const std::vector<std::string>& here, const std::vector<std::string>& from,
                    const std::vector<std::string>& to) {
  if (here == to) return Verdict::kAlready;
  return here == from ? Verdict::kApply : Verdict::kConflict;
}

std::vector<std::string> as_list(const std::string& text) {
  return text.empty() ? std::vector<std::string>() : std::vector<std::string>{text};
}

Verdict judge(const EditFileLine& edit, const Expected& here) {
  switch (edit.kind) {
    case EditKind::kSetLabel: return judge_value(here.labels, edit.from, edit.to);
    case EditKind::kSetSplit: return judge_value(as_list(here.split), edit.from, edit.to);
    case EditKind::kTag:
      return here.tags.contains(edit.to[0]) ? Verdict::kAlready : Verdict::kApply;
    case EditKind::kUntag:
      return here.tags.contains(edit.from[0]) ? Verdict::kApply : Verdict::kAlready;
    default: break;
  }
  if (here.review_was_set_by_file) return Verdict::kApply;
  // "include" and "unreview" lead to different states here and there: only the start counts.
  const bool fixed_end = edit.kind == EditKind::kExclude || edit.kind == EditKind::kKeep ||
                         edit.kind == EditKind::kAmbiguous;
  if (fixed_end && !edit.to.empty() && as_list(here.review) == edit.to) return Verdict::kAlready;
  if (edit.kind == EditKind::kInclude && here.review != "excluded") return Verdict::kAlready;
  return edit.from.empty() || as_list(here.review) == edit.from ? Verdict::kApply
                                                                : Verdict::kConflict;
}

std::string value_here(const EditFileLine& edit, const Expected& here) {
  if (edit.kind == EditKind::kSetLabel) return join(here.labels);
  if (edit.kind == EditKind::kSetSplit) return here.split.empty() ? "none" : here.split;
  return here.review;
}

void advance(const EditFileLine& edit, Expected& here) {
  if (edit.kind == EditKind::kSetLabel) here.labels = edit.to;
  if (edit.kind == EditKind::kSetSplit) here.split = edit.to.empty() ? "" : edit.to[0];
  if (edit.kind == EditKind::kTag) here.tags.insert(edit.to[0]);
  if (edit.kind == EditKind::kUntag) here.tags.erase(edit.from[0]);
  if (changes_review(edit.kind) || edit.kind == EditKind::kSetLabel) {
    here.review_was_set_by_file = true;
    if (changes_review(edit.kind) && !edit.to.empty()) here.review = edit.to[0];
  }
}

// Lines about the same thing follow each other; lines about different things do not meet.
std::string aspect_of(const EditFileLine& edit) {
  switch (edit.kind) {
    case EditKind::kSetSplit: return "split";
    case EditKind::kTag: return "tag " + edit.to[0];
    case EditKind::kUntag: return "tag " + edit.from[0];
    default: return "label";  // a new label is a review, too
  }
}

// Whether a sample is where its lines of one aspect end: it took the same way before.
bool is_at_end(const std::vector<const EditFileLine*>& lines, const Expected& here) {
  const EditFileLine& last = *lines.back();
  if (last.kind == EditKind::kSetSplit) return as_list(here.split) == last.to;
  if (last.kind == EditKind::kTag) return here.tags.contains(last.to[0]);
  if (last.kind == EditKind::kUntag) return !here.tags.contains(last.from[0]);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if ((*line)->kind == EditKind::kSetLabel) return here.labels == (*line)->to;
    if (line == lines.rbegin() && as_list(here.review) != last.to) return false;
  }
  return true;
}

// Whether a later line of the same aspect knows what is here: the sample is further on the way.
bool is_passed(const EditFileLine& edit, const std::vector<const EditFileLine*>& lines,
               const Expected& here) {
  return std::any_of(lines.begin(), lines.end(), [&](const EditFileLine* later) {
    if (later->line <= edit.line) return false;
    if (later->kind == EditKind::kSetSplit) {
      return later->from == as_list(here.split) || later->to == as_list(here.split);
    }
    if (later->kind != EditKind::kSetLabel) {
      return edit.kind != EditKind::kSetLabel && later->to == as_list(here.review);
    }
    return later->to == here.labels ||
           (edit.kind == EditKind::kSetLabel && later->from == here.labels);
  });
}

// Turns lines into edits of this store, line by line.
class FileApplier {
 public:
  FileApplier(store::Store& store, EditApplyReport& report)
      : store_(store), report_(report), finder_(store), objects_(store, report) {
    for (const store::ProjectClass& entry : store::list_classes(store)) {
      class_ids_.emplace(entry.name, entry.id);
      class_names_.emplace(entry.id, entry.name);
    }
  }

  // To be called for all lines before the first take().
  void foresee(const EditFileLine& line) {
    std::string reason;
    const SampleId id = finder_.find(line, reason);
    if (id == 0) return;
    if (!line.what.empty()) return objects_.add(line, id);
    ways_[{id, aspect_of(line)}].lines.push_back(&line);
  }

  void take(const EditFileLine& line) {
    std::string reason;
    const SampleId id = finder_.find(line, reason);
    if (id == 0) return conflict(line, "", reason);
    if (!line.what.empty()) return;  // with all others of its object, by resolve()
    Expected& here = expected(id);
    Way& way = ways_[{id, aspect_of(line)}];
    if (&line == way.lines.front()) way.at_end = is_at_end(way.lines, here);
    if (way.at_end) {
      ++report_.already;
      return;
    }
    switch (judge(line, here)) {
      case Verdict::kAlready: ++report_.already; return;
      case Verdict::kConflict:
        if (is_passed(line, way.lines, here)) {
          ++report_.already;
          return;
        }
        return conflict(line, value_here(line, here),
                        "It is neither what the file says it was nor "
                        "what it says it became.");
      case Verdict::kApply: break;
    }
    store::Edit edit;
    edit.sample = id;
    edit.kind = line.kind;
    edit.why = line.why;
    if (line.kind == EditKind::kTag) edit.text = line.to[0];
    if (line.kind == EditKind::kUntag) edit.text = line.from[0];
    if (line.kind == EditKind::kSetSplit && !line.to.empty()) edit.text = line.to[0];
    if (line.kind == EditKind::kSetLabel) {
      for (const std::string& name : line.to) {
        const auto found = class_ids_.find(name);
        if (found == class_ids_.end()) {
          return conflict(line, value_here(line, here),
                          fmt::format("This project has no class '{}'.", name));
        }
        edit.labels.push_back(found->second);
      }
    }
    advance(line, here);
    edits_.push_back(std::move(edit));
    ++report_.applied;
  }

  // Once, after the last take().
  store::EditsOfBoth finish() {
    objects_.resolve();
    std::stable_sort(report_.conflicts.begin(), report_.conflicts.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return {edits_, objects_.edits()};
  }

 private:
  void conflict(const EditFileLine& line, std::string here, std::string reason) {
    const bool of_box = !line.what.empty();
    report_.conflicts.push_back({line.line, line.path,
                                 of_box ? line.what : std::string(store::edit_kind_name(line.kind)),
                                 of_box ? object_words(line.object_from) : join(line.from),
                                 of_box ? object_words(line.object_to) : join(line.to),
                                 std::move(here), std::move(reason)});
  }

  Expected& expected(SampleId id) {
    const auto [found, added] = states_.try_emplace(id);
    if (!added) return found->second;
    const store::SampleState state = store::read_states(store_, std::span(&id, 1)).at(0);
    Expected& here = found->second;
    for (const ClassId label : state.labels) here.labels.push_back(class_names_[label]);
    std::sort(here.labels.begin(), here.labels.end());
    here.review = store::review_name(state.review);
    here.split = state.split;
    here.tags.insert(state.tags.begin(), state.tags.end());
    return here;
  }

  struct Way {
    std::vector<const EditFileLine*> lines;
    bool at_end = false;
  };
  store::Store& store_;
  EditApplyReport& report_;
  SampleFinder finder_;
  ObjectLines objects_;
  std::map<std::pair<SampleId, std::string>, Way> ways_;
  std::map<std::string, ClassId> class_ids_;
  std::map<ClassId, std::string> class_names_;
  std::map<SampleId, Expected> states_;
  std::vector<store::Edit> edits_;
};

std::string who_of(const EditFileOptions& options, const std::vector<EditFileLine>& lines) {
  if (!options.who.empty()) return options.who;
  std::set<std::string> names;
  for (const EditFileLine& line : lines) {
    if (!line.who.empty()) names.insert(line.who);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

text::Json to_json(const store::LogEntry& entry) {
  const bool review = entry.from.empty() && entry.to.empty();
  const bool set = entry.what == "label";
  text::Json json = text::Json::object();
  json["path"] = entry.path;
  json["xxh3"] = entry.content_hash;
  json["what"] = entry.what;
  if (is_object_edit(entry.what)) {
    write_object_line(entry, json);
  } else if (review && !set && entry.what != "split") {
    json["from"] = std::string(store::review_name(entry.review_from));
    json["to"] = std::string(store::review_name(entry.review_to));
  } else {
    json["from"] = to_json(entry.from);
    json["to"] = to_json(entry.to);
  }
  json["who"] = entry.who;
  json["when"] = entry.at;
  json["why"] = entry.why;
  return json;
}

}  // namespace

EditApplyReport apply_edit_file(const EditFileOptions& options, JobContext& context) {
  EditApplyReport report;
  const std::vector<EditFileLine> lines = read_lines(options.file, context, report.lines);
  report.rejected = context.issues.rejected();
  if (lines.empty() && report.lines > 0) {
    const std::vector<Issue> issues = context.issues.issues();
    throw Error(ErrorCategory::kBadInput, "no line of this file is an edit",
                issues.empty() ? "" : fmt::format("{}: {}", issues[0].place, issues[0].message),
                options.file);
  }
  store::Store store = store::Store::open(options.store_path, store::Access::kWrite);
  context.progress.start_stage("reading edits", lines.size());
  const std::string why = options.why.empty()
                              ? fmt::format("from {}", to_valid_utf8(base_name(options.file)))
                              : options.why;
  // What the lines are compared with is as it is when they are written.
  const auto decide = [&] {
    FileApplier applier(store, report);
    for (const EditFileLine& line : lines) applier.foresee(line);
    for (const EditFileLine& line : lines) {
      context.cancel.check();
      applier.take(line);
      context.progress.add();
    }
    return applier.finish();
  };
  report.batch = store::apply_edits_and_objects(store, decide, who_of(options, lines), why);
  store.close();
  return report;
}

uint64_t export_edit_file(const EditFileOptions& options, std::string* text_out) {
  store::Store store = store::Store::open(options.store_path, store::Access::kRead);
  std::vector<store::LogEntry> entries;
  store::LogFilter filter;
  filter.standing_only = true;
  filter.limit = 10'000;
  while (true) {
    const std::vector<store::LogEntry> page = store::read_log(store, filter);
    for (const store::LogEntry& entry : page) {
      EditKind kind;
      const bool is_edit = parse_kind(entry.what, kind) || is_object_edit(entry.what);
      if (entry.sample != 0 && entry.batch_kind != "import" && is_edit) {
        entries.push_back(entry);
      }
    }
    if (page.size() < filter.limit) break;
    filter.before_event = page.back().event;
  }
  std::string text;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    text::append_json_line(text, to_json(*entry));
  }
  if (text_out != nullptr) {
    *text_out = std::move(text);
  } else {
    write_file_atomic(options.file, text);
  }
  return entries.size();
}

}  // namespace errata::jobs
