#include "viewer/app/store_backend.h"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/workers.h"
#include "jobs/object_edit_job.h"
#include "jobs/score_job.h"
#include "store/classes.h"
#include "store/edits.h"
#include "store/imported_objects.h"
#include "store/objects.h"
#include "store/roots.h"
#include "store/runs.h"
#include "store/sample_files.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "viewer/app/store_news.h"

namespace errata::viewer {

namespace {

constexpr uint64_t kThumbnailBytes = uint64_t{1} << 30;
// Smaller images are decoded faster than they are looked up on disk.
constexpr int64_t kCachedFromPixels = 256 * 256;
// The session tries again: a person is told early who holds the store.
constexpr int kBusyWaitMs = 1000;

UndoState undo_state_of(store::Store& store) {
  store::UndoState stored = store::undo_state(store);
  return {stored.can_undo, stored.can_redo, std::move(stored.undo_text),
          std::move(stored.redo_text)};
}

// Model classes under the names that the project gives them, so that a probability's name is a
// label that can be set.
void name_run_classes(Snapshot& snapshot, store::Store& store) {
  std::unordered_map<ClassId, ClassIndex> index_of;
  for (size_t i = 0; i < snapshot.class_ids.size(); ++i) {
    index_of[snapshot.class_ids[i]] = static_cast<ClassIndex>(i);
  }
  for (const store::RunInfo& info : store::list_runs(store)) {
    for (RunSummary& run : snapshot.runs) {
      if (run.id != info.summary.id || info.class_ids.size() != run.classes.size()) continue;
      ClassMap named;
      for (size_t i = 0; i < info.class_ids.size(); ++i) {
        const ClassEntry& entry = run.classes[static_cast<ClassIndex>(i)];
        const auto found = index_of.find(info.class_ids[i]);
        const bool known = info.class_ids[i] != 0 && found != index_of.end();
        named.add(known ? snapshot.classes[found->second].name : entry.name, entry.raw_id);
      }
      run.classes = std::move(named);
    }
  }
}

Picture to_picture(media::Decoded decoded, const std::string& path) {
  if (decoded.ok()) return {std::move(decoded.image), {}};
  if (!file_exists(path)) return {{}, "the file is gone: " + to_valid_utf8(path), true};
  return {{}, decoded.message.empty() ? "the image cannot be read" : decoded.message};
}

store::EditKind edit_kind(ReviewKind kind) {
  switch (kind) {
    case ReviewKind::kRelabel: return store::EditKind::kSetLabel;
    case ReviewKind::kKeep: return store::EditKind::kKeep;
    case ReviewKind::kExclude: return store::EditKind::kExclude;
    case ReviewKind::kAmbiguous: return store::EditKind::kAmbiguous;
    case ReviewKind::kUnreview: return store::EditKind::kUnreview;
    case ReviewKind::kTag: return store::EditKind::kTag;
    case ReviewKind::kUntag: return store::EditKind::kUntag;
  }
  return store::EditKind::kKeep;
}

store::ObjectEditKind detection_edit_kind(ObjectEditKind kind) {
  if (kind == ObjectEditKind::kUnreview) return store::ObjectEditKind::kDetectionUnreview;
  return kind == ObjectEditKind::kAmbiguous ? store::ObjectEditKind::kDetectionAmbiguous
                                            : store::ObjectEditKind::kDetectionKeep;
}

store::ObjectEditKind object_edit_kind(ObjectEditKind kind) {
  switch (kind) {
    case ObjectEditKind::kAdd: return store::ObjectEditKind::kAdd;
    case ObjectEditKind::kDelete: return store::ObjectEditKind::kDelete;
    case ObjectEditKind::kSetClass: return store::ObjectEditKind::kSetClass;
    case ObjectEditKind::kSetBox: return store::ObjectEditKind::kSetBox;
    case ObjectEditKind::kSetCrowd: return store::ObjectEditKind::kSetCrowd;
    case ObjectEditKind::kKeep: return store::ObjectEditKind::kKeep;
    case ObjectEditKind::kAmbiguous: return store::ObjectEditKind::kAmbiguous;
    case ObjectEditKind::kUnreview: return store::ObjectEditKind::kUnreview;
  }
  return store::ObjectEditKind::kKeep;
}

EditOutcome outcome_of(store::AppliedBatch applied, store::Store& store) {
  EditOutcome outcome;
  const auto batch = std::make_shared<const store::AppliedBatch>(std::move(applied));
  for (const store::AppliedEdit& edit : batch->edits) outcome.changed.push_back(edit.sample);
  for (const store::AppliedObjectEdit& edit : batch->objects) {
    outcome.changed_objects.push_back(edit.object);
  }
  outcome.changed_objects.insert(outcome.changed_objects.end(), batch->reviewed_detections.begin(),
                                 batch->reviewed_detections.end());
  outcome.masks_lost = jobs::count_lost_masks(*batch);
  outcome.masks_back = static_cast<size_t>(
      std::count_if(batch->objects.begin(), batch->objects.end(),
                    [](const auto& edit) { return store::loses_mask(edit.after, edit.before); }));
  outcome.undo = undo_state_of(store);
  outcome.follow = [batch](Snapshot& snapshot) {
    return store::apply_to_snapshot(snapshot, *batch);
  };
  outcome.follow_objects = [batch](ObjectTable& objects, const Snapshot& snapshot) {
    return store::apply_to_objects(objects, snapshot, *batch);
  };
  return outcome;
}

}  // namespace

StoreBackend::StoreBackend(std::string store_path, std::string who)
    : path_(errata::absolute_path(store_path)),
      who_(std::move(who)),
      loaders_(std::clamp<size_t>(hardware_threads(), 2, 8) - 1, "errata-load"),
      thumbnails_(path_ + ".thumbs", kThumbnailBytes) {}

std::string StoreBackend::name() const {
  return std::string(base_name(path_));
}

template <typename Use>
auto StoreBackend::with(Reader& reader, Use&& use) {
  const std::lock_guard lock(reader.mutex);
  if (!reader.store) reader.store.emplace(store::Store::open(path_, store::Access::kRead));
  return use(*reader.store);
}

store::Store& StoreBackend::writer() {
  if (!writing_) {
    store::OpenOptions options;
    options.busy_wait_ms = kBusyWaitMs;
    writing_.emplace(store::Store::open(path_, store::Access::kWrite, options));
  }
  return *writing_;
}

Loaded StoreBackend::load(const std::string& active_run) {
  if (!reading_ && !file_exists(path_)) {
    Loaded nothing;
    nothing.no_store = true;
    return nothing;
  }
  if (!reading_) reading_.emplace(store::Store::open(path_, store::Access::kRead));
  seen_data_version_ = reading_->data_version();
  {
    const std::lock_guard lock(rows_.mutex);
    run_ids_.clear();  // a run of the same name may be another now
  }
  store::SnapshotOptions options;
  options.active_run = active_run;
  options.parallel = loaders_.as_parallel_for();
  loaded_.reset();
  Loaded loaded;
  loaded.snapshot = store::load_snapshot(*reading_, options);
  loaded_ = loaded.snapshot;
  name_run_classes(loaded.snapshot, *reading_);
  loaded.undo = undo_state_of(*reading_);
  loaded.missing_roots = store::missing_roots(*reading_);
  seen_event_ = newest_event(*reading_);
  seen_runs_ = complete_runs(*reading_);
  seen_scores_ = store::score_columns_stamp(*reading_);
  seen_views_ = views_stamp(*reading_);
  return loaded;
}

std::vector<Column> StoreBackend::late_columns() {
  std::vector<Column> columns;
  if (!loaded_) return columns;
  Snapshot snapshot = std::move(*loaded_);
  loaded_.reset();
  for (const RunSummary& run : snapshot.runs) {
    if (run.name != snapshot.samples.active_run || run.kind != "probabilities") continue;
    if (jobs::fill_label_scores(*reading_, snapshot, run) == 0) continue;
    for (const char* name : {"loss@", "self_confidence@"}) {
      columns.push_back(std::move(*snapshot.samples.find_mutable(name + run.name)));
    }
  }
  return columns;
}

bool StoreBackend::changed_by_others() {
  return reading_ && reading_->data_version() != seen_data_version_;
}

News StoreBackend::news() {
  News news;
  if (!changed_by_others()) return news;
  store::Store& store = *reading_;
  seen_data_version_ = store.data_version();
  const std::vector<store::LogEntry> entries = events_after(store, seen_event_);
  std::vector<RunId> runs = complete_runs(store);
  std::string scores = store::score_columns_stamp(store);
  std::string views = views_stamp(store);
  news.lists = views != seen_views_;
  const bool more_than_decisions = entries.size() >= kMostFollowed ||
                                   std::any_of(entries.begin(), entries.end(), not_a_decision);
  if (more_than_decisions || runs != seen_runs_) {
    news.reload = true;
    news.text = runs != seen_runs_ ? "The runs of this store have changed: Ctrl R shows them"
                                   : "Samples or classes of this store have changed: Ctrl R "
                                     "shows them";
  } else if (!entries.empty()) {
    news.edits = outcome_of(as_batch(store, entries), store);
    news.text = decisions_text(entries, own_batches_);
  }
  if (!news.reload && scores != seen_scores_) {
    news.reload = true;
    news.text = "What was found in this store has changed: Ctrl R shows it";
  }
  if (!entries.empty()) seen_event_ = entries.front().event;
  seen_runs_ = std::move(runs);
  seen_scores_ = std::move(scores);
  seen_views_ = std::move(views);
  return news;
}

EditOutcome StoreBackend::follow(store::AppliedBatch batch) {
  // What others wrote meanwhile is still to be read.
  if (reading_ && batch.batch != 0) {
    const int64_t data_version = reading_->data_version();
    const std::vector<store::LogEntry> entries = events_after(*reading_, seen_event_);
    const bool all_ours =
        std::all_of(entries.begin(), entries.end(),
                    [&](const store::LogEntry& entry) { return entry.batch == batch.batch; });
    own_batches_.insert(batch.batch);
    if (all_ours && !entries.empty()) {
      seen_data_version_ = data_version;
      seen_event_ = entries.front().event;
    }
  }
  return outcome_of(std::move(batch), writer());
}

EditOutcome StoreBackend::review(std::span<const ReviewEdit> edits) {
  std::unordered_map<std::string, ClassId> classes;
  std::vector<store::Edit> stored;
  stored.reserve(edits.size());
  for (const ReviewEdit& edit : edits) {
    store::Edit each;
    each.sample = edit.sample;
    each.kind = edit_kind(edit.kind);
    each.text = edit.tag;
    each.why = edit.why;
    if (edit.kind == ReviewKind::kRelabel) {
      const auto [found, added] = classes.emplace(edit.class_name, 0);
      if (added) found->second = store::require_class(writer(), edit.class_name);
      each.labels = {found->second};
    }
    stored.push_back(std::move(each));
  }
  return follow(store::apply_edits(writer(), stored, who_, "review"));
}

ObjectTable StoreBackend::load_objects(const Snapshot& snapshot) {
  store::ObjectOptions options;
  options.shapes = true;
  return store::load_objects(*reading_, snapshot, options);
}

std::optional<ObjectTable> StoreBackend::imported_objects(const Snapshot& snapshot) {
  return with(lists_,
              [&](store::Store& store) { return store::load_imported_objects(store, snapshot); });
}

EditOutcome StoreBackend::edit_objects(std::span<const ObjectEdit> edits) {
  std::unordered_map<std::string, ClassId> classes;
  for (const store::ProjectClass& each : store::list_classes(writer())) {
    classes.emplace(each.name, each.id);
  }
  std::vector<store::ObjectEdit> stored;
  stored.reserve(edits.size());
  for (const ObjectEdit& edit : edits) {
    store::ObjectEdit each;
    each.kind = edit.detection ? detection_edit_kind(edit.kind) : object_edit_kind(edit.kind);
    each.object = edit.object;
    each.sample = edit.sample;
    each.box_xywh_px = edit.box_xywh_px;
    each.flag = edit.flag;
    each.shape = edit.shape;
    each.why = edit.why;
    if (!edit.class_name.empty()) {
      const auto found = classes.find(edit.class_name);
      const bool known = found != classes.end();
      if (known) each.class_id = found->second;
      if (!known && !edit.detection) store::require_class(writer(), edit.class_name);  // says so
    }
    stored.push_back(std::move(each));
  }
  return follow(store::apply_object_edits(writer(), stored, who_, "review"));
}

EditOutcome StoreBackend::undo() {
  return follow(store::undo(writer(), who_));
}

EditOutcome StoreBackend::redo() {
  return follow(store::redo(writer(), who_));
}

EditOutcome StoreBackend::undo_batch(int64_t batch) {
  return follow(store::undo_batch(writer(), batch, who_));
}

void StoreBackend::save_view(const store::SavedView& view) {
  store::put_saved_view(writer(), view);
}

void StoreBackend::delete_view(const std::string& name) {
  store::delete_saved_view(writer(), name);
}

size_t StoreBackend::relabelled_since(int64_t label_revision) {
  if (!file_exists(path_)) return 0;
  return with(lists_, [&](store::Store& store) {
    return store::relabelled_since(store, label_revision).size();
  });
}

std::optional<std::vector<store::CopyPair>> StoreBackend::copy_pairs() {
  if (!file_exists(path_)) return std::nullopt;
  return with(lists_, [](store::Store& store) { return store::read_copy_pairs(store); });
}

StoreLists StoreBackend::lists() {
  if (!file_exists(path_)) return {};
  return with(lists_, [](store::Store& store) {
    StoreLists lists;
    lists.runs = store::list_runs(store);
    lists.versions = store::list_versions(store);
    lists.saved_views = store::list_saved_views(store);
    store::IssueFilter filter;
    filter.limit = StoreLists::kMostIssues;
    lists.issues = store::list_issues(store, filter);
    lists.issue_counts = store::count_issues_by_kind(store);
    return lists;
  });
}

std::vector<store::LogEntry> StoreBackend::log(const store::LogFilter& filter) {
  return with(lists_, [&](store::Store& store) { return store::read_log(store, filter); });
}

std::vector<store::LogBatch> StoreBackend::batches(int64_t before_batch, size_t limit) {
  if (!file_exists(path_)) return {};
  return with(lists_,
              [&](store::Store& store) { return store::read_batches(store, before_batch, limit); });
}

std::vector<SampleId> StoreBackend::batch_samples(int64_t batch) {
  return with(lists_, [&](store::Store& store) { return store::batch_samples(store, batch); });
}

std::vector<store::StandingDecision> StoreBackend::newest_decisions(
    std::span<const SampleId> samples) {
  return with(lists_, [&](store::Store& store) { return store::newest_decisions(store, samples); });
}

std::vector<float> StoreBackend::probabilities(const std::string& run, SampleId sample) {
  return with(rows_, [&](store::Store& store) {
    auto found = run_ids_.find(run);
    if (found == run_ids_.end()) {
      found = run_ids_.emplace(run, store::read_run(store, run).summary.id).first;
    }
    return store::read_probability_row(store, found->second, sample);
  });
}

std::vector<Alike> StoreBackend::alike(std::span<const SampleId> like, size_t limit) {
  return with(embedded_,
              [&](store::Store& store) { return embeddings_.nearest(store, like, limit); });
}

std::string StoreBackend::absolute_path(SampleId sample) {
  return with(rows_, [&](store::Store& store) {
    return store::sample_files(store, std::array{sample}).front().absolute_path;
  });
}

Picture StoreBackend::thumbnail(SampleId sample, int32_t max_side_px) {
  const store::SampleFile file = with(files_, [&](store::Store& store) {
    return store::sample_files(store, std::array{sample}).front();
  });
  const bool cached = int64_t{file.width_px} * file.height_px >= kCachedFromPixels;
  const media::ThumbnailKey key{file.xxh3, file.size_bytes, max_side_px, file.orientation};
  if (cached) {
    if (std::optional<media::Image> image = thumbnails_.get(key)) return {std::move(*image), {}};
  }
  Picture picture =
      to_picture(media::make_thumbnail(reader_, file.absolute_path, file.member, max_side_px),
                 file.absolute_path);
  if (cached && picture.problem.empty()) thumbnails_.put(key, picture.image);
  return picture;
}

Picture StoreBackend::picture(SampleId sample) {
  const store::SampleFile file = with(files_, [&](store::Store& store) {
    return store::sample_files(store, std::array{sample}).front();
  });
  media::DecodeOptions options;
  options.apply_orientation = true;
  return to_picture(reader_.read(file.absolute_path, file.member, options), file.absolute_path);
}

}  // namespace errata::viewer
