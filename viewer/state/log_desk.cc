#include "viewer/state/log_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr size_t kPage = 200;
constexpr size_t kMostNamed = 500;  // ids in a filter

bool carries(const Column& tags, RowIndex row, int32_t code) {
  for (uint64_t i = tags.offsets[row]; i < tags.offsets[row + 1]; ++i) {
    if (tags.codes[i] == code) return true;
  }
  return false;
}

std::vector<TagChoice> count_tags(const Table& samples, const std::vector<RowIndex>& targets) {
  std::vector<TagChoice> choices;
  const Column* tags = samples.find("tags");
  if (tags == nullptr || !tags->dictionary || tags->offsets.size() <= tags->rows) return choices;
  for (const std::string& tag : tags->dictionary->texts()) choices.push_back({tag, 0, false});
  for (const int32_t code : tags->codes) ++choices[static_cast<size_t>(code)].count;
  for (size_t code = 0; code < choices.size(); ++code) {
    choices[code].on = !targets.empty() && choices[code].count >= targets.size() &&
                       std::all_of(targets.begin(), targets.end(), [&](RowIndex row) {
                         return carries(*tags, row, static_cast<int32_t>(code));
                       });
  }
  std::erase_if(choices, [](const TagChoice& choice) { return choice.count == 0; });
  std::stable_sort(choices.begin(), choices.end(),
                   [](const TagChoice& a, const TagChoice& b) { return a.count > b.count; });
  return choices;
}

}  // namespace

void LogDesk::snapshot_taken() {
  session_.state().history.stale = true;
}

void LogDesk::edited(const EditOutcome&) {
  session_.state().history.stale = true;
  if (session_.state().overlay == Overlay::kTag) ask_tags();
}

void LogDesk::frame(double /*now_secs*/) {
  const AppState& state = session_.state();
  if (asked_ || !state.loaded || !state.layout.show_bottom ||
      state.layout.bottom_tab != "history") {
    return;
  }
  HistoryState& history = session_.state().history;
  if (history.stale) {
    history.stale = false;
    ask_page(0);
  } else if (!history.complete && !history.batches.empty() &&
             history.seen_lines >= history.batches.size()) {
    ask_page(history.batches.back().batch);
  }
}

void LogDesk::ask_page(int64_t before_batch) {
  asked_ = true;
  session_.tasks().run(Lane::kPanels, [this, before_batch]() -> Tasks::Apply {
    try {
      auto page = std::make_shared<std::vector<store::LogBatch>>(
          session_.backend().batches(before_batch, kPage));
      return [this, before_batch, page] {
        asked_ = false;
        HistoryState& history = session_.state().history;
        history.ready = true;
        history.complete = page->size() < kPage;
        if (before_batch == 0) {
          history.batches.clear();
          history.seen_lines = 0;
        }
        history.batches.insert(history.batches.end(), page->begin(), page->end());
      };
    } catch (const Error& error) {
      return [this, error] {
        asked_ = false;
        session_.show_error(error);
      };
    }
  });
}

void LogDesk::show_batch(int64_t batch) {
  session_.tasks().run(Lane::kPanels, [this, batch]() -> Tasks::Apply {
    std::vector<SampleId> samples = session_.backend().batch_samples(batch);
    return [this, samples = std::move(samples)] {
      if (samples.empty()) return;
      std::string ids;
      for (size_t i = 0; i < std::min(samples.size(), kMostNamed); ++i) {
        ids += fmt::format("{}{}", i == 0 ? "" : ", ", samples[i]);
      }
      if (session_.state().objects_shown()) session_.show_rows_of(CentreMode::kGrid);
      session_.set_filter(fmt::format("id in ({})", ids));
      if (samples.size() > kMostNamed) {
        session_.show_note(fmt::format("The first {} of the {} samples are shown", kMostNamed,
                                       with_thousands(samples.size())));
      }
    };
  });
}

void LogDesk::open_tags() {
  session_.show_overlay(Overlay::kTag);
  ask_tags();
}

void LogDesk::ask_tags() {
  const AppState& state = session_.state();
  const uint64_t number = ++newest_tags_;
  session_.tasks().run(Lane::kQuery,
                       [this, number, samples = state.snapshot.samples,
                        targets = state.targets()]() -> Tasks::Apply {
                         auto tags = count_tags(samples, targets.rows());
                         return [this, number, tags = std::move(tags)] {
                           if (number != newest_tags_) return;
                           session_.state().tags = {tags, number};
                         };
                       });
}

void LogDesk::toggle_tag(const std::string& tag) {
  const std::vector<TagChoice>& tags = session_.state().tags.tags;
  const auto found = std::find_if(tags.begin(), tags.end(),
                                  [&](const TagChoice& choice) { return choice.tag == tag; });
  session_.tag(tag, found == tags.end() || !found->on);
}

}  // namespace errata::viewer
