#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/commands.h"
#include "viewer/state/map_picture.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using test::SyntheticBackend;

constexpr size_t kSamples = 500;  // ten columns of fifty, the last without a place
constexpr Rgb kBackground{10, 10, 10};
constexpr Rgb kFaint{90, 90, 90};

struct Opened {
  explicit Opened(bool with_map = true)
      : backend(new SyntheticBackend(kSamples)),
        session(std::unique_ptr<Backend>(backend), nullptr, 2) {
    backend->with_map_ = with_map;
    session.open();
    session.state().layout.bottom_tab = "map";
    session.map().set_canvas({220, 320, 1, kBackground, kFaint, true});
    settle();
  }
  void settle() {
    for (int i = 0; i < 4; ++i) {
      session.frame(now += 1);
      session.tasks().finish_all();
    }
  }
  const MapState& map() const { return session.state().map; }
  // Where a sample stands on the canvas.
  MapPixel pixel(double x, double y) const { return map().view.pixel_of({x, y}, 220, 320); }

  SyntheticBackend* backend;  // the session's
  Session session;
  double now = 0;
};

}  // namespace

TEST_CASE("the map shows all samples that have a place, each where it is") {
  Opened opened;
  REQUIRE(opened.map().exists);
  REQUIRE(opened.map().picture);
  const MapPicture& picture = *opened.map().picture;
  CHECK(picture.placed == kSamples - 1);
  CHECK(picture.shown == kSamples - 1);
  for (const RowIndex row : {0u, 9u, 255u, 490u}) {
    CHECK(opened.session.map().row_near(opened.pixel(row % 10, row / 10)) == row);
  }
  CHECK_FALSE(opened.session.map().row_near({2, 2}));
  REQUIRE(picture.legend.size() == SyntheticBackend::kClasses);
  size_t counted = 0;
  for (const MapLegend& each : picture.legend) counted += each.count;
  CHECK(counted == kSamples - 1);
  // y points up: the last rows of samples are at the top.
  CHECK(opened.pixel(0, 49).y < opened.pixel(0, 0).y);
}

TEST_CASE("a class keeps its colour when an edit makes another one more frequent") {
  Opened opened;
  const auto colours = [&] {
    std::map<std::string, Rgb> of;
    for (const MapLegend& each : opened.map().picture->legend) of[each.name] = each.color;
    return of;
  };
  const std::string most = opened.map().picture->legend.front().name;
  const std::string least = opened.map().picture->legend.back().name;
  const auto before = colours();
  REQUIRE(before.size() == SyntheticBackend::kClasses);
  REQUIRE(before.at(most) != before.at(least));
  opened.session.set_filter("label = '" + most + "'");
  opened.settle();
  opened.session.select_all();
  opened.session.set_cursor(0, SelectMode::kToggle);  // but one
  opened.session.relabel(least);
  opened.settle();
  opened.session.set_filter("");
  opened.settle();
  CHECK(opened.map().picture->legend.front().name == least);
  CHECK(colours() == before);
}

TEST_CASE("without a map it says so and draws nothing") {
  const Opened opened(false);
  CHECK_FALSE(opened.map().exists);
  CHECK_FALSE(opened.map().picture);
  CHECK_FALSE(opened.map().pending);
}

TEST_CASE("zooming keeps the place under the mouse, dragging moves it along") {
  Opened opened;
  const MapPlace before = opened.map().view.place_at({60, 200}, 220, 320);
  opened.session.map().zoom(0.25, {60, 200});
  MapPlace after = opened.map().view.place_at({60, 200}, 220, 320);
  CHECK(after.x == doctest::Approx(before.x));
  CHECK(after.y == doctest::Approx(before.y));
  opened.session.map().pan(10, -5);
  after = opened.map().view.place_at({70, 195}, 220, 320);
  CHECK(after.x == doctest::Approx(before.x));
  CHECK(after.y == doctest::Approx(before.y));
  const uint64_t old = opened.map().picture->number;
  CHECK_FALSE(opened.session.map().row_near({60, 200}));  // the picture is of another view
  opened.settle();
  CHECK(opened.map().picture->number > old);
  CHECK(opened.map().picture->view == opened.map().view);
  opened.session.map().show_all();
  opened.settle();
  CHECK(opened.map().picture->view.middle.x == doctest::Approx(4.5));
}

TEST_CASE("a lasso filters on its box and selects what is inside") {
  Opened opened;
  // A triangle over columns 2 to 6 at heights 10 to 14; its box has 25 samples.
  opened.session.map().lasso({{1.9, 9.9}, {6.2, 9.9}, {1.9, 14.2}});
  opened.settle();
  const AppState& state = opened.session.state();
  CHECK(state.view->order.size() == 25);
  CHECK(state.selection.count() == 15);
  CHECK(state.selection.has(102));
  CHECK_FALSE(state.selection.has(146));
  CHECK(opened.map().picture->shown == 25);
  CHECK(opened.map().picture->placed == kSamples - 1);
  opened.session.map().go_to(123);
  CHECK(*state.cursor_row() == 123);
  opened.session.map().go_to(0);  // not shown: the cursor stays
  CHECK(*state.cursor_row() == 123);
  opened.session.set_filter("");
  opened.settle();
  CHECK(opened.map().picture->shown == kSamples - 1);
}

TEST_CASE("what is looked at and encircled outlasts a reload of the same map") {
  Opened opened;
  opened.session.map().lasso({{1.9, 9.9}, {6.2, 9.9}, {1.9, 14.2}});
  opened.settle();
  opened.session.map().zoom(0.5, {50, 50});
  opened.settle();
  const MapView view = opened.map().view;
  opened.session.reload();
  opened.settle();
  CHECK(opened.map().view == view);
  CHECK(opened.map().lasso.size() == 3);
}

TEST_CASE("colours: a category has its own, a number a scale, nothing known is one") {
  Opened opened;
  const std::vector<std::string> colors = map_colors(opened.session.state().snapshot.samples);
  CHECK(std::find(colors.begin(), colors.end(), "outcome") != colors.end());
  CHECK(std::find(colors.begin(), colors.end(), "confidence") != colors.end());
  CHECK(std::find(colors.begin(), colors.end(), "map_x") == colors.end());
  opened.session.map().set_color("outcome");
  opened.settle();
  REQUIRE(opened.map().picture->legend.size() == 2);
  CHECK(opened.map().picture->legend[0].name == "right");
  // Blue and orange, which the colour-blind tell apart.
  CHECK(opened.map().picture->legend[0].color[2] > opened.map().picture->legend[0].color[0]);
  CHECK(opened.map().picture->legend[1].color[0] > opened.map().picture->legend[1].color[2]);
  opened.session.map().set_color("confidence");
  opened.settle();
  CHECK(opened.map().picture->legend.empty());
  REQUIRE(opened.map().picture->scale);
  CHECK(opened.map().picture->scale->worst > opened.map().picture->scale->best);
  opened.session.map().set_color("self_confidence");
  opened.settle();
  REQUIRE(opened.map().picture->scale);
  CHECK(opened.map().picture->scale->worst < opened.map().picture->scale->best);  // low is bad
  opened.session.map().set_color("no such column");
  opened.settle();
  CHECK(opened.map().picture->legend.empty());
  CHECK_FALSE(opened.map().picture->scale);
}

TEST_CASE("what is rare and bad lies over what is common, whatever the order of the rows") {
  MapQuestion question;
  constexpr size_t kRows = 400;
  question.samples = Table(kRows);
  // All in one place; the wrong one is the first row.
  question.samples.add(make_float_column("map_x", std::vector<float>(kRows, 1)));
  question.samples.add(make_float_column("map_y", std::vector<float>(kRows, 1)));
  const auto outcomes = std::make_shared<Dictionary>();
  outcomes->add("wrong");
  outcomes->add("right");
  std::vector<int32_t> codes(kRows, 1);
  codes[0] = 0;
  question.samples.add(make_category_column("outcome", std::move(codes), outcomes));
  question.color = "outcome";
  question.width_px = question.height_px = 40;
  const auto picture = draw_map(question);
  REQUIRE(picture);
  const size_t middle =
      static_cast<size_t>(picture->height_px / 2 * picture->width_px + picture->width_px / 2);
  CHECK(picture->row_at[middle] == 0);
  CHECK(picture->rgb[middle * 3] > picture->rgb[middle * 3 + 2]);
}

TEST_CASE("a selection stands out from the rest of what is shown") {
  Opened opened;
  opened.session.state().selection.set(123, true);
  opened.settle();
  const MapPicture& picture = *opened.map().picture;
  const auto brightness = [&](RowIndex row) {
    const MapPixel at =
        picture.view.pixel_of({static_cast<double>(row % 10), static_cast<double>(row / 10)},
                              picture.width_px, picture.height_px);
    const size_t pixel = static_cast<size_t>(at.y) * static_cast<size_t>(picture.width_px) +
                         static_cast<size_t>(at.x);
    return int{picture.rgb[pixel * 3]} + picture.rgb[pixel * 3 + 1] + picture.rgb[pixel * 3 + 2];
  };
  CHECK(brightness(123) > brightness(133));  // of the same class
}

TEST_CASE("a place is inside a polygon by the even-odd rule") {
  const std::vector<MapPlace> square{{0, 0}, {4, 0}, {4, 4}, {0, 4}};
  CHECK(is_inside(square, {1, 1}));
  CHECK_FALSE(is_inside(square, {5, 1}));
  const std::vector<MapPlace> notch{{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}};
  CHECK_FALSE(is_inside(notch, {2, 3}));
  CHECK(is_inside(notch, {0.5, 2}));
  CHECK_FALSE(is_inside({}, {0, 0}));
}

TEST_CASE("while objects are shown the map shows all samples, and a lasso goes back to them") {
  Opened opened;
  opened.session.show_rows_of(CentreMode::kObjects);
  opened.settle();
  CHECK(opened.map().picture->shown == kSamples - 1);
  opened.session.map().lasso({{1.9, 9.9}, {6.2, 9.9}, {1.9, 14.2}});
  opened.settle();
  CHECK_FALSE(opened.session.state().objects_shown());
  CHECK(opened.session.state().selection.count() == 15);
}

TEST_CASE("dropping the lasso shows all again") {
  Opened opened;
  opened.session.map().lasso({{1.9, 9.9}, {6.2, 9.9}, {1.9, 14.2}});
  opened.settle();
  CHECK(opened.map().lasso.size() == 3);
  opened.session.map().drop_lasso();
  opened.settle();
  CHECK(opened.map().lasso.empty());
  CHECK(opened.session.state().view->order.size() == kSamples);
}

TEST_CASE("samples like the one under the cursor come first, at a command") {
  auto made = std::make_unique<SyntheticBackend>(kSamples);
  made->with_embeddings_ = true;
  Session session(std::move(made), nullptr, 2);
  session.open();
  session.tasks().finish_all();
  const CommandRegistry commands;
  session.round().start();
  session.tasks().finish_all();
  REQUIRE(session.state().round.active());
  session.set_cursor(5);
  const RowIndex asked = *session.state().cursor_row();
  REQUIRE(commands.run("view.similar", session));
  session.tasks().finish_all();
  const AppState& state = session.state();
  CHECK(state.view->order.size() > 40);  // a tenth: one class
  CHECK(state.view->order.size() < 60);
  CHECK(*state.cursor_row() == asked);
  CHECK(state.round.phase == RoundPhase::kPaused);
  CHECK(state.by_likeness);
  REQUIRE(commands.run("round.resume", session));
  session.tasks().finish_all();
  CHECK(state.view->order.size() == state.round.queue.size());
  CHECK_FALSE(state.by_likeness);
}

TEST_CASE("what is alike is not shown over what was asked for meanwhile") {
  auto made = std::make_unique<SyntheticBackend>(kSamples);
  made->with_embeddings_ = true;
  Session session(std::move(made), nullptr, 2);
  session.open();
  session.tasks().finish_all();
  const CommandRegistry commands;
  session.set_cursor(5);
  REQUIRE(commands.run("view.similar", session));
  session.set_filter("id = 1");
  session.tasks().finish_all();
  CHECK(session.state().view->order.size() == 1);
}

TEST_CASE("without embeddings there is nothing alike to show, and the form of a map says so") {
  Opened opened;
  const CommandRegistry commands;
  CHECK_FALSE(commands.run("view.similar", opened.session));
  REQUIRE(commands.run("find.map", opened.session));
  CHECK(opened.session.state().overlay == Overlay::kMap);
  Form& form = opened.session.jobs().form(Overlay::kMap);
  CHECK_FALSE(form.ready());
  CHECK(form.problem().find("embeddings") != std::string::npos);
}

TEST_CASE("one column, one place and no room are drawn without harm") {
  MapQuestion question;
  question.samples = Table(2);
  CHECK(draw_map(question) == nullptr);
  question.samples.add(make_float_column("map_x", {3, 3}));
  question.samples.add(make_float_column("map_y", {1, 1}));
  CHECK(draw_map(question) == nullptr);
  question.width_px = question.height_px = 9;
  const auto picture = draw_map(question);
  REQUIRE(picture);
  const size_t middle =
      static_cast<size_t>(picture->height_px / 2 * picture->width_px + picture->width_px / 2);
  CHECK(picture->row_at[middle] != MapPicture::kNoRow);
}

}  // namespace errata::viewer
