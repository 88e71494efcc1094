// A session over made samples with ten objects each, in the mode of objects, without a window.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/commands.h"
#include "viewer/state/object_match.h"
#include "viewer/state/session.h"

namespace errata::test {

struct OpenedObjects {
  explicit OpenedObjects(size_t samples = 20, size_t objects = 10, bool detections = true)
      : backend(new SyntheticBackend(samples)),
        session(std::unique_ptr<viewer::Backend>(backend), nullptr, 1) {
    backend->objects_per_sample_ = objects;
    backend->no_detections_ = !detections;
    session.open();
    settle();
  }

  void settle() {
    for (int i = 0; i < 50; ++i) {
      session.tasks().finish_all();
      session.frame(i);
      session.tasks().finish_all();
      if (i > 2 && session.objects().complete()) return;
    }
  }
  void show(const std::string& filter) {
    session.objects().show(filter);
    settle();
  }
  bool run(std::string_view command) {
    const bool ran = commands.run(command, session);
    settle();
    return ran;
  }
  const viewer::AppState& state() const { return session.state(); }
  viewer::ObjectColumns columns() const {
    return viewer::ObjectColumns(state().objects.table.table);
  }

  SyntheticBackend* backend;  // the session's
  viewer::Session session;
  viewer::CommandRegistry commands;
};

}  // namespace errata::test
