#include "jobs/find_duplicates_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>

#include "analysis/image_quality.h"
#include "analysis/near_embeddings.h"
#include "analysis/perceptual_hash.h"
#include "base/hash.h"
#include "jobs/edit_job.h"
#include "jobs/embeddings.h"
#include "jobs/image_pass.h"
#include "media/resize.h"
#include "store/copy_pairs.h"

namespace errata::jobs {

namespace {

using analysis::DuplicateGroup;
using analysis::PictureIdentity;

// What one look at a picture leaves behind.
struct Seen {
  bool decoded = false;
  bool hashed_file = false;
  Sha256Digest file{};
  std::array<uint64_t, 2> pixels{};
  std::optional<uint64_t> hash;
  analysis::SmallPicture small;
  uint64_t area_px = 0;
};

// Files of which there is another of the same size and XXH3: only those are worth a SHA-256.
std::vector<uint8_t> files_worth_hashing(std::span<const store::SampleFile> files) {
  std::map<std::tuple<uint64_t, uint64_t>, size_t> first;
  std::vector<uint8_t> worth(files.size(), 0);
  for (size_t i = 0; i < files.size(); ++i) {
    const auto [entry, added] = first.emplace(std::tuple(files[i].size_bytes, files[i].xxh3), i);
    if (!added) worth[entry->second] = worth[i] = 1;
  }
  return worth;
}

Sha256Digest hash_of_bytes(const media::RawSample& raw) {
  Sha256 hash;
  // Pixels of a container's member are told apart from a file that happens to hold the same bytes.
  const std::array<int32_t, 3> shape{raw.width_px, raw.height_px, raw.channels};
  if (raw.is_member) hash.update(shape.data(), sizeof shape);
  hash.update(raw.bytes.data(), raw.bytes.size());
  return hash.finish();
}

// 128 bits: two hashes of which only one has the shape in it.
std::array<uint64_t, 2> hash_of_pixels(const media::Image& image) {
  Xxh3 with_shape;
  const std::array<int32_t, 2> shape{image.width_px, image.height_px};
  with_shape.update(shape.data(), sizeof shape);
  with_shape.update(image.pixels.data(), image.pixels.size());
  return {with_shape.digest(), xxh3_64(image.pixels)};
}

void look_at_motif(const media::Image& image, Seen& seen) {
  media::Image grey(image.width_px, image.height_px, 1);
  grey.pixels = analysis::to_grey({image.pixels, image.width_px, image.height_px});
  const media::Image small = media::resize(grey, analysis::kHashSidePx, analysis::kHashSidePx,
                                           media::Filter::kLanczos, media::PillowOrder::k13_0);
  seen.hash = analysis::perceptual_hash(small.pixels);
  seen.small = analysis::small_picture(small.pixels, image.pixels, image.width_px, image.height_px);
}

std::vector<Issue> look_at_all(std::span<const store::SampleFile> files, bool motifs,
                               JobContext& context, std::vector<Seen>& seen) {
  const std::vector<uint8_t> worth = files_worth_hashing(files);
  return pass_over_images(files, "comparing images", {.apply_orientation = true}, context,
                          [&](const PassedImage& image) {
                            Seen& each = seen[image.index];
                            if (worth[image.index] != 0) {
                              each.file = hash_of_bytes(image.raw);
                              each.hashed_file = true;
                            }
                            if (!image.decoded.ok()) return;
                            each.decoded = true;
                            each.pixels = hash_of_pixels(image.decoded.image);
                            each.area_px = image.decoded.image.pixels.size() / 3;
                            if (motifs) look_at_motif(image.decoded.image, each);
                          });
}

// Equal keys get equal numbers.
template <typename Key>
class Numbers {
 public:
  int32_t of(const Key& key) {
    return numbers_.emplace(key, static_cast<int32_t>(numbers_.size())).first->second;
  }

 private:
  std::map<Key, int32_t> numbers_;
};

int32_t code_of(const Snapshot& snapshot, std::string_view column_name, RowIndex row) {
  const Column* column = snapshot.samples.find(column_name);
  return column == nullptr ? -1 : column->codes[row];
}

std::vector<PictureIdentity> identities(const Snapshot& snapshot, std::span<const RowIndex> rows,
                                        std::span<const Seen> seen) {
  Numbers<Sha256Digest> files;
  Numbers<std::array<uint64_t, 2>> pixels;
  std::vector<PictureIdentity> pictures;
  for (size_t i = 0; i < rows.size(); ++i) {
    PictureIdentity each;
    if (seen[i].hashed_file) each.file = files.of(seen[i].file);
    if (seen[i].decoded) each.pixels = pixels.of(seen[i].pixels);
    each.hash = seen[i].hash;
    each.small = &seen[i].small;
    each.area_px = seen[i].area_px;
    each.label = code_of(snapshot, "label", rows[i]);
    each.split = code_of(snapshot, "split", rows[i]);
    pictures.push_back(each);
  }
  return pictures;
}

using Pair = std::pair<uint32_t, uint32_t>;

// Pairs of places in report.rows.
std::vector<Pair> look_at_embeddings(const Embeddings& embeddings, FindDuplicatesReport& report,
                                     JobContext& context) {
  if (embeddings.rows.empty()) return {};
  report.without_embedding = embeddings.without;
  analysis::NearCopies near =
      analysis::find_near_copies(embeddings.view(), {}, watched(context, "comparing embeddings"));
  report.embedded_pairs = near.pairs.size();
  report.usual_distance = near.usual_distance;
  // Both lists of rows rise, so that pairs stay in order.
  std::vector<uint32_t> place;
  size_t at = 0;
  for (const RowIndex row : embeddings.rows) {
    while (report.rows[at] != row) ++at;
    place.push_back(static_cast<uint32_t>(at));
  }
  for (auto& [a, b] : near.pairs) {
    a = place[a];
    b = place[b];
  }
  return std::move(near.pairs);
}

void store_groups(store::Store& store, const FindDuplicatesReport& report) {
  std::vector<RowIndex> rows;
  std::vector<double> numbers;
  std::vector<double> kept;
  for (size_t g = 0; g < report.groups.size(); ++g) {
    for (const uint32_t member : report.groups[g].members) {
      rows.push_back(report.rows[member]);
      numbers.push_back(static_cast<double>(g + 1));
      kept.push_back(member == report.groups[g].kept() ? 1 : 0);
    }
  }
  store_scores(store, report.state.snapshot, "duplicate_group", rows, numbers);
  store_scores(store, report.state.snapshot, "duplicate_kept", rows, kept);
}

void store_chains(store::Store& store, const FindDuplicatesReport& report,
                  std::span<const int32_t> chains) {
  std::vector<RowIndex> rows;
  std::vector<double> numbers;
  for (size_t i = 0; i < chains.size(); ++i) {
    if (chains[i] < 0) continue;
    rows.push_back(report.rows[i]);
    numbers.push_back(chains[i] + 1);
  }
  store_scores(store, report.state.snapshot, store::kCopyChainScore, rows, numbers);
}

// The cosine of the embeddings of two rows of the snapshot; NaN where one has none.
float similarity(const Embeddings& embeddings, RowIndex a, RowIndex b) {
  const auto place = [&](RowIndex row) {
    const auto found = std::lower_bound(embeddings.rows.begin(), embeddings.rows.end(), row);
    return found == embeddings.rows.end() || *found != row
               ? SIZE_MAX
               : static_cast<size_t>(found - embeddings.rows.begin());
  };
  const size_t at_a = place(a);
  const size_t at_b = place(b);
  if (at_a == SIZE_MAX || at_b == SIZE_MAX) return std::nanf("");
  double product = 0, squares_a = 0, squares_b = 0;
  const std::span<const float> one = embeddings.view().row(at_a);
  const std::span<const float> other = embeddings.view().row(at_b);
  for (size_t i = 0; i < one.size(); ++i) {
    product += double{one[i]} * other[i];
    squares_a += double{one[i]} * one[i];
    squares_b += double{other[i]} * other[i];
  }
  return static_cast<float>(product / std::sqrt(squares_a * squares_b));
}

void store_between(store::Store& store, const FindDuplicatesReport& report,
                   std::span<const Seen> seen, const Embeddings& embeddings, int radius) {
  std::vector<store::CopyPair> pairs;
  for (const auto& [a, b] : report.between) {
    store::CopyPair pair{report.state.snapshot.ids[report.rows[a]],
                         report.state.snapshot.ids[report.rows[b]], -1,
                         similarity(embeddings, report.rows[a], report.rows[b])};
    if (seen[a].hash && seen[b].hash) {
      const int bits = std::popcount(*seen[a].hash ^ *seen[b].hash);
      if (bits <= radius && analysis::is_copied(seen[a].small, seen[b].small)) {
        pair.hash_bits = bits;
      }
    }
    pairs.push_back(pair);
  }
  store::put_copy_pairs(store, pairs);
}

void count(FindDuplicatesReport& report) {
  for (const DuplicateGroup& group : report.groups) {
    ++report.by_kind[static_cast<size_t>(group.kind)];
    report.conflicts += group.conflict;
    report.leaks += group.leak;
    report.copies += group.members.size() - 1;
  }
  const Snapshot& snapshot = report.state.snapshot;
  for (const auto& [a, b] : report.between) {
    const auto differs = [&, a = report.rows[a], b = report.rows[b]](std::string_view column) {
      const int32_t one = code_of(snapshot, column, a);
      const int32_t other = code_of(snapshot, column, b);
      return one >= 0 && other >= 0 && one != other;
    };
    report.conflicts_between += differs("label");
    report.leaks_between += differs("split");
  }
}

// Which of two different labels is right is for a person to say: those groups are left alone. What
// a person kept stays, and the suggested one, of which alone all others are known to be copies.
void exclude_copies(store::Store& writer, const FindDuplicatesOptions& options,
                    FindDuplicatesReport& report) {
  const Snapshot& snapshot = report.state.snapshot;
  const Column& path = *snapshot.samples.find("path");
  const Column& review = *snapshot.samples.find("review");
  const auto kept_by_a_person = [&](uint32_t member) {
    const RowIndex row = report.rows[member];
    return !review.is_null(row) && review.text(row) == "kept";
  };
  std::vector<store::Edit> edits;
  for (const DuplicateGroup& group : report.groups) {
    if (group.conflict) continue;
    for (const uint32_t member : group.members) {
      if (member == group.kept() || kept_by_a_person(member)) continue;
      store::Edit edit;
      edit.sample = snapshot.ids[report.rows[member]];
      edit.kind = store::EditKind::kExclude;
      edit.why = fmt::format("copy of {}", path.display(report.rows[group.kept()]));
      edits.push_back(std::move(edit));
    }
  }
  if (!edits.empty()) report.dropped = store::apply_edits(writer, edits, options.who, "duplicates");
}

std::vector<RowIndex> grouped_rows(const FindDuplicatesReport& report) {
  std::vector<RowIndex> rows;
  for (const DuplicateGroup& group : report.groups) {
    for (const uint32_t member : group.members) rows.push_back(report.rows[member]);
  }
  return rows;
}

}  // namespace

void FindDuplicatesOptions::check() const {
  if (radius >= 0 && radius <= analysis::kMaxHashRadius) return;
  throw Error(ErrorCategory::kUsage, fmt::format("a radius of {} bits makes no sense", radius),
              fmt::format("0 to {}: of 64 bits, unrelated pictures differ in about 32",
                          analysis::kMaxHashRadius));
}

FindDuplicatesReport find_duplicates(const FindDuplicatesOptions& options, JobContext& context) {
  options.check();
  bring_up_to_date(options.store_path);
  FindDuplicatesReport report{.state = load_state({options.store_path, "", options.where, false})};
  const Snapshot& snapshot = report.state.snapshot;
  // A wrong name is told before every picture is decoded.
  if (!options.embeddings.empty()) choose_embeddings(report.state, options.embeddings);
  report.excluded = leave_out_excluded(report.state, options.where);
  report.warnings = narrowing_warnings(report.state, options.where, "duplicate_group");
  report.rows = report.state.selection.to_rows();
  report.looked_at = report.rows.size();
  std::vector<SampleId> ids;
  for (const RowIndex row : report.rows) ids.push_back(snapshot.ids[row]);
  std::vector<Seen> seen(report.rows.size());
  const std::vector<Issue> unreadable =
      look_at_all(store::sample_files(report.state.store, ids), !options.exact, context, seen);
  report.unreadable = unreadable.size();
  for (const Seen& each : seen) report.flat += !options.exact && each.decoded && !each.hash;
  Embeddings embeddings;
  if (!options.embeddings.empty()) {
    embeddings = load_embeddings(report.state, options.embeddings, context);
  }
  const std::vector<Pair> near_by_embeddings = look_at_embeddings(embeddings, report, context);
  analysis::Duplicates found = analysis::group_duplicates(
      identities(snapshot, report.rows, seen),
      options.exact ? std::nullopt : std::optional(options.radius), watched(context, "grouping"),
      near_by_embeddings, [&] { context.cancel.check(); });
  report.groups = std::move(found.groups);
  report.between = std::move(found.between);
  count(report);
  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  keep_issues(writer, "find duplicates", unreadable, context);
  store_groups(writer, report);
  store_chains(writer, report, found.chains);
  store_between(writer, report, seen, embeddings, options.radius);
  report.tagged =
      tag_rows(writer, snapshot, grouped_rows(report), options.tag, options.who, "duplicates");
  if (options.exclude) exclude_copies(writer, options, report);
  return report;
}

}  // namespace errata::jobs
