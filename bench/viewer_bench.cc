// What the windows cost on a large store: the program's own App over a StoreBackend, drawn under
// its own Xvfb with software OpenGL at 1280x720, driven by the keys and calls that a person's hands
// end in.
//
//   bench_viewer make FILE IMAGES SAMPLES   the store: see viewer_bench_store.h
//   bench_viewer warm FILE                  reads it once, so that the disk is warm
//   bench_viewer run FILE                   measures
//   bench_viewer boxes FILE                 measures a store of boxes: see bench/viewer_boxes.sh
//   bench/viewer.sh                         all of it, in a memory cgroup where it may make one
#include <fmt/format.h>
#include <imgui.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "bench/viewer_bench_store.h"
#include "viewer/app/app.h"
#include "viewer/app/store_backend.h"
#include "viewer/platform/virtual_display.h"
#include "viewer/views/panel.h"

using namespace errata;
using namespace errata::viewer;

namespace {

constexpr int kWidthPx = 1280;
constexpr int kHeightPx = 720;
constexpr double kSettleLimitSecs = 120;

double now_ms(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

// Of one frame, in milliseconds. Own: from begin_frame to where OpenGL takes over.
struct FrameCost {
  double own_wall = 0;
  double own_cpu = 0;  // of the window's thread: what a loaded machine does not add to
  double whole = 0;    // with the software renderer and the swap
};

struct Phase {
  std::string name;
  std::vector<FrameCost> frames;
  double settled_ms = 0;  // until all that it asked for was shown
};

double rank_of(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() +
                  static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::string three(const std::vector<FrameCost>& frames, double FrameCost::*part) {
  std::vector<double> values;
  for (const FrameCost& frame : frames) values.push_back(frame.*part);
  return fmt::format("{:6.2f} {:6.2f} {:6.2f}", rank_of(values, 0.5), rank_of(values, 0.99),
                     rank_of(values, 1));
}

class Driver {
 public:
  explicit Driver(const std::string& store)
      : display_(kWidthPx, kHeightPx), started_ms_(now_ms(CLOCK_MONOTONIC)) {
    // As the program does it: the store loads while the window opens.
    std::unique_ptr<Session> session =
        make_session(std::make_unique<StoreBackend>(store, "bench"), ThemeName::kDark);
    session->state().layout.show_bottom = false;
    session->state().layout.tile_width = 96;
    session->state().sort = {"confident_mistake", true};
    session->open();
    WindowOptions options;
    options.width_px = kWidthPx;
    options.height_px = kHeightPx;
    options.scale = 1;
    window_ = std::make_unique<Window>(options);
    window_ms_ = since_start_ms();
    app_ = std::make_unique<App>(*window_, std::move(session));
    app_ms_ = since_start_ms();
    ImGui::GetIO().ConfigInputTrickleEventQueue = false;
    ImGui::GetIO().AddFocusEvent(true);
  }

  Session& session() { return app_->session(); }
  AppState& state() { return app_->session().state(); }
  double since_start_ms() const { return now_ms(CLOCK_MONOTONIC) - started_ms_; }
  double window_ms() const { return window_ms_; }
  double app_ms() const { return app_ms_; }
  const std::vector<Phase>& phases() const { return phases_; }

  FrameCost frame(double patience_secs = 0) {
    FrameCost cost;
    const double began = now_ms(CLOCK_MONOTONIC);
    window_->wait_events(patience_secs);
    const double own_began = now_ms(CLOCK_MONOTONIC);
    const double cpu_began = now_ms(CLOCK_THREAD_CPUTIME_ID);
    window_->begin_frame();
    app_->draw_frame();
    cost.own_cpu = now_ms(CLOCK_THREAD_CPUTIME_ID) - cpu_began;
    cost.own_wall = now_ms(CLOCK_MONOTONIC) - own_began;
    window_->end_frame();
    cost.whole = now_ms(CLOCK_MONOTONIC) - began;
    if (!phases_.empty()) phases_.back().frames.push_back(cost);
    return cost;
  }

  // `act(i)` before each of `frames` frames, then on until nothing is under way.
  void phase(const std::string& name, int frames, const std::function<void(int)>& act) {
    phases_.push_back({name, {}, 0});
    const double began = now_ms(CLOCK_MONOTONIC);
    for (int i = 0; i < frames; ++i) {
      act(i);
      frame();
    }
    settle();
    phases_.back().settled_ms = now_ms(CLOCK_MONOTONIC) - began;
    if (state().message && state().message->is_error) {
      throw Error(state().message->category, name + ": " + state().message->text);
    }
  }

  void settle() {
    const double began = now_ms(CLOCK_MONOTONIC);
    while (!app_->settled() || state().saves_pending > 0) {
      frame();
      if (now_ms(CLOCK_MONOTONIC) - began > kSettleLimitSecs * 1e3) {
        throw Error(ErrorCategory::kInternal, "the windows did not settle");
      }
    }
  }

  // As the program's loop does it: no frame is drawn while nothing new came.
  void patient_frame() { frame(app_->patience_secs()); }
  bool shows_pictures() const { return app_->shows_all_pictures(); }

  // Down before this frame, up after it.
  void key(ImGuiKey key, ImGuiKey modifier = ImGuiKey_None) {
    ImGuiIO& io = ImGui::GetIO();
    if (modifier != ImGuiKey_None) io.AddKeyEvent(modifier, true);
    io.AddKeyEvent(key, true);
    frame();
    io.AddKeyEvent(key, false);
    if (modifier != ImGuiKey_None) io.AddKeyEvent(modifier, false);
  }

 private:
  VirtualDisplay display_;
  double started_ms_;
  double window_ms_ = 0;  // since the start: the window is there
  double app_ms_ = 0;     // and its fonts are loaded
  std::unique_ptr<Window> window_;
  std::unique_ptr<App> app_;
  std::vector<Phase> phases_;
};

void open_store(Driver& driver) {
  AppState& state = driver.state();
  double loaded_ms = 0;
  double counted_ms = 0;
  while (!state.view || !driver.shows_pictures()) {
    driver.patient_frame();
    if (state.loaded && loaded_ms == 0) loaded_ms = driver.since_start_ms();
    if (state.view && counted_ms == 0) counted_ms = driver.since_start_ms();
    if (state.message && state.message->is_error) {
      throw Error(state.message->category, state.message->text);
    }
  }
  driver.frame();
  fmt::print("{} samples, {} classes, {} runs, {} columns\n", with_thousands(state.view->total),
             state.snapshot.classes.size(), state.snapshot.runs.size(),
             state.snapshot.samples.columns().size());
  fmt::print(
      "first frame with counts, order and {} thumbnails: {:.0f} ms after the window began "
      "({:.0f} ms of CPU in all threads)\n",
      state.grid_columns * state.grid_page_rows, driver.since_start_ms(),
      now_ms(CLOCK_PROCESS_CPUTIME_ID));
  fmt::print(
      "  window {:.0f} ms, fonts {:.0f}, samples loaded {:.0f}, ordered and counted {:.0f}\n",
      driver.window_ms(), driver.app_ms(), loaded_ms, counted_ms);
  driver.settle();
  fmt::print("everything else settled: {:.0f} ms\n\n", driver.since_start_ms());
}

void look_around(Driver& driver) {
  AppState& state = driver.state();
  Session& session = driver.session();
  ImGuiIO& io = ImGui::GetIO();
  driver.phase("stand still", 120, [](int) {});
  driver.phase("scroll steadily", 400, [&](int) {
    io.AddMousePosEvent(560, 300);
    io.AddMouseWheelEvent(0, -0.5F);
  });
  driver.phase("to the end and back by key", 20,
               [&](int i) { driver.key(i % 2 == 0 ? ImGuiKey_End : ImGuiKey_Home); });
  driver.phase("hold the Down key", 200, [&](int) { driver.key(ImGuiKey_DownArrow); });
  driver.phase("drag a range of confidence", 200, [&](int i) {
    session.set_range("confidence", {0.2 + 0.002 * i, 0.9});
  });
  session.set_filter("");
  driver.settle();
  driver.phase("type a filter", 40, [&](int i) {
    const std::string text = "label != prediction and confidence >0.9";
    if (i == 0) io.AddInputCharacter('/');
    if (i == 0) driver.frame();
    if (i > 0) io.AddInputCharacter(static_cast<unsigned>(text[static_cast<size_t>(i) - 1]));
    if (i == 39) driver.key(ImGuiKey_Enter);
  });
  if (state.filter.applied.empty()) throw Error(ErrorCategory::kInternal, "no filter was typed");
  session.set_filter("");
  driver.settle();
}

void decide(Driver& driver) {
  AppState& state = driver.state();
  Session& session = driver.session();
  session.set_cursor(0);
  driver.phase("keep 100 by key", 200, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_K);
  });
  session.set_cursor(0);
  driver.phase("accept 50 by key", 100, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_Enter);
  });
  driver.phase("undo 50 by key", 100, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_U);
  });
  session.set_cursor(2000);
  driver.phase("relabel 1,000 in bulk", 30, [&](int i) {
    if (i == 1) session.set_cursor(2999, SelectMode::kRange);
    if (i == 5) session.relabel(state.snapshot.classes[7].name);
  });
  driver.phase("undo that", 30, [&](int i) {
    if (i == 0) driver.key(ImGuiKey_U);
  });
  driver.phase("select all, and none", 60, [&](int i) {
    if (i == 0) driver.key(ImGuiKey_A, ImGuiMod_Ctrl);
    if (i == 50) session.clear_selection();
  });
}

void open_windows(Driver& driver) {
  AppState& state = driver.state();
  driver.phase("switch runs, three times", 3, [&](int) {
    driver.key(ImGuiKey_R);
    driver.settle();
  });
  state.layout.show_bottom = true;
  for (const std::unique_ptr<Panel>& panel : all_panels()) {
    const std::string id(panel->id());
    driver.phase("panel " + id, 60, [&](int) { state.layout.bottom_tab = id; });
  }
  state.layout.bottom_tab = "map";
  state.layout.tall_bottom = true;
  driver.settle();
  driver.phase("drag the map", 200,
               [&](int i) { driver.session().map().pan(7, i % 40 < 20 ? 4 : -4); });
  driver.phase("zoom the map", 200, [&](int i) {
    driver.session().map().zoom(i % 60 < 30 ? 0.9 : 1 / 0.9, {300, 200});
  });
  fmt::print("the map was drawn in {:.1f} ms, beside the window's thread\n",
             state.map.picture ? state.map.picture->elapsed_ms : 0.0);
  state.layout.tall_bottom = false;
  driver.session().set_cursor(0);
  driver.phase("keep 50 with the panels open", 100, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_K);
  });
  driver.phase("undo them", 100, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_U);
  });
  state.layout.centre = CentreMode::kTable;
  driver.phase("scroll the table", 200, [&](int) {
    ImGui::GetIO().AddMousePosEvent(560, 250);
    ImGui::GetIO().AddMouseWheelEvent(0, -0.5F);
  });
}

void print_phases(const Driver& driver) {
  fmt::print("{:<30} {:>6}  {:^20}  {:^20}  {:^20}  {:>8}\n", "ms; median p99 max", "frames",
             "own, wall", "own, CPU of thread", "whole frame", "all done");
  std::vector<FrameCost> all;
  for (const Phase& phase : driver.phases()) {
    fmt::print("{:<30} {:>6}  {}  {}  {}  {:8.0f}\n", phase.name, phase.frames.size(),
               three(phase.frames, &FrameCost::own_wall), three(phase.frames, &FrameCost::own_cpu),
               three(phase.frames, &FrameCost::whole), phase.settled_ms);
    all.insert(all.end(), phase.frames.begin(), phase.frames.end());
  }
  fmt::print("{:<30} {:>6}  {}  {}  {}\n", "all frames", all.size(),
             three(all, &FrameCost::own_wall), three(all, &FrameCost::own_cpu),
             three(all, &FrameCost::whole));
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("\npeak resident memory of the program: {:.0f} MiB\n",
             static_cast<double>(usage.ru_maxrss) / 1024);
}

void measure(const std::string& store) {
  Driver driver(store);
  open_store(driver);
  look_around(driver);
  decide(driver);
  open_windows(driver);
  print_phases(driver);
}

// The first image, which holds them all, and the crops of its objects.
void measure_boxes(const std::string& store) {
  Driver driver(store);
  AppState& state = driver.state();
  ImGuiIO& io = ImGui::GetIO();
  open_store(driver);
  if (!state.objects.ready()) throw Error(ErrorCategory::kNotFound, "the store has no objects");
  fmt::print("{} objects in the first image\n\n", with_thousands(state.objects.table.offsets[1]));
  driver.key(ImGuiKey_Space);
  driver.settle();
  io.AddMousePosEvent(500, 380);
  driver.phase("the image, stand still", 60, [](int) {});
  driver.phase("zoom in and out", 80,
               [&](int i) { io.AddMouseWheelEvent(0, i < 40 ? 0.5F : -0.5F); });
  driver.phase("drag the zoomed image", 80, [&](int i) {
    if (i < 10) return io.AddMouseWheelEvent(0, 0.5F);
    if (i == 10) io.AddMouseButtonEvent(0, true);
    io.AddMousePosEvent(500 + static_cast<float>(i % 40) * 4, 380);
    if (i == 79) io.AddMouseButtonEvent(0, false);
  });
  driver.phase("drag the confidence", 60, [&](int i) {
    driver.session().objects().set_match({0.2 + 0.01 * i, 0.5});
  });
  driver.phase("next object 60 times", 120, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_Tab);
  });
  driver.key(ImGuiKey_Space);
  driver.key(ImGuiKey_J);
  driver.settle();
  driver.phase("scroll the crops", 200, [&](int) {
    io.AddMousePosEvent(560, 300);
    io.AddMouseWheelEvent(0, -0.5F);
  });
  driver.phase("keep 30 objects by key", 60, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_K);
  });
  driver.phase("undo them", 60, [&](int i) {
    if (i % 2 == 0) driver.key(ImGuiKey_U);
  });
  print_phases(driver);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  try {
    if (what == "make" && argc == 5) {
      bench::make_viewer_store(argv[2], argv[3], std::stoll(argv[4]));
    } else if (what == "warm" && argc == 3) {
      bench::add_map(argv[2]);
      StoreBackend(argv[2], "bench").load({});
    } else if (what == "run" && argc == 3) {
      measure(argv[2]);
    } else if (what == "boxes" && argc == 3) {
      measure_boxes(argv[2]);
    } else {
      fmt::print(stderr,
                 "bench_viewer make FILE IMAGES SAMPLES | warm FILE | run FILE | boxes FILE\n");
      return 2;
    }
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.to_text());
    return error.exit_code();
  }
}
