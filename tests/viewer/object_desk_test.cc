#include "viewer/state/object_desk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tests/viewer/opened_objects.h"
#include "viewer/state/object_measures.h"

namespace errata::viewer {

namespace {

struct Opened : test::OpenedObjects {
  using OpenedObjects::OpenedObjects;

  std::map<std::string, size_t> errors() const {
    std::map<std::string, size_t> counts;
    for (RowIndex row = 0; row < state().objects.table.rows(); ++row) {
      const auto error = columns().error_of(row);
      ++counts[error ? std::string(object_error_name(*error)) : "none"];
    }
    return counts;
  }
};

}  // namespace

TEST_CASE("every object has its error, for the thresholds that are set") {
  Opened opened;
  REQUIRE(opened.state().objects.ready());
  // 20 samples of 10 objects, each of ten fates once in ten.
  auto errors = opened.errors();
  CHECK(errors["missed"] == 20);
  CHECK(errors["background"] == 20);
  CHECK(errors["class"] == 40);         // the detection and its label
  CHECK(errors["localisation"] == 40);  // likewise
  CHECK(errors["duplicate"] == 20);
  CHECK(errors["none"] == 20);  // below the confidence
  opened.session.objects().set_match({0.25, 0.3});
  opened.settle();
  CHECK(opened.state().objects.matched.overlap == 0.3);
  // A box that is off by less than half is in place now.
  CHECK(opened.errors()["localisation"] == 0);
  opened.session.objects().set_match({0.05, 0.5});
  opened.settle();
  CHECK(opened.errors()["none"] == 0);
}

TEST_CASE("the filter, the order, the facets and the selection are about objects in their mode") {
  Opened opened;
  opened.session.set_filter("split = 'train'");
  opened.settle();
  const SortChoice sort = opened.state().sort;
  const size_t samples = opened.state().view->order.size();
  opened.show("error = 'background'");
  REQUIRE(opened.state().view);
  CHECK(opened.state().view->order.size() == 20);
  CHECK(opened.state().view->total == opened.state().objects.table.rows());
  CHECK(opened.state().view->facets[0].title == "Error kind");
  CHECK(opened.state().cursor_row().has_value());
  opened.session.toggle_facet("label", "airplane", false);
  opened.settle();
  CHECK(opened.state().filter.applied == "error = 'background' and label = 'airplane'");
  opened.session.select_all();
  CHECK(opened.state().target_objects().size() == opened.state().view->order.size());
  for (const RowIndex row : opened.state().targets().rows()) CHECK(row < 20);
  // Back, everything is as it was left; and again.
  opened.session.show_rows_of(CentreMode::kGrid);
  opened.settle();
  CHECK(opened.state().filter.applied == "split = 'train'");
  CHECK(opened.state().sort == sort);
  CHECK(opened.state().view->order.size() == samples);
  opened.run("view.objects");
  CHECK(opened.state().filter.applied == "error = 'background' and label = 'airplane'");
}

TEST_CASE("a view of objects is saved and comes back as one") {
  Opened opened;
  opened.show("error = 'missed'");
  opened.session.lists().save_view("missed");
  opened.settle();
  opened.session.show_rows_of(CentreMode::kGrid);
  opened.settle();
  REQUIRE(opened.state().lists.lists.saved_views.size() == 1);
  opened.session.lists().use_view(opened.state().lists.lists.saved_views[0]);
  opened.settle();
  CHECK(opened.state().objects_shown());
  CHECK(opened.state().view->order.size() == 20);
}

TEST_CASE("a detection on nothing becomes a label, the order stays, and undo takes it back") {
  Opened opened;
  opened.show("error = 'background'");
  const size_t labels = opened.backend->objects_count();
  const std::vector<RowIndex> order = opened.state().view->order;
  const int64_t second = opened.state().id_of(order[1]);
  REQUIRE(opened.run("review.accept"));
  CHECK(opened.backend->objects_count() == labels + 1);
  CHECK(opened.state().view->order.size() == order.size());
  CHECK(opened.state().cursor == 1);
  // Rows were numbered anew, the objects in the order are the same.
  CHECK(opened.state().id_of(opened.state().view->order[1]) == second);
  // It is found now.
  CHECK(opened.columns().error_of(opened.state().view->order[0]) == ObjectError::kTrue);
  CHECK(opened.errors()["background"] == 19);
  REQUIRE(opened.run("edit.undo"));
  CHECK(opened.backend->objects_count() == labels);
  CHECK(opened.errors()["background"] == 20);
  REQUIRE(opened.run("edit.redo"));
  CHECK(opened.backend->objects_count() == labels + 1);
}

TEST_CASE("accepting mends the class or the place where a label is there") {
  Opened opened;
  opened.show("error = 'class' and kind = 'predicted'");
  const RowIndex row = *opened.state().current_object();
  const ObjectId label = opened.columns().id->ints[*opened.columns().match_of(row)];
  const std::string wanted(opened.columns().label->text(row));
  CHECK(opened.backend->object_class(label) != wanted);
  REQUIRE(opened.run("review.accept"));
  CHECK(opened.backend->object_class(label) == wanted);

  opened.show("error = 'localisation' and kind = 'given'");
  const RowIndex given = *opened.state().current_object();
  const ObjectId moved = opened.columns().id->ints[given];
  const Box box = opened.columns().box(*opened.columns().match_of(given));
  REQUIRE(opened.run("review.accept"));
  CHECK((*opened.backend->object_box(moved))[0] == box.x);
}

TEST_CASE("all alike are accepted in one batch") {
  Opened opened;
  opened.show("error = 'background'");
  const size_t labels = opened.backend->objects_count();
  const size_t alike = opened.state().objects.alike;
  CHECK(alike > 1);
  CHECK(alike < 20);  // of the same class only
  REQUIRE(opened.run("object.accept_alike"));
  CHECK(opened.backend->objects_count() == labels + alike);
  REQUIRE(opened.run("edit.undo"));
  CHECK(opened.backend->objects_count() == labels);
  // The selection is accepted as one batch as well.
  opened.session.select_all();
  REQUIRE(opened.run("review.accept"));
  CHECK(opened.backend->objects_count() == labels + 20);
}

TEST_CASE("a box is drawn, nudged, made a crowd, given a class and deleted; each is undone") {
  Opened opened;
  opened.show("kind = 'given'");
  const size_t labels = opened.backend->objects_count();
  const RowIndex sample = *opened.state().cursor_row();
  opened.session.objects().add_box(sample, {5, 6, 20, 10});
  opened.settle();
  CHECK(opened.backend->objects_count() == labels + 1);
  REQUIRE(opened.state().objects.picked);
  const ObjectId added = opened.columns().id->ints[*opened.state().objects.picked];
  CHECK((*opened.backend->object_box(added))[2] == 20);
  // Keys pressed faster than the store answers add up.
  CHECK(opened.commands.run("object.nudge_right", opened.session));
  CHECK(opened.commands.run("object.nudge_right", opened.session));
  CHECK(opened.commands.run("object.size_down", opened.session));
  opened.settle();
  CHECK((*opened.backend->object_box(added))[0] == 7);
  CHECK((*opened.backend->object_box(added))[3] == 11);
  opened.session.objects().set_class("cat");
  opened.settle();
  CHECK(opened.backend->object_class(added) == "cat");
  REQUIRE(opened.run("object.crowd"));
  REQUIRE(opened.run("object.delete"));
  CHECK(opened.backend->objects_count() == labels);
  CHECK_FALSE(opened.state().objects.picked);
  for (int i = 0; i < 6; ++i) REQUIRE(opened.run("edit.undo"));
  CHECK((*opened.backend->object_box(added))[0] == 5);
  REQUIRE(opened.run("edit.undo"));
  CHECK(opened.backend->objects_count() == labels);
}

TEST_CASE("a decision about an object is one about its label, and what cannot be is refused") {
  Opened opened;
  opened.show("error = 'missed'");
  CHECK_FALSE(opened.commands.run("review.accept", opened.session));
  REQUIRE(opened.run("review.keep"));
  const RowIndex kept = opened.state().view->order[0];
  CHECK(opened.columns().review->text(kept) == "kept");
  opened.session.objects().set_class("frog");  // the second by now
  opened.settle();
  CHECK(opened.columns().label->text(opened.state().view->order[1]) == "frog");
  CHECK_THROWS_AS(opened.session.objects().set_class("unicorn"), Error);
  opened.backend->fail_edits_ = true;
  opened.run("object.delete");
  REQUIRE(opened.state().message);
  CHECK(opened.state().message->is_error);
}

TEST_CASE("a store without boxes has no object mode") {
  Opened opened(5, 0);
  CHECK_FALSE(opened.commands.run("view.objects", opened.session));
  CHECK_THROWS_AS(opened.session.objects().show({}), Error);
  CHECK_FALSE(opened.state().objects_shown());
}

TEST_CASE("the detector is measured once a panel of it is open") {
  Opened opened;
  opened.session.state().layout.show_bottom = true;
  opened.session.state().layout.bottom_tab = "budget";
  opened.settle();
  REQUIRE(opened.state().objects.measures);
  const ObjectMeasures& measures = *opened.state().objects.measures;
  CHECK(measures.objects == opened.backend->objects_count());
  CHECK(measures.gains[static_cast<size_t>(ObjectError::kMissed)] > 0);
  CHECK(measures.gains[static_cast<size_t>(ObjectError::kTrue)] == 0);
  CHECK(measures.ap.low <= measures.ap.value);
  CHECK(measures.ap.value <= measures.ap.high);
  // Each object is counted once: in its row.
  int64_t given = 0;
  const size_t side = measures.classes.size() + 1;
  for (size_t row = 0; row + 1 < side; ++row) {
    for (size_t column = 0; column < side; ++column)
      given += measures.confusion[row * side + column];
  }
  CHECK(given == static_cast<int64_t>(measures.objects));
}

TEST_CASE(
    "AP is told with the corrections and as imported, with how many were looked at and where") {
  Opened opened;
  opened.session.state().layout.show_bottom = true;
  opened.session.state().layout.bottom_tab = "detections";
  opened.settle();
  const auto measures = [&]() -> const ObjectMeasures& { return *opened.state().objects.measures; };
  REQUIRE(opened.state().objects.measures);
  CHECK_FALSE(measures().corrections);
  CHECK(corrections_text(measures()).empty());
  const double before = measures().ap.value;
  const size_t imported = measures().objects;
  // One that the model finds as it is labelled is kept: nothing is another.
  opened.show("error = 'true' and kind = 'given'");
  opened.run("review.keep");
  REQUIRE(measures().corrections);
  CHECK(measures().corrections->reviewed == 1);
  CHECK(measures().corrections->where_they_differ == 0);
  CHECK(measures().corrections->ap_before == before);
  CHECK(measures().ap.value == before);
  CHECK(corrections_text(measures()).find("the rest counts as imported") != std::string::npos);
  // Added where the model has it, deleted where it has none, another class where it says so.
  opened.show("error = 'background'");
  opened.session.select_all();
  opened.run("review.accept");
  opened.show("error = 'missed' and kind = 'given'");
  opened.run("object.delete");
  opened.show("error = 'class' and kind = 'given'");
  opened.run("review.accept");
  REQUIRE(measures().corrections);
  const LabelCorrections& made = *measures().corrections;
  CHECK(made.imported == imported);
  CHECK(made.added == 20);
  CHECK(made.deleted == 1);
  CHECK(made.changed == 1);
  CHECK(made.reviewed == 23);
  CHECK(made.where_they_differ == 22);
  CHECK(made.ap_before == before);
  CHECK(measures().ap.value > before);
  CHECK(corrections_text(measures()).find("23 reviewed, 22 where label and model differ") !=
        std::string::npos);
  // Images that are not measured over count in neither.
  opened.show("split = 'val'");
  CHECK(measures().corrections->added == 4);
  CHECK(measures().corrections->ap_before != before);
}

TEST_CASE("a random audit of images tells the detector's numbers with all labels corrected") {
  Opened opened;
  opened.session.state().layout.show_bottom = true;
  opened.session.state().layout.bottom_tab = "budget";
  opened.settle();
  const auto measures = [&]() -> const ObjectMeasures& { return *opened.state().objects.measures; };
  CHECK_FALSE(measures().audit);
  CHECK(audit_text(measures()).empty());
  // Drawn while objects are looked at: images are drawn all the same.
  opened.show("error = 'background'");
  opened.session.round().start_audit(8);
  opened.settle();
  const RoundState& round = opened.state().round;
  REQUIRE(round.active());
  CHECK(round.audit);
  CHECK_FALSE(round.objects);
  CHECK(round.queue.size() == 8);
  CHECK_FALSE(opened.state().objects_shown());
  REQUIRE(measures().audit);
  CHECK(measures().audit->drawn == 8);
  CHECK(measures().audit->reviewed == 0);
  // Of the images that were drawn, what the model misses is no object; then they are kept.
  const std::set<SampleId> drawn(round.queue.begin(), round.queue.end());
  const std::vector<SampleId> queue = round.queue.ids();
  size_t deleted = 0;
  for (const SampleId sample : queue) {
    const size_t row = opened.state().snapshot.row_of(sample);
    std::vector<ObjectEdit> edits;
    const ObjectTable& objects = opened.state().objects.table;
    for (uint64_t i = objects.offsets[row]; i < objects.given_end[row]; ++i) {
      const auto at = static_cast<RowIndex>(i);
      if (opened.columns().error_of(at) != ObjectError::kMissed) continue;
      edits.push_back({});
      edits.back().kind = ObjectEditKind::kDelete;
      edits.back().object = opened.columns().id->ints[at];
      edits.back().sample = sample;
    }
    deleted += edits.size();
    if (!edits.empty()) opened.session.apply(edits);
    opened.settle();
  }
  REQUIRE(deleted > 0);
  for (size_t i = 0; i < queue.size(); ++i) {
    CHECK_FALSE(measures().audit->estimate);
    CHECK(audit_text(measures()).find(std::to_string(i) + " of 8") == 0);
    opened.run("review.keep");
  }
  REQUIRE(measures().audit->estimate);
  const analysis::DetectionAudit& estimate = *measures().audit->estimate;
  CHECK(estimate.images == 20);
  CHECK(estimate.audited == 8);
  // No detection became right or wrong, and labels that are none are missed no longer: by those of
  // the audited images, for all.
  CHECK(estimate.precision.value == doctest::Approx(estimate.given.precision));
  CHECK(estimate.recall.value > estimate.given.recall);
  CHECK(estimate.wrong_labels.low < estimate.wrong_labels.value);
  CHECK(estimate.missing_labels.value == 0);
  CHECK(audit_text(measures()).find("Audit of 8 images at random") == 0);
  // It says nothing of others.
  opened.show("split = 'val'");
  CHECK(measures().audit->elsewhere);
  CHECK_FALSE(measures().audit->estimate);
}

TEST_CASE("the detector is measured over the images that the filter speaks of") {
  Opened opened;
  opened.session.state().layout.show_bottom = true;
  opened.session.state().layout.bottom_tab = "budget";
  opened.settle();
  const auto images = [&] { return opened.state().objects.measures->images; };
  REQUIRE(opened.state().objects.measures);
  CHECK(images() == 20);
  opened.session.set_filter("split = 'val' and label != prediction");
  opened.settle();
  CHECK(images() == 4);
  CHECK(opened.state().objects.measures->filter == "split = 'val'");
  // What is asked of objects does not change what is measured, but for their split.
  opened.session.set_filter("");
  opened.settle();
  CHECK(images() == 20);
  opened.show("error = 'missed'");
  CHECK(images() == 20);
  opened.show("error = 'missed' and split = 'test'");
  CHECK(images() == 2);
  CHECK(opened.state().view->order.size() == 2);
}

TEST_CASE("an answer about samples is not taken for one about objects that still load") {
  auto* backend = new test::SyntheticBackend(20);
  backend->objects_per_sample_ = 10;
  backend->hold_objects_ = true;
  Session session(std::unique_ptr<Backend>(backend), nullptr, 1);
  session.open();
  while (!session.state().loaded) session.tasks().drain(0);
  // The samples are asked for and not answered yet.
  session.show_rows_of(CentreMode::kObjects);
  while (session.tasks().pending(Lane::kQuery) > 0) session.tasks().drain();
  CHECK(session.state().view == nullptr);
  backend->hold_objects_ = false;
  session.tasks().finish_all();
  REQUIRE(session.state().view);
  CHECK(session.state().view->total == session.state().objects.table.rows());
}

TEST_CASE("a filter asked for before rows were numbered anew is answered by the new rows") {
  Opened opened;
  opened.show("");
  const ObjectId first = opened.columns().id->ints[0];
  opened.session.set_filter("kind = 'predicted'");
  ObjectEdit edit;
  edit.kind = ObjectEditKind::kDelete;
  edit.object = first;
  edit.sample = 1;
  opened.session.changes().follow(opened.backend->edit_objects(std::vector{edit}), false);
  REQUIRE(opened.state().view_pending);
  opened.settle();
  CHECK(opened.state().filter.applied == "kind = 'predicted'");
  CHECK(opened.state().view->total == opened.state().objects.table.rows());
  for (const RowIndex row : opened.state().view->order) CHECK(!opened.columns().is_given(row));
}

TEST_CASE("with the last object gone the samples are shown, and undo brings it back") {
  Opened opened(1, 1, false);
  opened.backend->reload_objects_ = true;
  opened.show("");
  REQUIRE(opened.state().objects_shown());
  REQUIRE(opened.state().view->order.size() == 1);
  REQUIRE(opened.run("object.delete"));
  CHECK(opened.backend->objects_count() == 0);
  CHECK_FALSE(opened.state().objects_shown());
  REQUIRE(opened.state().view);
  CHECK(opened.state().view->order.size() == 1);
  CHECK(opened.state().objects.phase == ObjectsPhase::kNone);
  REQUIRE(opened.run("edit.undo"));
  CHECK(opened.state().objects.ready());
  CHECK_FALSE(opened.state().message.has_value());
}

TEST_CASE("the box that was added is picked, whatever was changed before it") {
  for (const bool reloads : {false, true}) {
    Opened opened;
    opened.backend->reload_objects_ = reloads;
    opened.session.objects().pick(opened.columns().is_given(0) ? 0 : 1);
    opened.session.objects().decide(ObjectEditKind::kKeep);
    opened.session.objects().add_box(*opened.state().cursor_row(), {5, 6, 20, 10});
    opened.settle();
    REQUIRE(opened.state().objects.picked);
    CHECK(opened.columns().id->ints[*opened.state().objects.picked] >=
          test::SyntheticBackend::kFirstAdded);
  }
}

TEST_CASE("a box that cannot be saved stands where it was") {
  Opened opened;
  opened.show("kind = 'given'");
  const RowIndex row = opened.state().view->order[0];
  opened.backend->fail_edits_ = true;
  opened.session.objects().set_box(row, {1, 2, 30, 40});
  REQUIRE(opened.state().objects.draft);
  opened.settle();
  CHECK_FALSE(opened.state().objects.draft);
  REQUIRE(opened.state().message);
}

}  // namespace errata::viewer
