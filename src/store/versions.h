// Versions as stored: immutable columns of their own, independent of later imports and edits. What
// a version means (hash, diff, restore) is src/versions' matter.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "store/store.h"

namespace errata::store {

struct VersionInfo {
  VersionId id = 0;
  std::string name;
  VersionId parent = 0;  // 0: none
  std::string message;
  std::string who;
  std::string created_at;   // ISO 8601 UTC
  std::string hash;         // "errata1:" + 64 hex digits
  std::string recipe_json;  // how the splits were made; empty: not by `errata split`
  int64_t label_revision = 0;
  // Not stored: insert_version() refuses columns made before the store's last change of objects.
  int64_t object_revision = 0;
  uint64_t samples = 0;
  std::vector<std::string> classes;  // in training order, empty ones included
  std::vector<ClassId> class_ids;    // of each, when the version was made
};

// One entry per sample, in order of id.
struct VersionColumns {
  std::vector<SampleId> ids;
  std::vector<Sha256Digest> content;
  std::vector<std::string> paths;    // escaped, with #member
  std::vector<std::string> raw_ids;  // the source's own; empty when it has none
  std::vector<int32_t> sources;      // into source_names
  std::vector<std::string> source_names;
  std::vector<uint64_t> label_offsets;  // ids.size() + 1
  std::vector<ClassIndex> labels;       // into VersionInfo::classes
  std::vector<int32_t> splits;          // into split_names; -1: none
  std::vector<std::string> split_names;
  // The objects of each sample in the form that versions/hash.h hashes; empty altogether where the
  // store holds none. Not stored but read from the sets of objects, which a version keeps.
  std::vector<std::string> boxes;
};

// The objects of samples as they stand now, as VersionColumns::boxes.
std::vector<std::string> read_boxes(Store& store, std::span<const SampleId> samples);

// `info.id` is ignored; returns the new one. Error: kConflict when the name exists, kUsage for an
// empty name, kInternal when the lengths differ.
VersionId insert_version(Store& store, const VersionInfo& info, const VersionColumns& columns);
std::vector<VersionInfo> list_versions(Store& store);                  // oldest first
VersionInfo read_version(Store& store, const std::string& name);       // kNotFound, with hints
VersionColumns read_version_columns(Store& store, VersionId version);  // kCorrupt

}  // namespace errata::store
