// A folder of files, a store that imported it, and what versions need.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "store/classes.h"
#include "store/edits.h"
#include "store/import_writer.h"
#include "store/sample_files.h"
#include "store/store.h"
#include "tests/support/temp_dir.h"
#include "versions/version.h"

namespace errata::test {

struct FileSpec {
  std::string path;
  std::string bytes;
  ClassIndex label = kNoClass;
  std::string split;
};

// A store beside a folder `data`, both in a temporary folder.
struct VersionKit {
  TempDir dir;
  store::Store db = store::Store::create(dir / "errata.db");
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  WorkerGroup workers{2};
  std::vector<std::string> class_names{"cat", "dog", "T-shirt/top"};

  versions::VersionContext context() {
    return {workers.as_parallel_for(), progress, cancel, issues, reader};
  }
  versions::MemberReader reader = [](const std::string&, int64_t member, versions::RawImage& image,
                                     std::string&) {
    image = {2, 2, 1, {9, 8, 7, static_cast<uint8_t>(member)}};
    return true;
  };

  SampleRecord record(const FileSpec& file) {
    const std::string path = dir.write("data/" + file.path, file.bytes);
    FileStat stat;
    stat_file(path, stat);
    SampleRecord made;
    made.path = file.path;
    made.size_bytes = stat.size_bytes;
    made.mtime_ns = stat.mtime_ns;
    made.xxh3 = xxh3_64(std::string_view(file.bytes));
    if (file.label != kNoClass) made.labels = {file.label};
    made.split = file.split;
    return made;
  }

  store::ImportReport import(const std::vector<FileSpec>& files,
                             const std::string& source = "pets") {
    std::vector<SampleRecord> records;
    for (const FileSpec& file : files) records.push_back(record(file));
    return import_records(std::move(records), source);
  }
  // `objects` are of the files by their place.
  store::ImportReport import_objects(const std::vector<FileSpec>& files,
                                     std::vector<ObjectRecord> objects) {
    std::vector<SampleRecord> records;
    for (const FileSpec& file : files) records.push_back(record(file));
    return import_records(std::move(records), "pets", std::move(objects));
  }
  store::ImportReport import_records(std::vector<SampleRecord> records,
                                     const std::string& source = "pets",
                                     std::vector<ObjectRecord> objects = {}) {
    store::ImportWriter writer(
        db,
        {.source_name = source, .input_path = {}, .split = {}, .class_names = {}, .who = "test"});
    SourceHeader header{"imagefolder", dir / "data", ClassMap(class_names)};
    header.has_objects = !objects.empty();
    writer.begin(header);
    const uint64_t seen = records.size() + objects.size();
    writer.samples(std::move(records));
    if (!objects.empty()) writer.objects(std::move(objects));
    writer.end(seen);
    return writer.finish(issues);
  }

  versions::CreatedVersion create(const std::string& name) {
    return versions::create_version(db, {name, "why", "me", ""}, context());
  }
  std::vector<SampleId> ids() {
    std::vector<SampleId> found;
    for (const auto& file : store::all_sample_files(db)) found.push_back(file.id);
    return found;
  }
  SampleId id_of(const std::string& path) {
    for (const auto& file : store::all_sample_files(db)) {
      if (file.path == path) return file.id;
    }
    return 0;
  }
  void edit(SampleId sample, store::EditKind kind, std::vector<ClassId> labels = {},
            std::string text = {}) {
    const std::vector<store::Edit> edits{{sample, kind, std::move(labels), std::move(text), ""}};
    store::apply_edits(db, edits, "me", "test");
  }
};

}  // namespace errata::test
