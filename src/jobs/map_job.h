// The map: all samples laid out in the plane by their embeddings.
#pragma once

#include <string>
#include <vector>

#include "analysis/map_layout.h"
#include "jobs/embeddings.h"

namespace errata::jobs {

struct MapJobOptions {
  std::string store_path = "errata.db";
  std::string embeddings;  // run; empty: the newest that has any
  std::string where;       // only these samples are laid out; empty: all
  uint64_t seed = 1;
};

struct MapReport {
  std::string run;
  std::string run_choice;
  size_t samples = 0;
  size_t columns = 0;
  size_t without = 0;          // samples without an embedding: not on the map
  double trustworthiness = 0;  // of 15 neighbours, over 1,000 samples
  std::vector<std::string> warnings = {};
};

// Stores the columns "map_x" and "map_y". Throws what load_state and load_embeddings throw.
MapReport make_map(const MapJobOptions& options, JobContext& context);

}  // namespace errata::jobs
