#include "analysis/duplicate_groups.h"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "base/union_find.h"

namespace errata::analysis {

namespace {

// Of larger chains not all pairs are compared to count whose copies are most.
constexpr size_t kMostCounted = 256;

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

std::vector<std::vector<uint32_t>> sets_of_several(UnionFind& joined, size_t count) {
  std::vector<uint32_t> sizes(count, 0);
  for (uint32_t i = 0; i < count; ++i) ++sizes[joined.root(i)];
  std::unordered_map<uint32_t, size_t> places;
  std::vector<std::vector<uint32_t>> sets;  // by their first
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t root = joined.root(i);
    if (sizes[root] < 2) continue;
    const auto [place, added] = places.emplace(root, sets.size());
    if (added) sets.emplace_back();
    sets[place->second].push_back(i);
  }
  return sets;
}

// The pictures by content: what is equal by bytes or by pixels is one, named by the first of it.
class Contents {
 public:
  Contents(std::span<const PictureIdentity> pictures, std::optional<int> radius,
           std::span<const PicturePair> more)
      : pictures_(pictures), radius_(radius), equal_(pictures.size()) {
    join_equal(
        pictures.size(), [&](uint32_t i) { return pictures[i].file; }, equal_);
    join_equal(
        pictures.size(), [&](uint32_t i) { return pictures[i].pixels; }, equal_);
    first_ = equal_.roots();
    for (const auto& [a, b] : more) {
      more_.emplace_back(first_[a], first_[b]);
      more_.emplace_back(first_[b], first_[a]);
    }
    std::sort(more_.begin(), more_.end());
  }

  uint32_t of(uint32_t picture) const { return first_[picture]; }
  bool is_first(uint32_t picture) const { return first_[picture] == picture; }
  const PictureIdentity& operator[](uint32_t content) const { return pictures_[content]; }
  std::span<const PicturePair> more() const { return more_; }

  bool copies(uint32_t a, uint32_t b) const {
    if (looks_copied(a, b)) return true;
    return std::binary_search(more_.begin(), more_.end(), PicturePair(a, b));
  }
  // The pairs that a content is the first of.
  std::span<const PicturePair> more_of(uint32_t content) const {
    const auto begin = std::lower_bound(more_.begin(), more_.end(), PicturePair(content, 0));
    const auto end = std::upper_bound(begin, more_.end(), PicturePair(content, UINT32_MAX));
    return {begin, end};
  }
  bool has_hash(uint32_t content) const { return radius_ && pictures_[content].hash; }
  bool looks_copied(uint32_t a, uint32_t b) const {
    const PictureIdentity& one = pictures_[a];
    const PictureIdentity& other = pictures_[b];
    return radius_ && one.hash && other.hash &&
           std::popcount(*one.hash ^ *other.hash) <= *radius_ &&
           is_copied(*one.small, *other.small);
  }

  // An order that knows nothing of the order of the pictures, but among equal contents.
  bool lower(uint32_t a, uint32_t b) const {
    const PictureIdentity& one = pictures_[a];
    const PictureIdentity& other = pictures_[b];
    if (one.hash != other.hash) return one.hash < other.hash;
    if (one.hash && one.small->grey != other.small->grey)
      return one.small->grey < other.small->grey;
    if (one.hash && one.small->chroma != other.small->chroma) {
      return one.small->chroma < other.small->chroma;
    }
    return a < b;
  }

 private:
  std::span<const PictureIdentity> pictures_;
  std::optional<int> radius_;
  UnionFind equal_;
  std::vector<uint32_t> first_;
  std::vector<PicturePair> more_;  // of contents, each both ways round, rising
};

// The contents that have a hash, by hash; those with equal hashes are a run.
struct HashRuns {
  std::vector<uint64_t> hashes;  // distinct, rising
  std::vector<uint32_t> begins;  // of each run, and one behind the last
  std::vector<uint32_t> contents;

  HashRuns(const Contents& all, size_t pictures) {
    std::vector<std::pair<uint64_t, uint32_t>> sorted;
    for (uint32_t i = 0; i < pictures; ++i) {
      if (all.is_first(i) && all[i].hash) sorted.emplace_back(*all[i].hash, i);
    }
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [hash, content] : sorted) {
      if (hashes.empty() || hashes.back() != hash) {
        hashes.push_back(hash);
        begins.push_back(static_cast<uint32_t>(contents.size()));
      }
      contents.push_back(content);
    }
    begins.push_back(static_cast<uint32_t>(contents.size()));
  }
  std::span<const uint32_t> of(size_t run) const {
    return std::span(contents).subspan(begins[run], begins[run + 1] - begins[run]);
  }
};

// Joins copies. What hangs together already is not compared again, so that many pictures which are
// all alike cost a comparison each; which pairs those are differs with the threads, what hangs
// together in the end does not.
class NearJoin {
 public:
  NearJoin(const Contents& contents, UnionFind& chains) : contents_(contents), chains_(chains) {}

  void run(const HashRuns& runs, int radius, const ParallelFor& parallel_for) {
    constexpr size_t kGrain = 1024;
    parallel_for(runs.hashes.size(), kGrain, [&](size_t begin, size_t end) {
      for (size_t run = begin; run < end; ++run) {
        join_among(runs.of(run));
      }
    });
    for_each_near_pair(runs.hashes, radius, parallel_for, [&](std::span<const HashPair> pairs) {
      for (const auto& [first, second] : pairs) {
        join_across(runs.of(first), runs.of(second));
      }
    });
  }

 private:
  using Set = std::vector<uint32_t>;  // that hangs together

  // Each with one of each set before it, until it hangs together with that.
  void join_among(std::span<const uint32_t> equal) {
    std::vector<Set> sets;
    for (const uint32_t each : equal) {
      Set joined{each};
      std::erase_if(sets, [&](Set& set) {
        if (!join(set, std::span(&each, 1))) return false;
        joined.insert(joined.end(), set.begin(), set.end());
        return true;
      });
      sets.push_back(std::move(joined));
    }
  }
  void join_across(std::span<const uint32_t> some, std::span<const uint32_t> others) {
    if (some.size() == 1 && others.size() == 1) {
      join(some, others);
      return;
    }
    const std::vector<Set> sets = sets_of(others);
    for (const Set& one : sets_of(some)) {
      for (const Set& other : sets) join(one, other);
    }
  }
  std::vector<Set> sets_of(std::span<const uint32_t> contents) {
    std::unordered_map<uint32_t, size_t> places;
    std::vector<Set> sets;
    const std::lock_guard lock(mutex_);
    for (const uint32_t each : contents) {
      const auto [place, added] = places.emplace(chains_.root(each), sets.size());
      if (added) sets.emplace_back();
      sets[place->second].push_back(each);
    }
    return sets;
  }

  // Two sets, each of which hangs together, by the first two of them that are copies. True when
  // they do now.
  bool join(std::span<const uint32_t> some, std::span<const uint32_t> others) {
    for (const uint32_t a : some) {
      for (const uint32_t b : others) {
        if (hang_together(a, b)) return true;
        if (!is_copied(*contents_[a].small, *contents_[b].small)) continue;
        const std::lock_guard lock(mutex_);
        chains_.join(a, b);
        return true;
      }
    }
    return false;
  }
  bool hang_together(uint32_t a, uint32_t b) {
    const std::lock_guard lock(mutex_);
    return chains_.root(a) == chains_.root(b);
  }

  const Contents& contents_;
  UnionFind& chains_;
  std::mutex mutex_;
};

// The contents of one chain, and which of them take which.
class Chain {
 public:
  Chain(const Contents& contents, std::vector<uint32_t> members, const std::function<void()>& tick)
      : contents_(contents), members_(std::move(members)), leader_(members_.size()) {
    if (members_.size() <= kMostCounted) {
      compare_all();
      take_by_count();
    } else {
      take_in_order(tick);
    }
  }

  size_t size() const { return members_.size(); }
  uint32_t content(size_t i) const { return members_[i]; }
  size_t leader(size_t i) const { return leader_[i]; }
  bool copies(size_t a, size_t b) const {
    return counts_.empty() ? contents_.copies(members_[a], members_[b])
                           : compared_[a * members_.size() + b] != 0;
  }

  // Of those that `leader` took and itself: as large as it, a copy of all, and the first such.
  uint32_t to_keep(size_t leader, std::span<const size_t> taken) const {
    if (counts_.empty()) return members_[leader];
    uint32_t best = members_[leader];
    for (const size_t candidate : taken) {
      if (contents_[members_[candidate]].area_px == contents_[members_[leader]].area_px &&
          members_[candidate] < best && std::all_of(taken.begin(), taken.end(), [&](size_t other) {
            return other == candidate || copies(candidate, other);
          })) {
        best = members_[candidate];
      }
    }
    return best;
  }

 private:
  void compare_all() {
    const size_t n = members_.size();
    compared_.assign(n * n, 0);
    counts_.assign(n, 0);
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = a + 1; b < n; ++b) {
        if (!contents_.copies(members_[a], members_[b])) continue;
        compared_[a * n + b] = compared_[b * n + a] = 1;
        ++counts_[a];
        ++counts_[b];
      }
    }
  }

  bool goes_first(size_t a, size_t b) const {
    const uint64_t area_a = contents_[members_[a]].area_px;
    const uint64_t area_b = contents_[members_[b]].area_px;
    if (area_a != area_b) return area_a > area_b;
    if (!counts_.empty() && counts_[a] != counts_[b]) return counts_[a] > counts_[b];
    return contents_.lower(members_[a], members_[b]);
  }

  // Counts are of copies that nobody took yet.
  void take_by_count() {
    const size_t n = members_.size();
    std::vector<uint8_t> taken(n, 0);
    const auto take = [&](size_t leader, size_t each) {
      leader_[each] = leader;
      taken[each] = 1;
      for (size_t other = 0; other < n; ++other) counts_[other] -= compared_[each * n + other];
    };
    for (size_t left = n; left > 0;) {
      size_t leader = n;
      for (size_t i = 0; i < n; ++i) {
        if (taken[i] == 0 && (leader == n || goes_first(i, leader))) leader = i;
      }
      for (size_t i = 0; i < n; ++i) {
        if (taken[i] != 0 || (i != leader && !copies(leader, i))) continue;
        take(leader, i);
        --left;
      }
    }
  }

  // Each goes to the first leader that it is a copy of.
  void take_in_order(const std::function<void()>& tick) {
    std::vector<size_t> order(members_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return goes_first(a, b); });
    std::vector<uint8_t> taken(members_.size(), 0);
    std::vector<size_t> hashed;  // those that may be open still
    std::copy_if(order.begin(), order.end(), std::back_inserter(hashed),
                 [&](size_t i) { return contents_.has_hash(members_[i]); });
    for (const size_t leader : order) {
      if (taken[leader] != 0) continue;
      if (tick) tick();
      const auto take = [&](size_t each) {
        if (taken[each] != 0) return;
        taken[each] = 1;
        leader_[each] = leader;
      };
      take(leader);
      for (const auto& [content, near] : contents_.more_of(members_[leader])) {
        const auto place = std::lower_bound(members_.begin(), members_.end(), near);
        take(static_cast<size_t>(place - members_.begin()));
      }
      if (!contents_.has_hash(members_[leader])) continue;
      std::erase_if(hashed, [&](size_t each) {
        if (contents_.looks_copied(members_[leader], members_[each])) take(each);
        return taken[each] != 0;
      });
    }
  }

  const Contents& contents_;
  std::vector<uint32_t> members_;  // rising
  std::vector<size_t> leader_;     // itself where it leads
  std::vector<uint8_t> compared_;  // all pairs of a chain that is not too large for that
  std::vector<uint32_t> counts_;   // copies of each; empty for a larger chain
};

// Known and not the same.
bool differ(int32_t a, int32_t b) {
  return a >= 0 && b >= 0 && a != b;
}

// The value that all of those have that have one; kSeveral, or -1 where none has.
constexpr int32_t kSeveral = -2;
template <typename ValueOf>
int32_t common(std::span<const uint32_t> pictures, const ValueOf& value_of) {
  int32_t seen = -1;
  for (const uint32_t picture : pictures) {
    const int32_t value = value_of(picture);
    if (differ(value, seen)) return kSeveral;
    if (value >= 0) seen = value;
  }
  return seen;
}

DuplicateKind kind_of(const DuplicateGroup& group, std::span<const PictureIdentity> pictures) {
  const PictureIdentity& first = pictures[group.kept()];
  const auto all = [&](const auto& equal) {
    return std::all_of(group.members.begin(), group.members.end(),
                       [&](uint32_t member) { return equal(pictures[member]); });
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

class Grouping {
 public:
  Grouping(std::span<const PictureIdentity> pictures, const Contents& contents)
      : pictures_(pictures), contents_(contents) {
    result_.chains.assign(pictures.size(), -1);
  }

  // `members` hang together: rising.
  void add_chain(const std::vector<uint32_t>& members, const std::function<void()>& tick) {
    for (const uint32_t member : members) result_.chains[member] = chains_;
    ++chains_;
    std::vector<uint32_t> firsts;
    for (const uint32_t member : members) {
      if (contents_.is_first(member)) firsts.push_back(member);
    }
    const Chain chain(contents_, firsts, tick);
    std::vector<std::vector<size_t>> taken(chain.size());  // by leader
    for (size_t i = 0; i < chain.size(); ++i) taken[chain.leader(i)].push_back(i);
    std::unordered_map<uint32_t, std::vector<uint32_t>> equal;
    for (const uint32_t member : members) equal[contents_.of(member)].push_back(member);
    for (size_t leader = 0; leader < chain.size(); ++leader) {
      if (!taken[leader].empty()) add_group(chain, leader, taken[leader], equal);
    }
    if (telling_.size() < Duplicates::kMostBetween) look_between(chain, members, equal);
  }

  Duplicates sorted() {
    const auto order = [](const DuplicateGroup& group) {
      return std::tuple(!group.conflict, !group.leak, SIZE_MAX - group.members.size(),
                        *std::min_element(group.members.begin(), group.members.end()));
    };
    std::sort(
        result_.groups.begin(), result_.groups.end(),
        [&](const DuplicateGroup& a, const DuplicateGroup& b) { return order(a) < order(b); });
    take_between();
    return std::move(result_);
  }

 private:
  using Equal = std::unordered_map<uint32_t, std::vector<uint32_t>>;  // pictures by content

  void add_group(const Chain& chain, size_t leader, const std::vector<size_t>& taken,
                 const Equal& equal) {
    DuplicateGroup group;
    for (const size_t each : taken) {
      const std::vector<uint32_t>& pictures = equal.at(chain.content(each));
      group.members.insert(group.members.end(), pictures.begin(), pictures.end());
    }
    if (group.members.size() < 2) return;
    const uint32_t kept = chain.to_keep(leader, taken);
    std::sort(group.members.begin(), group.members.end(), [&](uint32_t a, uint32_t b) {
      return std::tuple(a != kept, UINT64_MAX - pictures_[a].area_px, a) <
             std::tuple(b != kept, UINT64_MAX - pictures_[b].area_px, b);
    });
    group.kind = kind_of(group, pictures_);
    group.conflict =
        common(group.members, [&](uint32_t i) { return pictures_[i].label; }) == kSeveral;
    group.leak = common(group.members, [&](uint32_t i) { return pictures_[i].split; }) == kSeveral;
    result_.groups.push_back(std::move(group));
  }

  void look_between(const Chain& chain, const std::vector<uint32_t>& members, const Equal& equal) {
    // Two contents of the label and the split that most have tell nothing of each other.
    const Facts usual = usual_facts(members);
    std::vector<uint8_t> plain(chain.size());
    std::vector<Facts> together(chain.size());
    for (size_t i = 0; i < chain.size(); ++i) {
      const std::vector<uint32_t>& same = equal.at(chain.content(i));
      plain[i] = std::all_of(same.begin(), same.end(),
                             [&](uint32_t picture) { return facts_of(picture) == usual; });
      together[i] = {common(same, [&](uint32_t picture) { return pictures_[picture].label; }),
                     common(same, [&](uint32_t picture) { return pictures_[picture].split; })};
    }
    for (size_t a = 0; a < chain.size(); ++a) {
      if (plain[a] != 0) continue;
      for (size_t b = 0; b < chain.size(); ++b) {
        const bool looked_at = plain[b] == 0 && b <= a;
        if (looked_at || chain.leader(a) == chain.leader(b)) continue;
        if (!may_differ(together[a].first, together[b].first) &&
            !may_differ(together[a].second, together[b].second)) {
          continue;
        }
        if (++looks_between_ > Duplicates::kMostLooks) return;
        if (!chain.copies(a, b)) continue;
        add_telling(chain.content(a), chain.content(b), equal);
        if (telling_.size() >= Duplicates::kMostBetween) return;
      }
    }
  }

  using Facts = std::pair<int32_t, int32_t>;  // label and split
  Facts facts_of(uint32_t picture) const {
    return {pictures_[picture].label, pictures_[picture].split};
  }
  Facts usual_facts(const std::vector<uint32_t>& members) const {
    std::map<Facts, size_t> counts;
    for (const uint32_t member : members) ++counts[facts_of(member)];
    return std::max_element(counts.begin(), counts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  }

  // Whether some value of the one content differs from some value of the other.
  static bool may_differ(int32_t common_a, int32_t common_b) {
    if (common_a == -1 || common_b == -1) return false;
    return common_a == kSeveral || common_a != common_b;
  }

  // Equal pictures of one label and split.
  struct Alike {
    Facts facts;
    std::vector<uint32_t> pictures;
  };
  // Every picture of the one with every picture of the other.
  struct Telling {
    const Alike* larger;
    const Alike* smaller;
    size_t count() const { return larger->pictures.size() * smaller->pictures.size(); }
  };

  const std::vector<Alike>& alike_of(uint32_t content, const Equal& equal) {
    const auto [place, added] = alike_.try_emplace(content);
    if (!added) return place->second;
    std::map<Facts, std::vector<uint32_t>> by_facts;
    for (const uint32_t picture : equal.at(content)) by_facts[facts_of(picture)].push_back(picture);
    for (auto& [facts, pictures] : by_facts) place->second.push_back({facts, std::move(pictures)});
    return place->second;
  }

  // Two contents that are copies: what of them differs by its label, then by its split alone.
  void add_telling(uint32_t content_a, uint32_t content_b, const Equal& equal) {
    const std::vector<Alike>& some = alike_of(content_a, equal);
    const std::vector<Alike>& others = alike_of(content_b, equal);
    for (const bool by_label : {true, false}) {
      for (const Alike& a : some) {
        for (const Alike& b : others) {
          const bool labels_differ = differ(a.facts.first, b.facts.first);
          if (labels_differ != by_label) continue;
          if (!labels_differ && !differ(a.facts.second, b.facts.second)) continue;
          if (telling_.size() >= Duplicates::kMostBetween) return;
          const bool a_larger = a.pictures.size() >= b.pictures.size();
          telling_.push_back(a_larger ? Telling{&a, &b} : Telling{&b, &a});
        }
      }
    }
  }

  // The few of each and, of those that are many, as many of each as there is room for: each picture
  // once before any is there twice.
  void take_between() {
    std::stable_sort(telling_.begin(), telling_.end(),
                     [](const Telling& a, const Telling& b) { return a.count() < b.count(); });
    std::vector<PicturePair>& between = result_.between;
    for (size_t i = 0; i < telling_.size(); ++i) {
      const std::vector<uint32_t>& larger = telling_[i].larger->pictures;
      const std::vector<uint32_t>& smaller = telling_[i].smaller->pictures;
      const size_t room = (Duplicates::kMostBetween - between.size()) / (telling_.size() - i);
      for (size_t k = 0; k < std::min(room, telling_[i].count()); ++k) {
        const size_t at = k % larger.size();
        between.push_back(
            std::minmax(larger[at], smaller[(at + k / larger.size()) % smaller.size()]));
      }
    }
    std::sort(between.begin(), between.end());
  }

  std::span<const PictureIdentity> pictures_;
  const Contents& contents_;
  int32_t chains_ = 0;
  size_t looks_between_ = 0;
  std::unordered_map<uint32_t, std::vector<Alike>> alike_;  // by content
  std::vector<Telling> telling_;
  Duplicates result_;
};

}  // namespace

Duplicates group_duplicates(std::span<const PictureIdentity> pictures, std::optional<int> radius,
                            const ParallelFor& parallel_for, std::span<const PicturePair> more,
                            const std::function<void()>& tick) {
  const Contents contents(pictures, radius, more);
  UnionFind chains(pictures.size());
  for (uint32_t i = 0; i < pictures.size(); ++i) chains.join(contents.of(i), i);
  if (radius) {
    const HashRuns runs(contents, pictures.size());
    NearJoin(contents, chains).run(runs, *radius, parallel_for);
  }
  for (const auto& [a, b] : contents.more()) chains.join(a, b);
  Grouping grouping(pictures, contents);
  for (const std::vector<uint32_t>& members : sets_of_several(chains, pictures.size())) {
    if (tick) tick();
    grouping.add_chain(members, tick);
  }
  return grouping.sorted();
}

}  // namespace errata::analysis
