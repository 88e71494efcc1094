// One field of a dialog: its name at the left, the field at the right, below it what is wrong with
// the value or what lies at a path.
#pragma once

#include <optional>
#include <string>

#include "viewer/platform/theme.h"
#include "viewer/state/job_forms.h"

namespace errata::viewer {

struct FieldEvents {
  std::optional<std::string> value;  // a person changed it
  bool focused = false;              // it was clicked or has the keyboard
  bool hovered = false;
  bool browse = false;
};

struct FieldLook {
  float label_width = 0;
  bool chosen = false;        // the keyboard is with it
  bool focus_wanted = false;  // takes the keyboard in this frame
  bool reload = false;        // the value was changed from outside while it was typed in
  bool can_browse = false;
};

// As wide as what is left of the window. Ids: "##split" of a text, "format=auto" of a choice,
// "replace" of a box, "browse source" of a button.
FieldEvents form_field(const Theme& theme, const FormField& field, const FieldLook& look);

}  // namespace errata::viewer
