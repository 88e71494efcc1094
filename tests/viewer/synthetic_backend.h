// A backend without files: samples of ten classes with drawn pictures, predictions of which some
// are confidently wrong, and a log of edits in memory. Known answers for the viewer's tests.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "viewer/state/backend.h"

namespace errata::test {

class SyntheticBackend : public viewer::Backend {
 public:
  static constexpr size_t kClasses = 10;

  explicit SyntheticBackend(size_t samples, std::string name = "synthetic.db");

  std::string name() const override { return name_; }
  std::string who() const override { return "tester"; }
  std::string store_path() const override { return path_; }
  viewer::Loaded load(const std::string& active_run) override;
  viewer::News news() override;
  viewer::EditOutcome review(std::span<const viewer::ReviewEdit> edits) override;
  ObjectTable load_objects(const Snapshot& snapshot) override;
  std::optional<ObjectTable> imported_objects(const Snapshot& snapshot) override;
  viewer::EditOutcome edit_objects(std::span<const viewer::ObjectEdit> edits) override;
  viewer::EditOutcome undo() override;
  viewer::EditOutcome redo() override;
  viewer::EditOutcome undo_batch(int64_t batch) override;
  void save_view(const store::SavedView& view) override;
  void delete_view(const std::string& name) override;
  size_t relabelled_since(int64_t label_revision) override;  // than were given
  std::optional<std::vector<store::CopyPair>> copy_pairs() override;
  viewer::StoreLists lists() override;
  std::vector<store::LogEntry> log(const store::LogFilter& filter) override;
  std::vector<store::LogBatch> batches(int64_t before_batch, size_t limit) override;
  std::vector<SampleId> batch_samples(int64_t batch) override;
  std::vector<store::StandingDecision> newest_decisions(std::span<const SampleId> samples) override;
  std::vector<float> probabilities(const std::string& run, SampleId sample) override;
  viewer::Picture thumbnail(SampleId sample, int32_t max_side_px) override;
  viewer::Picture picture(SampleId sample) override;
  std::vector<viewer::Alike> alike(std::span<const SampleId> like, size_t limit) override;
  std::string absolute_path(SampleId sample) override;

  // What the store would hold.
  std::string label_of(SampleId sample);
  std::string review_of(SampleId sample);
  static const std::vector<std::string>& class_names();
  // Every kWrongEvery-th sample has a wrong label that the model contradicts with confidence.
  static constexpr size_t kWrongEvery = 7;
  static constexpr ObjectId kFirstAdded = 1'000'000;
  static constexpr ObjectId kFirstDetection = 2'000'000;
  static constexpr int32_t kObjectSide = 240;  // of the pictures, with objects
  // Of the store: nullopt when there is no such annotation.
  std::optional<std::string> object_class(ObjectId object);
  std::optional<std::array<double, 4>> object_box(ObjectId object);
  size_t objects_count();
  static constexpr SampleId kBrokenSample = 5;  // its file cannot be read

  std::atomic<bool> changed_by_others_{false};
  std::atomic<bool> fail_edits_{false};      // edits throw Error(kIo)
  std::atomic<int> busy_times_{0};           // so often edits throw Error(kBusy) first
  std::atomic<bool> hold_objects_{false};    // load_objects() waits until it is false again
  std::atomic<bool> reload_objects_{false};  // edits of objects cannot be followed in place
  bool no_detections_ = false;               // before the first load: nobody looked for objects
  std::string path_;                         // what store_path() says
  std::atomic<size_t> thumbnails_made_{0};
  // Before the first load: so many annotations in each sample's picture, which then is larger, and
  // detections of which some are wrong in each of the ways there are.
  size_t objects_per_sample_ = 0;
  bool with_embeddings_ = false;  // before the first load: those of a true class are alike
  // Before the first load: what the menu Find would have stored. Samples 1 and 2 are copies with
  // different labels, there are a pair and three copies with one label each, both in one chain with
  // kPairs pairs between them; every tenth sample is dark; every wrong label is suspected, every
  // other of them ambiguous; a view of weak slices.
  bool with_findings_ = false;
  static constexpr size_t kPairs = 4;
  bool nothing_found_ = false;          // with_findings_, of searches that found nothing
  bool with_map_ = false;               // before the first load: samples have a place on the map
  std::vector<std::string> more_runs_;  // before the first load: further runs that say the same

 private:
  static void add_map(Table& samples);
  std::vector<std::vector<size_t>> copy_groups() const;  // rows, the one to keep first
  void add_findings(Table& samples) const;
  struct State {
    std::string label;
    std::string review = "unseen";
    std::vector<std::string> tags;
    std::string why = {};  // of the newest decision that stands
  };
  // An annotation as it stands; nullopt: none of that id.
  struct Object {
    SampleId sample = 0;
    int32_t label = 0;
    std::array<double, 4> box{};
    bool crowd = false;
    ObjectReview review = ObjectReview::kUnseen;
  };
  struct ObjectChange {
    ObjectId object;
    std::optional<Object> before;
    std::optional<Object> after;
  };
  struct Change {
    SampleId sample;
    State before;
    State after;
    std::optional<ObjectChange> object = {};
  };

  void make_objects();
  size_t detection_place(ObjectId object) const;
  ObjectTable object_table(const std::map<ObjectId, Object>& annotations) const;
  viewer::EditOutcome apply_objects(const std::vector<Change>& changes, bool forward);
  size_t true_class(SampleId sample) const;
  size_t predicted_class(SampleId sample) const;
  float confidence(SampleId sample) const;
  viewer::EditOutcome apply(const std::vector<Change>& changes, bool forward);
  viewer::UndoState undo_state() const;
  void refuse_edits();
  static Column tags_column(const std::vector<std::vector<std::string>>& tags);
  void write_log(const std::vector<Change>& changes, bool forward);

  std::string name_;
  std::mutex mutex_;
  std::vector<State> states_;
  std::vector<std::string> given_;
  std::map<ObjectId, Object> objects_;   // annotations
  std::map<ObjectId, Object> imported_;  // as they were at first
  std::vector<Object> detections_;       // ids from kFirstDetection on
  std::vector<double> confidences_;
  std::vector<ObjectId> detection_ids_;
  std::vector<std::vector<Change>> done_;
  std::vector<std::vector<Change>> undone_;
  size_t batches_ = 0;
  std::vector<store::LogEntry> log_;
  std::map<std::string, store::SavedView> views_;
};

}  // namespace errata::test
