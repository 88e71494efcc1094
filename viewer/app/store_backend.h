// The program's backend: a store file, its images through src/media, and a thumbnail cache beside
// the store.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/workers.h"
#include "media/reader.h"
#include "media/thumbnail.h"
#include "store/edits.h"
#include "store/store.h"
#include "viewer/app/embedding_table.h"
#include "viewer/state/backend.h"

namespace errata::viewer {

// Connections of its own for each lane, opened when first needed. A store that cannot be written is
// shown all the same; the first decision then says why it cannot be saved.
class StoreBackend : public Backend {
 public:
  // `who` signs the decisions.
  StoreBackend(std::string store_path, std::string who);

  std::string name() const override;
  std::string who() const override { return who_; }
  std::string store_path() const override { return path_; }
  Loaded load(const std::string& active_run) override;
  // Scores of labels that were changed after the scores were stored.
  std::vector<Column> late_columns() override;
  News news() override;
  EditOutcome review(std::span<const ReviewEdit> edits) override;
  ObjectTable load_objects(const Snapshot& snapshot) override;
  std::optional<ObjectTable> imported_objects(const Snapshot& snapshot) override;
  EditOutcome edit_objects(std::span<const ObjectEdit> edits) override;
  EditOutcome undo() override;
  EditOutcome redo() override;
  EditOutcome undo_batch(int64_t batch) override;
  void save_view(const store::SavedView& view) override;
  void delete_view(const std::string& name) override;
  size_t relabelled_since(int64_t label_revision) override;
  std::optional<std::vector<store::CopyPair>> copy_pairs() override;
  StoreLists lists() override;
  std::vector<store::LogEntry> log(const store::LogFilter& filter) override;
  std::vector<store::LogBatch> batches(int64_t before_batch, size_t limit) override;
  std::vector<SampleId> batch_samples(int64_t batch) override;
  std::vector<store::StandingDecision> newest_decisions(std::span<const SampleId> samples) override;
  std::vector<float> probabilities(const std::string& run, SampleId sample) override;
  Picture thumbnail(SampleId sample, int32_t max_side_px) override;
  Picture picture(SampleId sample) override;
  std::vector<Alike> alike(std::span<const SampleId> like, size_t limit) override;
  std::string absolute_path(SampleId sample) override;

 private:
  // A connection to read with, for whoever holds the mutex.
  struct Reader {
    std::mutex mutex;
    std::optional<store::Store> store;
  };

  template <typename Use>
  auto with(Reader& reader, Use&& use);
  store::Store& writer();
  EditOutcome follow(store::AppliedBatch batch);
  bool changed_by_others();

  std::string path_;
  std::string who_;
  // Lane::kStore
  std::optional<store::Store> reading_;
  std::optional<store::Store> writing_;
  WorkerGroup loaders_;             // beside the lane's own thread
  std::optional<Snapshot> loaded_;  // until its late columns are made
  int64_t seen_data_version_ = 0;
  int64_t seen_event_ = 0;
  std::vector<RunId> seen_runs_;  // complete ones
  std::string seen_scores_;       // score_columns_stamp
  std::string seen_views_;        // views_stamp
  std::set<int64_t> own_batches_;
  // Lane::kQuery, Lane::kPanels and Lane::kImages
  std::map<std::string, RunId> run_ids_;  // looked up once; with rows_
  Reader rows_;
  Reader lists_;
  Reader files_;
  Reader embedded_;
  EmbeddingTable embeddings_;  // with embedded_
  media::SampleReader reader_;
  media::ThumbnailCache thumbnails_;
};

}  // namespace errata::viewer
