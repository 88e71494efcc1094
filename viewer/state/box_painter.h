// Has the scene of one view drawn on Lane::kImages, again whenever it or its place changes. Until
// the new picture is there the one before stands where its boxes belong.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "viewer/state/box_picture.h"
#include "viewer/state/object_state.h"
#include "viewer/state/tasks.h"

namespace errata::viewer {

// Equal keys mean equal scenes.
struct BoxSceneKey {
  RowIndex sample = 0;
  uint64_t objects = 0;     // ObjectsState::revision
  ObjectOutlines outlines;  // null: not there yet, or of another sample
  ObjectFilter shown;
  double confidence = 0;
  ObjectId draft = 0;
  uint32_t theme = 0;  // one of its colours

  bool operator==(const BoxSceneKey&) const = default;
};

class BoxPainter {
 public:
  // `place` is the view's. `scene` is called at once where something has changed.
  void want(Tasks& tasks, const BoxSceneKey& key, const BoxPlace& place, const BoxPen& pen,
            const std::function<BoxScene()>& scene);
  // Of the sample that was wanted last; nullptr while there is none.
  const BoxPicture* picture() const;
  void forget();

 private:
  // Outlives the view while a lane draws.
  struct Drawn {
    BoxPicture picture;
    BoxSceneKey of;
    bool running = false;
  };

  std::shared_ptr<Drawn> drawn_ = std::make_shared<Drawn>();
  uint64_t pictures_ = 0;
  std::shared_ptr<const BoxScene> scene_;
  std::optional<BoxSceneKey> key_;  // of scene_
  std::optional<BoxPlace> asked_;   // where scene_ was asked for last
  BoxPen pen_;                      // and with what
};

}  // namespace errata::viewer
