// What the panels of findings show and do, without a window.
#include "viewer/state/findings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "model/verdict.h"
#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/commands.h"
#include "viewer/state/evidence.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr size_t kSamples = 300;

struct Opened {
  explicit Opened(bool findings = true)
      : backend(new test::SyntheticBackend(kSamples)),
        session(std::unique_ptr<Backend>(backend), nullptr, 2) {
    backend->with_findings_ = backend->with_embeddings_ = findings;
    session.open();
    settle();
  }
  void settle() {
    for (int i = 0; i < 5; ++i) {
      session.frame(now += 1);
      session.tasks().finish_all();
    }
  }
  void show(const char* panel) {
    session.state().layout.bottom_tab = panel;
    settle();
  }
  const AppState& state() const { return session.state(); }
  const CopiesAnswer& copies() const { return *state().findings.copies; }

  test::SyntheticBackend* backend;  // the session's
  Session session;
  CommandRegistry commands;
  double now = 0;
};

Table with_groups(std::vector<float> group, std::vector<int32_t> label,
                  std::vector<int32_t> split) {
  Table samples(group.size());
  const auto names = std::make_shared<Dictionary>();
  for (const char* name : {"a", "b", "c"}) names->add(name);
  samples.add(make_float_column("duplicate_group", std::move(group)));
  samples.add(make_category_column("label", std::move(label), names));
  samples.add(make_category_column("split", std::move(split), names));
  samples.add(make_int_column("width", {10, 20, 10, 10, 10, 10}));
  samples.add(make_int_column("height", {10, 10, 10, 10, 10, 10}));
  return samples;
}

}  // namespace

TEST_CASE("without the columns there are no findings") {
  const Table samples(3);
  CHECK_FALSE(answer_copies(samples));
  CHECK_FALSE(answer_quality(samples));
  CHECK_FALSE(answer_labels(samples));
  CHECK_FALSE(read_slices("{}"));
  CHECK_FALSE(read_slices("not json"));
  CHECK_FALSE(suggested_label(samples, 0));
}

TEST_CASE("conflicts come first, then leaks; the largest is the one to keep") {
  const float none = std::numeric_limits<float>::quiet_NaN();
  // Group 3 has two labels, group 2 two splits, group 1 neither.
  Table samples = with_groups({1, 1, 2, 2, 3, 3}, {0, 0, 1, 1, 0, 1}, {0, 0, 0, 1, 0, 0});
  const auto answer = answer_copies(samples);
  REQUIRE(answer);
  REQUIRE(answer->groups.size() == 3);
  CHECK(answer->groups[0].number == 3);
  CHECK(answer->groups[0].conflict);
  CHECK(answer->groups[1].number == 2);
  CHECK(answer->groups[1].leak);
  CHECK_FALSE(answer->groups[1].conflict);
  CHECK(answer->groups[2].members == std::vector<RowIndex>{1, 0});
  CHECK(answer->open == 3);
  CHECK(answer->conflicts == 1);
  CHECK(answer->leaks == 1);
  CHECK(answer->copies == 2);  // nobody but a person decides a conflict
  // What the job suggests goes before the size.
  samples.add(make_float_column("duplicate_kept", {1, 0, 1, 0, 1, 0}));
  CHECK(answer_copies(samples)->groups[2].members == std::vector<RowIndex>{0, 1});
  // A sample that has no label is in no conflict with one that has.
  CHECK_FALSE(answer_copies(with_groups({1, 1, none, none, none, none}, {0, -1, 0, 0, 0, 0},
                                        {0, 0, 0, 0, 0, 0}))
                  ->groups[0]
                  .conflict);
}

TEST_CASE("once the others are excluded a group is decided, and no conflict any more") {
  Table samples = with_groups({1, 1, 2, 2, 2, 2}, {0, 1, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 0});
  samples.add(make_bool_column("excluded", {0, 1, 0, 0, 1, 0}));
  const auto answer = answer_copies(samples);
  CHECK(answer->groups[0].number == 2);
  CHECK(answer->groups[1].number == 1);
  CHECK_FALSE(answer->groups[1].open);
  CHECK_FALSE(answer->groups[1].conflict);
  CHECK(answer->conflicts == 0);
  CHECK(answer->copies == 2);
}

TEST_CASE("between groups conflicts come first, then leaks; what was decided comes last") {
  const float none = std::numeric_limits<float>::quiet_NaN();
  Table samples = with_groups({1, 1, 2, 2, none, none}, {0, 0, 1, 0, 0, 0}, {0, 0, 0, 1, 1, 0});
  CHECK_FALSE(answer_copies(samples)->pairs_known);
  samples.add(make_int_column("id", {1, 2, 3, 4, 5, 6}));
  samples.add(make_float_column("duplicate_chain", {1, 1, 1, 1, 1, none}));
  std::vector<store::CopyPair> pairs{
      {1, 4, 2, 0.5F}, {1, 6, 3, 0}, {2, 3, 5, 0}, {2, 5, -1, 0.9F}, {2, 77, 1, 0}};
  auto answer = answer_copies(samples, &pairs);
  CHECK(answer->pairs_known);
  CHECK_FALSE(answer->more_pairs);
  // Of the sample that is gone none is told.
  REQUIRE(answer->pairs.size() == 4);
  const auto rows = [&](size_t i) { return std::pair(answer->pairs[i].a, answer->pairs[i].b); };
  CHECK(rows(0) == std::pair<RowIndex, RowIndex>(1, 2));
  CHECK(answer->pairs[0].conflict);
  CHECK_FALSE(answer->pairs[0].leak);
  CHECK(answer->pairs[0].hash_bits == 5);
  CHECK(answer->pairs[0].chain == CopyChain{1, 5});
  CHECK(rows(1) == std::pair<RowIndex, RowIndex>(0, 3));
  CHECK(answer->pairs[1].leak);
  CHECK(rows(2) == std::pair<RowIndex, RowIndex>(1, 4));
  CHECK(rows(3) == std::pair<RowIndex, RowIndex>(0, 5));
  CHECK_FALSE(answer->pairs[3].open);  // of one label and split by now
  CHECK(answer->open_pairs == 3);
  CHECK(answer->pair_conflicts == 1);
  CHECK(answer->pair_leaks == 2);
  for (const CopyGroup& group : answer->groups) CHECK(group.in_larger_chain());
  samples.add(make_bool_column("excluded", {0, 1, 0, 0, 0, 0}));
  answer = answer_copies(samples, &pairs);
  CHECK(answer->open_pairs == 1);
  CHECK(rows(0) == std::pair<RowIndex, RowIndex>(0, 3));
  CHECK(answer->pair_conflicts == 0);
  pairs.clear();
  CHECK(answer_copies(samples, &pairs)->pairs_known);
  CHECK(answer_copies(samples, &pairs)->pairs.empty());
}

TEST_CASE("a bad picture is below its threshold; what most are is no error") {
  Table samples(5);
  samples.add(make_float_column("dark", {0.1F, 0.9F, 0.32F, 0.05F, 0.9F}));
  samples.add(make_float_column("grayscale", {0, 0, 0, 0, 1}));
  samples.add(make_bool_column("excluded", {0, 0, 0, 1, 0}));
  const auto answer = answer_quality(samples);
  REQUIRE(answer);
  REQUIRE(answer->kinds.size() == 2);
  CHECK(answer->kinds[0].column == "dark");
  CHECK(answer->kinds[0].found == 1);  // the threshold itself is not below it, one is excluded
  CHECK(answer->kinds[0].worst == std::vector<RowIndex>{0});
  CHECK(answer->kinds[0].filter == "dark < 0.32");
  CHECK(answer->kinds[1].common);
  CHECK(quality_words(*answer, samples, 0) == std::vector<std::string>{"dark"});
  CHECK(quality_words(*answer, samples, 1).empty());
}

TEST_CASE("where most pictures have one size any other is odd") {
  Table samples(9);
  samples.add(make_int_column("width", {10, 10, 10, 10, 10, 10, 10, 10, 12}));
  samples.add(make_int_column("height", std::vector<int64_t>(9, 10)));
  samples.add(make_float_column("odd_size", {1, 1, 1, 1, 1, 1, 1, 1, 0.9F}));
  CHECK(answer_quality(samples)->kinds[0].found == 1);
}

TEST_CASE("the suggestion is the evidence's where it is believed more than the label") {
  Table samples(4);
  const auto names = std::make_shared<Dictionary>();
  for (const char* name : {"a", "b", "c"}) names->add(name);
  samples.add(make_category_column("label", {0, 0, 0, 0}, names));
  samples.add(make_category_column("prediction", {1, 1, -1, 0}, names));
  samples.add(make_category_column("suggested", {2, 2, 2, 2}, names));
  samples.add(make_float_column("label_error", {0.8F, 0.2F, 0.2F, 0.64F}));
  samples.add(make_float_column("p_suggested", {0.7F, 0.1F, 0.1F, 0.33F}));
  CHECK(suggested_label(samples, 0) == "c");
  CHECK(suggested_label(samples, 1) == "b");  // a rival that nothing speaks for is no suggestion
  CHECK_FALSE(suggested_label(samples, 2));
  CHECK(suggested_label(samples, 3) == "a");  // more than half against it, no rival ahead of it
}

TEST_CASE("the log says what spoke for a suggestion that is taken against the run") {
  Table samples(2);
  const auto names = std::make_shared<Dictionary>();
  for (const char* name : {"a", "b", "c"}) names->add(name);
  samples.active_run = "run";
  samples.add(make_category_column("label", {0, 0}, names));
  samples.add(make_category_column("prediction", {1, 2}, names));
  samples.add(make_float_column("confidence", {0.5F, 0.9F}));
  samples.add(make_category_column("suggested", {2, 2}, names));
  samples.add(make_float_column("label_error", {0.8F, 0.8F}));
  samples.add(make_float_column("p_suggested", {0.7F, 0.7F}));
  const auto why = [&](RowIndex row, ReviewKind kind, const char* name) {
    const ReviewEdit edit{row + 1, kind, name, {}, {}};
    return with_evidence(std::span(&edit, 1), std::span(&row, 1), samples).back().why;
  };
  CHECK(why(0, ReviewKind::kRelabel, "c") == "the evidence suggests c 0.700; run says b 0.500");
  CHECK(evidence_class(why(0, ReviewKind::kRelabel, "c")) == "b");
  CHECK(why(0, ReviewKind::kRelabel, "b") == "run says b 0.500");
  CHECK(why(0, ReviewKind::kKeep, "") == "run says b 0.500");
  CHECK(why(1, ReviewKind::kRelabel, "c") == "run says c 0.900");
}

TEST_CASE("a suspect that was relabelled counts as reviewed") {
  Table samples(5);
  const auto verdicts = std::make_shared<Dictionary>();
  for (const std::string_view name : kVerdictNames) verdicts->add(name);
  const auto reviews = std::make_shared<Dictionary>();
  for (const char* name : {"unseen", "kept", "relabelled"}) reviews->add(name);
  samples.add(make_category_column("review", {0, 1, 2, 2, 0}, reviews));
  const float none = std::nanf("");
  samples.add(make_float_column("label_error", {0.9F, 0.9F, none, 0.1F, none}));
  samples.add(make_category_column("verdict", {0, 0, -1, -1, -1}, verdicts));
  // The last one's label was changed by an import.
  const Column made = make_category_column("verdict", {0, 0, 0, -1, 0}, verdicts);
  const auto answer = answer_labels(samples, &made);
  REQUIRE(answer);
  CHECK(answer->queues[0].found == 4);
  CHECK(answer->queues[0].decided == 3);
}

TEST_CASE("slices are outdated while labels are others or their run is gone") {
  AppState state;
  state.findings.slices = read_slices(R"({"run": "r", "label_revision": 7, "slices": []})");
  REQUIRE(state.findings.slices);
  CHECK(FindingsDesk::slices_outdated(state).find("no longer") != std::string::npos);
  state.snapshot.runs.emplace_back().name = "r";
  state.snapshot.label_revision = 8;  // to and fro
  CHECK(FindingsDesk::slices_outdated(state).empty());
  state.findings.slices_relabelled = 1;
  CHECK(FindingsDesk::slices_outdated(state).find("1 sample was relabelled") != std::string::npos);
  // From a store of before: it is not known.
  state.findings.slices = read_slices(R"({"run": "r", "slices": []})");
  CHECK(FindingsDesk::slices_outdated(state).empty());
}

TEST_CASE("the queue of label errors freezes the suspects, the worst first") {
  Opened opened;
  opened.show("labels");
  const LabelsAnswer& labels = *opened.state().findings.labels;
  CHECK(labels.combined);
  const size_t wrong =
      (kSamples + test::SyntheticBackend::kWrongEvery - 1) / test::SyntheticBackend::kWrongEvery;
  REQUIRE(labels.queues.size() == 5);
  CHECK(labels.queues[1].title == "label wrong");
  CHECK(labels.queues[1].found + labels.queues[3].found == wrong);
  // Doubted, but not told to be wrong: in a queue of their own.
  CHECK(labels.queues[3].title == "ambiguous");
  CHECK(labels.queues[3].found > 0);
  const size_t suspected = labels.queues[1].found + labels.queues[4].found;
  CHECK(labels.queues[0].found == suspected);
  REQUIRE(opened.commands.run("round.labels", opened.session));
  opened.settle();
  CHECK(opened.state().round.active());
  CHECK(opened.state().round.queue.size() == suspected);
  CHECK(opened.state().sort == SortChoice{"label_error", true});
  // Enter takes the suggestion and goes on.
  const RowIndex first = *opened.state().cursor_row();
  const std::string suggested(*suggested_label(opened.state().snapshot.samples, first));
  REQUIRE(opened.commands.run("review.accept", opened.session));
  opened.settle();
  CHECK(opened.backend->label_of(opened.state().snapshot.ids[first]) == suggested);
  CHECK(*opened.state().cursor_row() != first);
  CHECK(opened.state().findings.labels->queues[0].decided == 1);
  // The slices were measured with the label before, and are good again with it.
  CHECK_FALSE(FindingsDesk::slices_outdated(opened.state()).empty());
  REQUIRE(opened.commands.run("edit.undo", opened.session));
  opened.settle();
  CHECK(FindingsDesk::slices_outdated(opened.state()).empty());
}

TEST_CASE("without what find labels stores the run's own probabilities order the queue") {
  Opened opened(false);
  opened.show("labels");
  const LabelsAnswer& labels = *opened.state().findings.labels;
  CHECK_FALSE(labels.combined);
  REQUIRE(labels.queues.size() == 1);
  CHECK(labels.queues[0].filter == "label != prediction");
  CHECK(labels.sort == "self_confidence");
  opened.session.set_filter("label != prediction");
  opened.settle();
  CHECK(opened.state().view->order.size() == labels.queues[0].found);
}

TEST_CASE("evidence that was asked for before the quality was known is asked for again") {
  Opened opened;
  auto& findings = opened.session.state().findings;
  const auto quality = findings.quality;
  REQUIRE(quality);
  findings.quality = nullptr;
  opened.session.inspector().snapshot_taken();
  opened.settle();
  REQUIRE(InspectDesk::evidence(opened.state()));
  CHECK_FALSE(InspectDesk::evidence(opened.state())->quality_known);
  findings.quality = quality;
  opened.settle();
  REQUIRE(InspectDesk::evidence(opened.state()));
  CHECK(InspectDesk::evidence(opened.state())->quality_known);
}

TEST_CASE("evidence of the sample under the cursor is there once it rests, the next one's too") {
  Opened opened;
  opened.session.set_sort({"id", false});
  opened.settle();
  const SampleEvidence* evidence = InspectDesk::evidence(opened.state());
  REQUIRE(evidence);
  CHECK(evidence->sample == 1);
  CHECK(evidence->alike.size() > 10);
  CHECK(evidence->copies == std::vector<SampleId>{2});
  CHECK(evidence->quality_known);
  CHECK(evidence->quality == std::vector<std::string>{"dark"});
  opened.session.move_cursor(1);
  opened.session.tasks().finish_all();
  opened.session.frame(opened.now += 0.01);
  CHECK_FALSE(InspectDesk::evidence(opened.state()));  // not of a cursor that passes by
  opened.session.frame(opened.now += 0.05);            // without a lane: it was asked ahead
  CHECK(InspectDesk::evidence(opened.state())->sample == 2);
}

TEST_CASE("look-alikes with one label and one suggestion are decided by the next key") {
  Opened opened;
  opened.session.set_filter("label = 'cat' and outcome = 'right'");
  opened.settle();
  REQUIRE(opened.state().view->order.size() > 3);
  REQUIRE(opened.commands.run("round.start", opened.session));
  opened.settle();
  REQUIRE(opened.commands.run("edit.select_alike", opened.session));
  const std::vector<RowIndex> chosen = opened.state().selection.rows();
  REQUIRE(chosen.size() > 2);
  for (const RowIndex row : chosen) {
    CHECK(opened.state().snapshot.samples.find("label")->text(row) == "cat");
  }
  REQUIRE(opened.commands.run("review.keep", opened.session));
  opened.settle();
  for (const RowIndex row : chosen) {
    CHECK(opened.backend->review_of(opened.state().snapshot.ids[row]) == "kept");
  }
  CHECK(opened.state().selection.count() == 0);  // the round goes on one by one
  CHECK(opened.state().round.counts.kept == chosen.size());
  REQUIRE(opened.commands.run("edit.undo", opened.session));
  opened.settle();
  CHECK(opened.state().round.counts.kept == 0);
}

TEST_CASE("of a group one is kept with a key, the next group comes, and undo brings it back") {
  Opened opened;
  CHECK_FALSE(opened.commands.run("review.keep_one", opened.session));  // its panel is not open
  opened.show("duplicates");
  REQUIRE(opened.copies().groups.size() == 3);
  const CopyGroup group = *FindingsDesk::chosen_group(opened.state());
  CHECK(opened.state().findings.kept == std::vector<RowIndex>{group.members.front()});
  opened.session.findings().keep(group.members.back());
  const int64_t number = group.number;
  REQUIRE(opened.commands.run("review.keep_one", opened.session));
  opened.settle();
  const auto review = [&](RowIndex row) {
    return opened.backend->review_of(opened.state().snapshot.ids[row]);
  };
  CHECK(review(group.members.front()) == "excluded");
  CHECK(review(group.members.back()) == "unseen");
  CHECK(FindingsDesk::chosen_group(opened.state())->number != number);
  CHECK(opened.copies().groups.back().number == number);
  CHECK_FALSE(opened.copies().groups.back().open);
  REQUIRE(opened.commands.run("edit.undo", opened.session));
  opened.settle();
  CHECK(review(group.members.front()) == "unseen");
  CHECK(opened.copies().open == 3);
}

TEST_CASE("pairs between groups are stepped through, decided by the same keys, and undone") {
  Opened opened;
  CHECK(opened.copies().pairs.size() == test::SyntheticBackend::kPairs);
  const size_t open = opened.copies().open_pairs;
  REQUIRE(open >= 2);
  REQUIRE(opened.commands.run("duplicates.between", opened.session));
  opened.settle();
  CHECK(opened.state().layout.bottom_tab == "duplicates");
  REQUIRE(opened.state().findings.between);
  opened.session.findings().move_group(-1);
  CHECK(opened.state().findings.pair == 0);
  REQUIRE(opened.commands.run("duplicates.next", opened.session));
  CHECK(opened.state().findings.pair == 1);
  CHECK(opened.state().findings.keeps(*opened.state().cursor_row()));
  REQUIRE(opened.commands.run("duplicates.previous", opened.session));
  CHECK(opened.state().findings.pair == 0);
  const CopyPairView pair = *FindingsDesk::chosen_pair(opened.state());
  const size_t with_gone = static_cast<size_t>(
      std::count_if(opened.copies().pairs.begin(), opened.copies().pairs.end(),
                    [&](const CopyPairView& each) { return each.open && each.has(pair.a); }));
  opened.session.findings().keep(pair.b);
  opened.session.findings().keep(pair.b, true);  // one of a pair stays, also with Ctrl
  CHECK(opened.state().findings.kept == std::vector<RowIndex>{pair.b});
  const std::string& title = opened.commands.at("review.keep_one").title_now(opened.state());
  CHECK(title == "Exclude the other of the pair");
  REQUIRE(opened.commands.run("review.keep_one", opened.session));
  opened.settle();
  const auto review = [&](RowIndex row) {
    return opened.backend->review_of(opened.state().snapshot.ids[row]);
  };
  CHECK(review(pair.a) == "excluded");
  CHECK(review(pair.b) == "unseen");
  CHECK(opened.copies().open_pairs == open - with_gone);
  const CopyPairView* next = FindingsDesk::chosen_pair(opened.state());
  REQUIRE(next != nullptr);
  if (open > with_gone) CHECK(next->open);
  REQUIRE(opened.commands.run("edit.undo", opened.session));
  opened.settle();
  CHECK(review(pair.a) == "unseen");
  CHECK(opened.copies().open_pairs == open);
  REQUIRE(opened.commands.run("duplicates.between", opened.session));
  CHECK_FALSE(opened.state().findings.between);
  CHECK(opened.state().findings.kept ==
        std::vector<RowIndex>{FindingsDesk::chosen_group(opened.state())->members.front()});
}

TEST_CASE("the copies of a group or a pair get the label of the one that stays") {
  Opened opened;
  opened.show("duplicates");
  const CopyGroup group = *FindingsDesk::chosen_group(opened.state());
  REQUIRE(group.conflict);
  const auto label = [&](RowIndex row) {
    return opened.backend->label_of(opened.state().snapshot.ids[row]);
  };
  const std::string before = label(group.members[1]);
  REQUIRE(before != label(group.members[0]));
  CHECK(opened.commands.at("review.label_as_kept").title_now(opened.state()) ==
        "Label the copies " + label(group.members[0]));
  REQUIRE(opened.commands.run("review.label_as_kept", opened.session));
  opened.settle();
  CHECK(label(group.members[1]) == label(group.members[0]));
  CHECK(opened.copies().conflicts == 0);
  CHECK(FindingsDesk::chosen_group(opened.state())->number == group.number);
  CHECK_FALSE(opened.commands.run("review.label_as_kept", opened.session));
  REQUIRE(opened.commands.run("edit.undo", opened.session));
  opened.settle();
  CHECK(label(group.members[1]) == before);

  REQUIRE(opened.commands.run("duplicates.between", opened.session));
  opened.settle();
  const CopyPairView pair = *FindingsDesk::chosen_pair(opened.state());
  if (!pair.conflict) return;
  opened.session.findings().keep(pair.b);
  REQUIRE(opened.commands.run("review.label_as_kept", opened.session));
  opened.settle();
  CHECK(label(pair.a) == label(pair.b));
}

TEST_CASE("a chain, and a pair that the filter hides, are shown in the grid") {
  Opened opened;
  opened.show("duplicates");
  CHECK_FALSE(opened.commands.run("duplicates.chain", opened.session));  // the group is all of it
  CHECK_FALSE(FindingsDesk::chosen_group(opened.state())->in_larger_chain());
  opened.session.findings().move_group(1);
  CHECK(FindingsDesk::chosen_group(opened.state())->in_larger_chain());
  REQUIRE(opened.commands.run("duplicates.chain", opened.session));
  opened.settle();
  CHECK(opened.state().filter.applied == "duplicate_chain = 2");
  CHECK(opened.state().view->order.size() == 5);
  CHECK(FindingsDesk::chosen_chain(opened.state()) == CopyChain{2, 5});
  opened.session.findings().show_between(true);
  const CopyPairView pair = *FindingsDesk::chosen_pair(opened.state());
  opened.session.findings().go_to(pair.b);
  CHECK(*opened.state().cursor_row() == pair.b);
  CHECK(opened.state().filter.applied == "duplicate_chain = 2");
  opened.session.set_filter("id = 1");
  opened.settle();
  opened.session.findings().go_to(pair.b);
  opened.settle();
  CHECK(opened.state().view->order.size() == 2);
  CHECK(*opened.state().cursor_row() == pair.b);
}

TEST_CASE("a copy that was excluded is not the one that is kept") {
  Opened opened;
  opened.show("duplicates");
  const CopyGroup group = *FindingsDesk::chosen_group(opened.state());
  const RowIndex kept = opened.state().findings.kept.front();
  opened.session.set_filter("id = " + std::to_string(opened.state().snapshot.ids[kept]));
  opened.settle();
  REQUIRE(opened.commands.run("review.exclude", opened.session));
  opened.settle();
  opened.session.findings().exclude_others();
  opened.settle();
  size_t excluded = 0;
  for (const RowIndex row : group.members) {
    excluded += opened.backend->review_of(opened.state().snapshot.ids[row]) == "excluded" ? 1 : 0;
  }
  CHECK(excluded == group.members.size() - 1);
}

TEST_CASE("a chain of copies keeps every one that stands for others") {
  Table samples = with_groups({1, 1, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0});
  samples.add(make_float_column("duplicate_kept", {0, 1, 0, 0, 1, 0}));
  samples.add(make_bool_column("excluded", {0, 0, 0, 0, 0, 1}));
  const auto answer = answer_copies(samples);
  CHECK(answer->groups[0].kept == 2);
  CHECK(answer->groups[0].members[0] == 1);
  CHECK(answer->groups[0].members[1] == 4);
  CHECK(answer->copies == 3);
  samples.add(make_bool_column("excluded", {1, 0, 1, 1, 0, 1}));
  CHECK_FALSE(answer_copies(samples)->groups[0].open);
}

TEST_CASE("of a group one always stays, and what a person kept does whatever was suggested") {
  Table samples = with_groups({1, 1, 1, 1, 2, 2}, {0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0});
  const auto names = std::make_shared<Dictionary>();
  for (const char* name : {"unseen", "kept", "excluded"}) names->add(name);
  const auto going = [&](std::vector<int32_t> review, size_t group) {
    samples.add(make_category_column("review", std::move(review), names));
    const CopyChoice choice(samples);
    return choice.going(answer_copies(samples)->groups[group]);
  };
  using Rows = std::vector<RowIndex>;
  // The one with two labels is first; of the other row 1 is the largest.
  CHECK(going({0, 0, 0, 0, 0, 0}, 1) == Rows{0, 2, 3});
  CHECK(going({0, 2, 0, 0, 0, 0}, 1) == Rows{2, 3});
  CHECK(answer_copies(samples)->copies == 2);
  // Of the suggested one alone all others are known to be copies: it stays too.
  CHECK(going({0, 0, 1, 0, 0, 0}, 1) == Rows{0, 3});
  CHECK(going({1, 0, 1, 0, 0, 0}, 1) == Rows{3});
  CHECK(answer_copies(samples)->open == 2);
  CHECK(going({1, 2, 1, 1, 0, 0}, 1).empty());
  CHECK(answer_copies(samples)->open == 1);
  // Of different labels too, once a person kept both.
  CHECK(going({0, 0, 0, 0, 0, 1}, 0).empty());
  CHECK(answer_copies(samples)->conflicts == 1);
  CHECK(going({0, 0, 0, 0, 1, 1}, 0) == Rows{0, 2, 3});  // decided: behind the other
  CHECK(answer_copies(samples)->conflicts == 0);
}

TEST_CASE("both of a pair stay when both are marked, and are told of no more") {
  Opened opened;
  opened.show("duplicates");
  REQUIRE(opened.commands.run("duplicates.between", opened.session));
  opened.settle();
  const CopyPairView pair = *FindingsDesk::chosen_pair(opened.state());
  const size_t open = opened.copies().open_pairs;
  opened.session.findings().keep(pair.a);
  opened.session.findings().keep(pair.b, true);
  REQUIRE(opened.commands.run("review.keep_one", opened.session));
  opened.settle();
  for (const RowIndex row : {pair.a, pair.b}) {
    CHECK(opened.backend->review_of(opened.state().snapshot.ids[row]) == "kept");
  }
  CHECK(opened.copies().open_pairs == open - 1);
  CHECK(FindingsDesk::chosen_pair(opened.state())->open);
  REQUIRE(opened.commands.run("edit.undo", opened.session));
  opened.settle();
  CHECK(opened.copies().open_pairs == open);
}

TEST_CASE("the group that was chosen and what was marked in it outlast a reload") {
  Opened opened;
  opened.show("duplicates");
  opened.session.findings().move_group(1);
  const CopyGroup group = *FindingsDesk::chosen_group(opened.state());
  opened.session.findings().keep(group.members.back());
  opened.session.reload();
  opened.settle();
  CHECK(FindingsDesk::chosen_group(opened.state())->number == group.number);
  CHECK(opened.state().findings.kept == std::vector<RowIndex>{group.members.back()});
}

TEST_CASE("all copies of groups whose labels agree go in one batch") {
  Opened opened;
  opened.show("duplicates");
  const size_t copies = opened.copies().copies;
  const size_t conflicts = opened.copies().conflicts;
  REQUIRE(copies > 0);
  REQUIRE(opened.commands.run("review.exclude_copies", opened.session));
  opened.settle();
  CHECK(opened.copies().copies == 0);
  CHECK(opened.copies().conflicts == conflicts);
  CHECK_FALSE(opened.commands.run("review.exclude_copies", opened.session));
  REQUIRE(opened.commands.run("edit.undo", opened.session));
  opened.settle();
  CHECK(opened.copies().copies == copies);
}

TEST_CASE("a kind of bad picture, a slice and a group filter at a click") {
  Opened opened;
  opened.show("quality");
  const QualityKindView dark = opened.state().findings.quality->kinds[0];
  CHECK(dark.column == "dark");
  opened.session.findings().show_quality(dark, dark.worst[3]);
  opened.settle();
  CHECK(opened.state().view->order.size() == dark.found);
  CHECK(opened.state().view->order[0] == dark.worst[0]);
  CHECK(*opened.state().cursor_row() == dark.worst[3]);
  opened.show("slices");
  REQUIRE(opened.state().findings.slices);
  opened.session.findings().show_slice(opened.state().findings.slices->slices[0]);
  opened.settle();
  CHECK(opened.state().filter.applied == "label = 'cat' and dark < 0.5");
  opened.show("duplicates");
  opened.session.findings().show_group(0);
  opened.settle();
  CHECK(opened.state().view->order.size() == opened.copies().groups[0].members.size());
}

}  // namespace errata::viewer
