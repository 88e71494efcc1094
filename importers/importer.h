// What every importer of labelled images offers. An importer reads one format and hands records and
// issues on; it never sees the store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/issue_log.h"
#include "base/memory_gauge.h"
#include "base/progress.h"
#include "base/workers.h"
#include "model/records.h"

namespace errata::importers {

// "Not my format" (confidence 0, the reason says why not) differs from "my format, broken"
// (confidence as for a whole one; run() then throws): a broken file never falls through to the
// next importer.
struct DetectResult {
  int confidence = 0;  // 0 not mine .. 100 certain
  std::string reason;  // one clause: "the folder holds 10 folders of images"
};

inline constexpr uint64_t kImportMemoryBytes = uint64_t{64} << 20;

struct ImportInput {
  std::string path;         // file or folder, as the user gave it
  std::string images_root;  // --images: where relative image paths start; empty: the format's rule
  ParallelFor parallel_for = serial_for;
  Progress& progress;
  const CancelToken& cancel;
  IssueLog& issues;  // each rejected issue is one thing seen and not accepted; warnings are besides
  int voc_origin = -1;  // --voc-origin: 0 or 1; -1: by the importer's rule
  // --memory: about how much of one large file of annotations, read but not yet handed on, may be
  // held at once. What is kept of each image (its id) and of each annotation id is besides.
  uint64_t memory_bytes = kImportMemoryBytes;
  MemoryGauge* held = nullptr;  // where there is one, that is counted here
};

class Importer {
 public:
  virtual ~Importer() = default;
  virtual std::string_view name() const = 0;         // "imagefolder", as --format takes it
  virtual std::string_view description() const = 0;  // one line for --help
  // Looks at names and first bytes only; a few milliseconds. Never throws.
  virtual DetectResult detect(const std::string& path) const = 0;
  // Reads all, on the calling thread and those of parallel_for; the sink is called on the calling
  // thread only, in an order that does not depend on the number of threads. Throws Error where it
  // cannot go on (kNotFound, kBadInput, kIo, kInterrupted by the token) and what the sink throws.
  virtual void run(const ImportInput& input, SampleSink& sink) const = 0;
};

}  // namespace errata::importers
