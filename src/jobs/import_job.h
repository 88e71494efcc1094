// Import: a source of images and labels into the store.
#pragma once

#include <map>
#include <string>

#include "importers/importer.h"
#include "jobs/job_context.h"
#include "store/import_writer.h"

namespace errata::jobs {

struct ImportJobOptions {
  std::string store_path = "errata.db";  // made when it is not there
  std::string input_path;                // file or folder
  std::string format = "auto";           // importer's name, or "auto": the one most sure of itself
  std::string images_root;  // where relative image paths start; empty: the format's rule
  std::string split;        // put everything into this split; empty: as the source says
  int voc_origin = -1;      // VOC: the first pixel is 0 or 1; -1: by the importer's rule
  // Of a large file of annotations, read and not yet stored.
  uint64_t memory_bytes = importers::kImportMemoryBytes;
  std::string source_name;  // empty: the name of `input_path`
  std::string who;

  // Throws Error(kUsage).
  void check() const;
};

struct ImportJobReport {
  std::string format;
  std::string reason;  // why this format
  std::string source_name;
  store::ImportReport samples;
  uint64_t accepted = 0;  // accepted + rejected = samples.seen
  uint64_t rejected = 0;
  uint64_t warned = 0;
  std::map<std::string, uint64_t> issue_kinds;
  double elapsed_secs = 0;

  // "accepted 59,998, rejected 2, warned 1": the last line of every import.
  std::string closing_line() const;
};

// Throws what the importer and the store throw. Interrupted or killed, the same import goes on
// where it stopped. A source of the same name from another folder is Error(kConflict).
ImportJobReport run_import(const ImportJobOptions& options, JobContext& context);

// "accepted A, rejected R, warned W"
std::string closing_line(uint64_t accepted, uint64_t rejected, uint64_t warned);

}  // namespace errata::jobs
