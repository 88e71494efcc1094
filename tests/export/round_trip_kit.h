// A store with the program's own importers, exports and reader of containers.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "export/exporter.h"
#include "export/version_input.h"
#include "importers/registry.h"
#include "media/reader.h"
#include "store/edits.h"
#include "store/import_writer.h"
#include "store/objects.h"
#include "tests/support/temp_dir.h"
#include "versions/version.h"

namespace errata::test {

// A store, and the import and export of real files with the program's own reader.
struct Project {
  explicit Project(const std::string& path) : db(store::Store::create(path)) {}

  void import(const std::string& source, const std::string& format = "auto",
              const std::string& split = "") {
    const auto choice = importers::choose_importer(source, format);
    store::ImportWriter writer(db, {.source_name = source,
                                    .input_path = source,
                                    .split = split,
                                    .class_names = {},
                                    .who = "test"});
    choice.reader->run({source, "", workers.as_parallel_for(), progress, cancel, issues}, writer);
    writer.finish(issues);
  }
  std::string version(const std::string& name) {
    return versions::create_version(db, {name, "", "test", ""},
                                    {workers.as_parallel_for(), progress, cancel, issues, member})
        .info.hash;
  }
  exports::ExportReport put(const std::string& name, const std::string& format,
                            exports::ExportOptions options) {
    const exports::ExportFormat& to = exports::find_format(format);
    const auto what = to.holds_objects() ? exports::InputOf::kObjects : exports::InputOf::kLabels;
    const exports::ExportInput input =
        exports::read_version_input(db, name, workers.as_parallel_for(), what);
    return exports::export_dataset(to, input, options,
                                   {workers.as_parallel_for(), progress, cancel, issues, member});
  }
  void edit_objects(const std::vector<store::ObjectEdit>& edits) {
    store::apply_object_edits(db, edits, "test", "");
  }
  void edit(SampleId sample, store::EditKind kind, std::vector<ClassId> labels = {},
            std::string text = {}) {
    const std::vector<store::Edit> edits{{sample, kind, std::move(labels), std::move(text), ""}};
    store::apply_edits(db, edits, "test", "");
  }

  store::Store db;
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  WorkerGroup workers{2};
  media::SampleReader reader;
  exports::MemberReader member = [this](const std::string& path, int64_t index,
                                        versions::RawImage& image, std::string& why_not) {
    media::RawSample raw = reader.read_bytes(path, index);
    why_not = raw.message;
    image = {raw.width_px, raw.height_px, raw.channels, std::move(raw.bytes)};
    return raw.ok();
  };
};

// Exports a version in a format and imports that into a fresh store.
inline std::string hash_of_round_trip(Project& from, const TempDir& dir, const std::string& version,
                                      const std::string& format, exports::FileMode files) {
  const std::string tag = version + format + std::string(exports::file_mode_name(files));
  from.put(version, format, {.target = dir / ("out " + tag), .files = files});
  Project again(dir / (tag + ".db"));
  again.import(dir / ("out " + tag));
  for (const Issue& issue : again.issues.issues()) {
    if (issue.severity == IssueSeverity::kRejected)
      MESSAGE(issue.kind << " " << issue.text << ": " << issue.message);
  }
  CHECK(again.issues.rejected() == 0);
  return again.version("again");
}

}  // namespace errata::test
