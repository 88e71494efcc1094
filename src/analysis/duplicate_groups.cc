#include "analysis/duplicate_groups.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/union_find.h"

namespace errata::analysis {

namespace {

template <typename IdOf>
void join_equal(size_t count, const IdOf& id_of, UnionFind& groups) {
  std::unordered_map<int32_t, uint32_t> first;
  for (uint32_t i = 0; i < count; ++i) {
    const int32_t id = id_of(i);
    if (id < 0) continue;
    const auto [entry, added] = first.emplace(id, i);
    if (!added) groups.join(entry->second, i);
  }
}

bool near_alike(const PictureIdentity& a, const PictureIdentity& b, int radius) {
  return a.hash && b.hash && std::popcount(*a.hash ^ *b.hash) <= radius &&
         look_alike(a.coarse, b.coarse);
}

bool alike(const PictureIdentity& a, const PictureIdentity& b, std::optional<int> radius) {
  if (a.file >= 0 && a.file == b.file) return true;
  if (a.pixels >= 0 && a.pixels == b.pixels) return true;
  return radius && near_alike(a, b, *radius);
}

// The first picture of each content that has a hash, by hash; those with equal hashes are a run.
struct HashRuns {
  std::vector<uint64_t> hashes;  // distinct, rising
  std::vector<std::vector<uint32_t>> pictures;

  explicit HashRuns(std::span<const PictureIdentity> all) {
    std::vector<std::pair<uint64_t, uint32_t>> sorted;
    std::unordered_set<int32_t> seen;
    for (uint32_t i = 0; i < all.size(); ++i) {
      if (!all[i].hash || (all[i].pixels >= 0 && !seen.insert(all[i].pixels).second)) continue;
      sorted.emplace_back(*all[i].hash, i);
    }
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [hash, picture] : sorted) {
      if (hashes.empty() || hashes.back() != hash) {
        hashes.push_back(hash);
        pictures.emplace_back();
      }
      pictures.back().push_back(picture);
    }
  }
};

void join_near(std::span<const PictureIdentity> pictures, int radius,
               const ParallelFor& parallel_for, UnionFind& groups) {
  const HashRuns runs(pictures);
  const auto join_confirmed = [&](uint32_t a, uint32_t b) {
    if (look_alike(pictures[a].coarse, pictures[b].coarse)) groups.join(a, b);
  };
  for (const std::vector<uint32_t>& run : runs.pictures) {
    for (size_t i = 0; i < run.size(); ++i) {
      for (size_t j = i + 1; j < run.size(); ++j) join_confirmed(run[i], run[j]);
    }
  }
  for_each_near_pair(runs.hashes, radius, parallel_for, [&](std::span<const HashPair> pairs) {
    for (const auto& [first, second] : pairs) {
      for (const uint32_t a : runs.pictures[first]) {
        for (const uint32_t b : runs.pictures[second]) join_confirmed(a, b);
      }
    }
  });
}

// More than one of the values that are known.
template <typename ValueOf>
bool differ(const std::vector<DuplicateMember>& members, const ValueOf& value_of) {
  int32_t seen = -1;
  for (const DuplicateMember& member : members) {
    const int32_t value = value_of(member.picture);
    if (value < 0) continue;
    if (seen >= 0 && seen != value) return true;
    seen = value;
  }
  return false;
}

DuplicateKind kind_of(const DuplicateGroup& group, std::span<const PictureIdentity> pictures) {
  const PictureIdentity& first = pictures[group.members.front().picture];
  const auto all = [&](const auto& equal) {
    return std::all_of(
        group.members.begin(), group.members.end(),
        [&](const DuplicateMember& member) { return equal(pictures[member.picture]); });
  };
  if (all([&](const PictureIdentity& each) {
        return first.file >= 0 && each.file == first.file;
      })) {
    return DuplicateKind::kExact;
  }
  if (all([&](const PictureIdentity& each) {
        return (first.pixels >= 0 && each.pixels == first.pixels) ||
               (first.file >= 0 && each.file == first.file);
      })) {
    return DuplicateKind::kSamePixels;
  }
  return DuplicateKind::kNear;
}

DuplicateGroup make_group(std::vector<uint32_t> members, std::span<const PictureIdentity> pictures,
                          std::optional<int> radius,
                          std::span<const std::pair<uint32_t, uint32_t>> more) {
  DuplicateGroup group;
  std::stable_sort(members.begin(), members.end(), [&](uint32_t a, uint32_t b) {
    return pictures[a].area_px > pictures[b].area_px;
  });
  std::vector<uint32_t> kept;
  for (const uint32_t picture : members) {
    const auto found = std::find_if(kept.begin(), kept.end(), [&](uint32_t each) {
      return alike(pictures[each], pictures[picture], radius) ||
             std::binary_search(more.begin(), more.end(),
                                std::pair(std::min(each, picture), std::max(each, picture)));
    });
    if (found == kept.end()) {
      kept.push_back(picture);
      group.members.push_back({picture, picture});
    } else {
      group.members.push_back({picture, *found});
    }
  }
  group.kind = kind_of(group, pictures);
  group.conflict = differ(group.members, [&](uint32_t i) { return pictures[i].label; });
  group.leak = differ(group.members, [&](uint32_t i) { return pictures[i].split; });
  return group;
}

}  // namespace

std::vector<DuplicateGroup> group_duplicates(std::span<const PictureIdentity> pictures,
                                             std::optional<int> radius,
                                             const ParallelFor& parallel_for,
                                             std::span<const std::pair<uint32_t, uint32_t>> more) {
  UnionFind joined(pictures.size());
  join_equal(
      pictures.size(), [&](uint32_t i) { return pictures[i].file; }, joined);
  join_equal(
      pictures.size(), [&](uint32_t i) { return pictures[i].pixels; }, joined);
  if (radius) join_near(pictures, *radius, parallel_for, joined);
  for (const auto& [a, b] : more) joined.join(a, b);

  std::vector<uint32_t> sizes(pictures.size(), 0);
  for (uint32_t i = 0; i < pictures.size(); ++i) ++sizes[joined.root(i)];
  std::unordered_map<uint32_t, std::vector<uint32_t>> members;  // by root, rising
  for (uint32_t i = 0; i < pictures.size(); ++i) {
    const uint32_t root = joined.root(i);
    if (sizes[root] > 1) members[root].push_back(i);
  }
  std::vector<DuplicateGroup> groups;
  for (auto& [root, each] : members)
    groups.push_back(make_group(std::move(each), pictures, radius, more));
  const auto order = [](const DuplicateGroup& group) {
    uint32_t first = UINT32_MAX;
    for (const DuplicateMember& member : group.members) first = std::min(first, member.picture);
    return std::tuple(!group.conflict, !group.leak, SIZE_MAX - group.members.size(), first);
  };
  std::sort(groups.begin(), groups.end(),
            [&](const DuplicateGroup& a, const DuplicateGroup& b) { return order(a) < order(b); });
  return groups;
}

}  // namespace errata::analysis
