// The event loop: a window until it is closed, or one picture.
#pragma once

#include "viewer/app/app.h"
#include "viewer/state/options.h"

namespace errata::viewer {

// Main thread. Throws Error: kUnsupported without a display, kIo when the picture cannot be
// written, and, for a picture, what kept the store from being shown.
void run_app(const ViewerOptions& options, const BackendFactory& open_store);

}  // namespace errata::viewer
