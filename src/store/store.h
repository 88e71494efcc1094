// One store: one project, in one SQLite file. This is the handle every other header of this folder
// takes. Rules of opening, of two at once and of what is rows and what is chunks: src/README.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/ids.h"

namespace errata::store {

enum class Access { kRead, kWrite };

struct OpenOptions {
  int busy_wait_ms = 10'000;  // how long a writer waits for another before Error(kBusy)
  std::string vfs;            // SQLite's file layer; empty: the system's own
  int64_t max_pages = 0;      // upper bound of the file in pages of 32 KiB; 0: none
};

class Connection;  // SQLite, caged in this folder

// Movable, not copyable. One thread at a time; each thread opens its own. All functions of this
// folder throw Error: kBusy when another writer holds the store (named where it can be), kIo for a
// full disk or a failed write, kCorrupt for a chunk whose checksum does not hold.
class Store {
 public:
  // A new store. Error(kConflict) when there is a file already.
  static Store create(const std::string& path, const OpenOptions& options = {});
  // Error: kNotFound; kBadInput when it is no SQLite file or not one of ours; kUnsupported for a
  // newer schema, and for an older one when opened to read (opening to write migrates it first);
  // kIo when it may not be written. Opening to read changes no byte and leaves no file behind.
  static Store open(const std::string& path, Access access, const OpenOptions& options = {});
  static Store open_or_create(const std::string& path, const OpenOptions& options = {});

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();  // close(), swallowing its errors

  // Writes the WAL back into the file when this is the last connection. Further use is a bug.
  void close();

  const std::string& path() const;
  Access access() const;
  // What a person should know about how it was opened: "rollback journal instead of WAL", ...
  const std::vector<std::string>& notices() const;
  // Changes whenever any connection, this one included, has committed something.
  int64_t data_version();

  Connection& db();  // for this folder only

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The schema this build writes (PRAGMA user_version).
int current_schema_version();

// What `errata info` shows.
struct StoreInfo {
  int schema_version = 0;
  std::string journal_mode;  // "wal", "delete"
  uint64_t file_bytes = 0;
  uint64_t free_bytes = 0;      // inside the file, reusable
  uint64_t samples = 0;         // present ones
  uint64_t vanished = 0;        // samples whose file was gone at the last import
  uint64_t labelled = 0;        // present samples with a label
  uint64_t multi_label = 0;     // present samples with more than one
  uint64_t objects = 0;         // annotations that stand
  uint64_t object_sources = 0;  // sources that have objects
  uint64_t classes = 0;
  uint64_t sources = 0;
  uint64_t runs = 0;
  uint64_t versions = 0;
  uint64_t edit_batches = 0;  // edits that stand, not undone
  uint64_t rejected = 0;      // issues by severity
  uint64_t warnings = 0;
};
StoreInfo read_info(Store& store);

}  // namespace errata::store
