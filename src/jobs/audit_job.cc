#include "jobs/audit_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"
#include "jobs/judged_objects.h"
#include "jobs/loaded_state.h"
#include "query/filter.h"
#include "query/rank.h"
#include "store/edits.h"
#include "store/imported_objects.h"
#include "store/objects.h"
#include "store/saved_views.h"
#include "store/snapshot_loader.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

bool is_review(const Column* review, RowIndex row, std::string_view wanted) {
  return review != nullptr && !review->is_null(row) && review->text(row) == wanted;
}

std::vector<RowIndex> rows_to_draw_from(const Table& samples, const std::string& filter) {
  const query::Selection rows =
      query::evaluate(query::parse_typed_filter(filter, samples), samples);
  const Column* review = samples.find("review");
  std::vector<RowIndex> kept;
  for (const RowIndex row : query::order_rows(samples, rows, {})) {
    if (!is_review(review, row, "excluded")) kept.push_back(row);
  }
  return kept;
}

std::vector<SampleId> first_of_shuffle(const Table& samples, std::span<const RowIndex> rows,
                                       size_t size, uint64_t seed) {
  const std::vector<int64_t>& ids = samples.find("id")->ints;
  std::vector<SampleId> drawn;
  for (const RowIndex row : rows) drawn.push_back(ids[row]);
  Rng(seed).shuffle(drawn);
  if (drawn.size() > size) drawn.resize(size);
  return drawn;
}

}  // namespace

std::vector<SampleId> draw_audit_sample(const Table& samples, const std::string& filter,
                                        size_t size, uint64_t seed) {
  return first_of_shuffle(samples, rows_to_draw_from(samples, filter), size, seed);
}

uint64_t audit_seed_by_clock() {
  return mix64(xxh3_64(now_iso8601_utc())) >> 32;
}

std::vector<RowIndex> tagged_rows(const Table& samples, std::string_view tag) {
  std::vector<RowIndex> found;
  const Column* tags = samples.find("tags");
  if (tags == nullptr || !tags->dictionary) return found;
  const int32_t code = tags->dictionary->find(tag);
  for (size_t row = 0; code >= 0 && row < samples.rows(); ++row) {
    const auto begin = tags->codes.begin() + static_cast<std::ptrdiff_t>(tags->offsets[row]);
    const auto end = tags->codes.begin() + static_cast<std::ptrdiff_t>(tags->offsets[row + 1]);
    if (std::find(begin, end, code) != end) found.push_back(static_cast<RowIndex>(row));
  }
  return found;
}

DrawnSamples drawn_samples(const Table& samples) {
  DrawnSamples drawn{tagged_rows(samples, kAuditTag), 0, std::vector<uint8_t>(samples.rows(), 0)};
  const Column* review = samples.find("review");
  for (const RowIndex row : drawn.rows) {
    if (review == nullptr || is_review(review, row, "unseen")) continue;
    ++drawn.reviewed;
    drawn.is_reviewed[row] = 1;
  }
  return drawn;
}

AuditDrawing audit_drawing(const std::string& options_json) {
  const text::Json json = text::parse_json(options_json, "view audit");
  AuditDrawing drawing;
  drawing.population = json.at("population").as_string();
  drawing.size = static_cast<uint64_t>(json.at("size").as_int());
  drawing.seed = static_cast<uint64_t>(json.at("seed").as_int());
  const std::string kept = json.get_string("samples");
  std::from_chars(kept.data(), kept.data() + kept.size(), drawing.samples, 16);
  drawing.newest = json.get_int("newest");
  return drawing;
}

std::optional<AuditDrawing> read_audit_drawing(store::Store& store) {
  for (const store::SavedView& view : store::list_saved_views(store)) {
    if (view.name != kAuditTag) continue;
    try {
      return audit_drawing(view.options_json);
    } catch (const Error&) {
      return std::nullopt;  // a view of that name that somebody saved for something else
    }
  }
  return std::nullopt;
}

std::string audit_options_json(const AuditDrawing& drawing) {
  return text::Json::object({{"population", drawing.population},
                             {"size", drawing.size},
                             {"seed", static_cast<int64_t>(drawing.seed)},
                             {"samples", fmt::format("{:x}", drawing.samples)},
                             {"newest", drawing.newest}})
      .dump();
}

SampleId newest_sample(const Table& samples) {
  const std::vector<int64_t>& ids = samples.find("id")->ints;
  return ids.empty() ? 0 : *std::max_element(ids.begin(), ids.end());
}

bool came_after(const AuditDrawing& drawing, SampleId sample) {
  return drawing.newest > 0 && sample > drawing.newest;
}

size_t leave_out_undrawable(const AuditDrawing& drawing, std::span<const RowIndex> drawn,
                            const Table& samples, query::Selection& population) {
  query::Selection was_drawn(samples.rows());
  for (const RowIndex row : drawn) {
    if (population.test(row)) was_drawn.set(row);
  }
  leave_out_excluded(population, samples);
  query::Selection later(samples.rows());
  const std::vector<int64_t>& ids = samples.find("id")->ints;
  population.for_each([&](RowIndex row) {
    if (came_after(drawing, ids[row])) later.set(row);
  });
  population.subtract(later);
  population |= was_drawn;
  return later.count();
}

uint64_t audit_fingerprint(std::span<const SampleId> drawn) {
  uint64_t sum = 0;
  for (const SampleId sample : drawn) sum += mix64(static_cast<uint64_t>(sample));
  return std::max<uint64_t>(sum, 1);
}

bool is_tagged(const AuditDrawing& drawing, const Table& samples) {
  if (drawing.samples == 0) return true;
  const std::vector<int64_t>& ids = samples.find("id")->ints;
  std::vector<SampleId> tagged;
  for (const RowIndex row : tagged_rows(samples, kAuditTag)) tagged.push_back(ids[row]);
  return audit_fingerprint(tagged) == drawing.samples;
}

AuditDrawReport draw_audit(const AuditDrawOptions& options) {
  if (options.size == 0) throw Error(ErrorCategory::kUsage, "an audit of no samples says nothing");
  AuditDrawReport report;
  report.drawing.population = options.where;
  report.drawing.seed = options.seed.value_or(audit_seed_by_clock());
  store::Store store = store::Store::open(options.store_path, store::Access::kWrite);
  const Snapshot snapshot = store::load_snapshot(store, {});
  const std::vector<RowIndex> former = tagged_rows(snapshot.samples, kAuditTag);
  if (!options.replace && !former.empty()) {
    throw Error(ErrorCategory::kConflict,
                fmt::format("{} samples were drawn already", with_thousands(former.size())),
                "`errata audit show` says how far it is; --replace draws others.");
  }
  const std::vector<RowIndex> rows = rows_to_draw_from(snapshot.samples, options.where);
  report.population = rows.size();
  const std::vector<SampleId> drawn =
      first_of_shuffle(snapshot.samples, rows, options.size, report.drawing.seed);
  if (drawn.empty()) {
    throw Error(ErrorCategory::kNotFound, "there is nothing to draw from",
                "Every sample that the filter selects is excluded, or it selects none.");
  }
  report.drawn = report.drawing.size = drawn.size();
  report.drawing.samples = audit_fingerprint(drawn);
  report.drawing.newest = newest_sample(snapshot.samples);
  std::vector<store::Edit> edits;
  const auto tag = [&](SampleId sample, store::EditKind kind) {
    edits.push_back({sample, kind, {}, kAuditTag, {}});
  };
  for (const RowIndex row : former) tag(snapshot.ids[row], store::EditKind::kUntag);
  for (const SampleId sample : drawn) tag(sample, store::EditKind::kTag);
  store::apply_edits(store, edits, options.who,
                     fmt::format("drawn at random with seed {}", report.drawing.seed));
  store::put_saved_view(store,
                        {kAuditTag, "tags = 'audit'", "id", audit_options_json(report.drawing)});
  store.close();
  return report;
}

std::vector<analysis::ImageAudit> image_audits(const DetectionInput& now, const Table& objects,
                                               const DetectionInput& before, const Table& imported,
                                               double confidence, double overlap,
                                               const std::vector<uint8_t>& audited,
                                               const ParallelFor& parallel_for) {
  std::vector<analysis::ImageAudit> images(before.images);
  constexpr auto kRight = static_cast<int32_t>(ObjectError::kTrue);
  const Matching given =
      match_detections(before, confidence, overlap, imported.rows(), parallel_for);
  const Matching corrected =
      match_detections(now, confidence, overlap, objects.rows(), parallel_for);
  for (size_t d = 0; d < before.detections.size(); ++d) {
    analysis::ImageAudit& image = images[static_cast<size_t>(before.detections.image[d])];
    const int32_t error = given.error[before.detections.rows[d]];
    image.detections += error >= 0 ? 1 : 0;
    image.right_given += error == kRight ? 1 : 0;
  }
  for (size_t d = 0; d < now.detections.size(); ++d) {
    const bool right = corrected.error[now.detections.rows[d]] == kRight;
    images[static_cast<size_t>(now.detections.image[d])].right_now += right ? 1 : 0;
  }
  const std::vector<int64_t>& ids = objects.find("object_id")->ints;
  std::unordered_map<int64_t, size_t> standing;  // place in `now` by id
  for (size_t i = 0; i < now.objects.size(); ++i) standing.emplace(ids[now.objects.rows[i]], i);
  const std::vector<int64_t>& ids_before = imported.find("object_id")->ints;
  const auto same = [&](size_t i, size_t k) {
    const DetectionInput::Boxes& a = before.objects;
    const DetectionInput::Boxes& b = now.objects;
    return before.class_names[static_cast<size_t>(a.class_index[i])] ==
               now.class_names[static_cast<size_t>(b.class_index[k])] &&
           a.x[i] == b.x[k] && a.y[i] == b.y[k] && a.width[i] == b.width[k] &&
           a.height[i] == b.height[k] && before.crowd[i] == now.crowd[k];
  };
  std::vector<uint8_t> known(now.objects.size(), 0);
  for (size_t i = 0; i < before.objects.size(); ++i) {
    analysis::ImageAudit& image = images[static_cast<size_t>(before.objects.image[i])];
    image.objects_given += before.crowd[i] == 0 ? 1 : 0;
    const auto found = standing.find(ids_before[before.objects.rows[i]]);
    if (found != standing.end()) known[found->second] = 1;
    image.wrong += found == standing.end() || !same(i, found->second) ? 1 : 0;
  }
  for (size_t k = 0; k < now.objects.size(); ++k) {
    analysis::ImageAudit& image = images[static_cast<size_t>(now.objects.image[k])];
    image.objects_now += now.crowd[k] == 0 ? 1 : 0;
    image.added += known[k] == 0 ? 1 : 0;
  }
  for (size_t i = 0; i < images.size(); ++i) {
    images[i].audited = audited[before.samples[i]] != 0;
  }
  return images;
}

namespace {

struct Audited {
  query::Selection population;
  std::vector<uint8_t> reviewed;  // per row: drawn and reviewed
};

Audited find_audited(const Table& samples, AuditReport& report) {
  DrawnSamples drawn = drawn_samples(samples);
  report.drawn = drawn.rows.size();
  report.reviewed = drawn.reviewed;
  Audited audited{
      query::evaluate(query::parse_typed_filter(report.drawing.population, samples), samples),
      std::move(drawn.is_reviewed)};
  size_t left = 0;
  for (const RowIndex row : drawn.rows) {
    // What was decided may have taken it out of what it was drawn from.
    left += audited.population.test(row) ? 0 : 1;
    audited.population.set(row);
  }
  if (left > 0) {
    report.warnings.push_back(
        fmt::format("{} of the drawn samples are no longer selected by the filter they were drawn "
                    "by: they count with the others",
                    with_thousands(left)));
  }
  const size_t later =
      leave_out_undrawable(report.drawing, drawn.rows, samples, audited.population);
  if (later > 0) {
    report.warnings.push_back(
        fmt::format("{} that came after the drawing could not be drawn: the estimate is not of "
                    "them (`errata audit draw --replace` draws from all)",
                    plural(later, "sample")));
  }
  if (report.drawn == report.drawing.size && is_tagged(report.drawing, samples)) return audited;
  throw Error(ErrorCategory::kConflict,
              report.drawn == report.drawing.size
                  ? std::string("the samples with the tag audit are not those that were drawn")
                  : fmt::format("{} samples carry the tag audit, {} were drawn",
                                with_thousands(report.drawn), with_thousands(report.drawing.size)),
              "Samples went, or their tags were changed or undone: `errata audit draw --replace` "
              "draws anew.");
}

void estimate_labels(const Snapshot& snapshot, const Audited& audited, AuditReport& report) {
  const Table& samples = snapshot.samples;
  const Column* given = samples.find("label_given");
  const Column* label = samples.find("label");
  const Column* prediction = samples.find("prediction");
  const Column* review = samples.find("review");
  if (given == nullptr || label == nullptr || prediction == nullptr) return;
  analysis::AuditCounts& counts = report.counts;
  audited.population.for_each([&](RowIndex row) {
    if (given->is_null(row) || prediction->is_null(row)) return;
    const bool right = given->text(row) == prediction->text(row);
    ++counts.population;
    counts.right_given += right;
    if (audited.reviewed[row] == 0) return;
    ++counts.audited;
    const bool excluded = is_review(review, row, "excluded");
    const std::string now = label->is_null(row) ? std::string() : std::string(label->text(row));
    const bool right_now = excluded ? right : now == prediction->text(row);
    counts.became_right += !right && right_now;
    counts.became_wrong += right && !right_now;
    counts.changed += now != given->text(row);
  });
  if (report.reviewed == report.drawn) {
    report.labels = analysis::estimate_from_audit(counts, 0.95);
  }
}

void estimate_boxes(const AuditOptions& options, LoadedState& state, Audited& audited,
                    JobContext& context, AuditReport& report) {
  if (report.reviewed < report.drawn) return;
  const Snapshot& snapshot = state.snapshot;
  leave_out_excluded(audited.population, snapshot.samples);
  const ObjectTable now = store::load_objects(state.store, snapshot);
  const std::optional<ObjectTable> imported = store::load_imported_objects(state.store, snapshot);
  const ObjectTable& before = imported ? *imported : now;
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  const std::vector<analysis::ImageAudit> images = image_audits(
      detection_input(snapshot.samples, audited.population, now.table), now.table,
      detection_input(snapshot.samples, audited.population, before.table), before.table,
      options.confidence, options.overlap, audited.reviewed, parallel_for);
  report.boxes = analysis::estimate_from_image_audit(images, 0.95);
}

}  // namespace

AuditReport read_audit(const AuditOptions& options, JobContext& context) {
  AuditReport report;
  JudgeOptions{options.store_path, options.run, {}, options.confidence, options.overlap}.check();
  context.progress.start_stage("reading the audit", 0);
  LoadedState state = load_state({options.store_path, options.run, {}, true});
  const std::optional<AuditDrawing> drawing = read_audit_drawing(state.store);
  if (!drawing) {
    throw Error(ErrorCategory::kNotFound, "no audit was drawn",
                "`errata audit draw` draws samples at random; review them all, then ask again.");
  }
  report.drawing = *drawing;
  report.run = state.run;
  Audited audited = find_audited(state.snapshot.samples, report);
  report.population = audited.population.count();
  for (const std::string& warning : run_warnings(state)) report.warnings.push_back(warning);
  const RunSummary* run = find_run(state.snapshot, state.run);
  report.detections = run != nullptr && run->kind == "detections";
  if (report.detections) {
    estimate_boxes(options, state, audited, context, report);
  } else {
    estimate_labels(state.snapshot, audited, report);
  }
  return report;
}

}  // namespace errata::jobs
