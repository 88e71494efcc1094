#include "jobs/map_job.h"

namespace errata::jobs {

namespace {

constexpr size_t kNeighbours = 15;  // UMAP's
constexpr size_t kAsked = 1000;

}  // namespace

MapReport make_map(const MapJobOptions& options, JobContext& context) {
  bring_up_to_date(options.store_path);
  LoadedState state = load_state({options.store_path, "", options.where, false});
  const Embeddings embeddings = load_embeddings(state, options.embeddings, context);
  MapReport report{embeddings.run,
                   embeddings.choice,
                   embeddings.rows.size(),
                   embeddings.columns,
                   embeddings.without,
                   0,
                   narrowing_warnings(state, options.where, "map_x")};
  constexpr analysis::Distance kDistance = analysis::Distance::kCosine;
  const analysis::Neighbours neighbours = analysis::find_neighbours(
      embeddings.view(), {kNeighbours, kDistance}, watched(context, "finding neighbours"));
  analysis::MapOptions map_options;
  map_options.seed = options.seed;
  const std::vector<analysis::MapPoint> map = analysis::lay_out_map(
      embeddings.view(), neighbours, map_options, watched(context, "laying out"));
  report.trustworthiness = analysis::trustworthiness(embeddings.view(), map, kNeighbours, kAsked,
                                                     kDistance, watched(context, "checking"));
  std::vector<double> x, y;
  for (const analysis::MapPoint& point : map) {
    x.push_back(point.x);
    y.push_back(point.y);
  }
  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  store_scores(writer, state.snapshot, "map_x", embeddings.rows, x);
  store_scores(writer, state.snapshot, "map_y", embeddings.rows, y);
  return report;
}

}  // namespace errata::jobs
