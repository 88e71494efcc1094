// What the inspector shows of the sample under the cursor beyond its row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.h"
#include "store/history.h"
#include "viewer/state/backend.h"

namespace errata::viewer {

// A run's answer for one sample, by the run's class map.
struct RunAnswer {
  std::string run;
  std::vector<float> probabilities;        // empty: the run has no prediction for the sample
  std::vector<ClassIndex> by_probability;  // indices into the run's classes, most probable first
};

// Filled in by a job once the cursor has come to a sample.
struct SampleDetail {
  SampleId sample = 0;
  bool ready = false;
  std::string absolute_path;
  std::vector<float> probabilities;        // of the active run, by its class map; may be empty
  std::vector<ClassIndex> by_probability;  // indices into the run's classes, most probable first
  std::vector<RunAnswer> others;           // of the runs shown beside it
};

// What speaks for and against a sample's label besides its probabilities.
struct SampleEvidence {
  SampleId sample = 0;
  std::vector<Alike> alike;          // most alike first, at most kMostAlike; empty: no embeddings
  std::string lacks;                 // why none of any sample can be told; empty: they can
  std::vector<SampleId> copies;      // the others of its group of copies
  std::vector<std::string> quality;  // kinds of bad picture it is: "dark"
  bool quality_known = false;

  static constexpr size_t kMostAlike = 60;
  static constexpr size_t kShown = 10;  // nearest neighbours: the first of `alike`
};

struct SampleHistory {
  SampleId sample = 0;
  std::vector<store::LogEntry> entries;  // newest first
};

// What the image in front is asked to do in the next frame.
enum class ImageWish : uint8_t { kNone, kWhole, kPixels };

struct InspectState {
  SampleHistory history;
  SampleEvidence evidence;
  std::vector<std::string> hidden_runs;  // runs not to be shown beside the active one
  ImageWish image_wish = ImageWish::kNone;
  std::string clipboard;  // goes to the system's clipboard in the next frame

  static constexpr size_t kMostOtherRuns = 3;
};

}  // namespace errata::viewer
