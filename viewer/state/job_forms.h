// The forms behind the dialogs: each holds the options struct of one job of src/jobs and offers
// every option of the command line's as a field, with the same default and help; one more opens a
// store. Window's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"
#include "viewer/state/app_state.h"

namespace errata::viewer {

enum class FieldKind : uint8_t {
  kText,
  kFilter,  // of the filter language; may be empty
  kNumber,  // whole, not negative; empty: the default
  kFile,
  kFolder,
  kPath,       // either
  kNewFolder,  // not there yet, or empty
  kStore,      // a store, or a file that is not there yet
  kChoice,     // one of the choices
  kCheck       // "1" or ""
};
bool is_path(FieldKind kind);

struct FieldChoice {
  std::string value;
  std::string text;
  std::string help = {};
};

// What lies at a path, found out on a lane.
struct PathLook {
  std::string path;        // looked at
  std::string note;        // "imagefolder, because the folder holds 10 folders of images"
  std::string problem;     // why it cannot be used
  std::string completion;  // the path as far as what lies there decides it; empty: no longer
  std::vector<std::string> candidates;  // names that would complete it, a few
};

struct FormField {
  std::string id;     // as the command line names it: "split"
  std::string label;  // "Split"
  std::string help;   // one sentence
  FieldKind kind = FieldKind::kText;
  bool needed = false;
  bool more = false;                      // below "More options"
  std::string placeholder = {};           // what an empty field means
  std::vector<FieldChoice> choices = {};  // of a text: suggestions
  std::string value = {};
  std::string problem = {};  // with the value
  bool touched = false;      // a person changed it: its problem is shown
  PathLook look = {};        // of a path
  // Says what lies at the path; throws Error for what cannot be used. Runs on a lane.
  std::function<std::string(const std::string&)> explain = nullptr;
};

class Session;

class Form {
 public:
  virtual ~Form() = default;
  Form(const Form&) = delete;
  Form& operator=(const Form&) = delete;

  Overlay overlay() const { return overlay_; }
  const std::string& title() const { return title_; }
  const std::string& action() const { return action_; }  // on the button
  const std::vector<FormField>& fields() const { return fields_; }
  FormField& field(std::string_view id);  // must be there
  bool more_open = false;

  // Changes a field and checks anew. `samples` is what filters speak of.
  void set(std::string_view id, std::string value, const Table& samples);
  void check(const Table& samples);
  // Nothing is wrong that is known without opening a file.
  bool ready() const;
  // Who the job is signed by, where the form asks for it and nobody typed another.
  void sign(const std::string& who);
  // From now on every problem is shown.
  void touch_all();
  // With the options as a whole; empty when fine.
  const std::string& problem() const { return problem_; }

  // Brings choices up to date with the store.
  virtual void refresh(const AppState& /*state*/) {}
  // Starts what the form is for. Only when ready().
  virtual void submit(Session& session) const = 0;
  // A try: what was typed stays for the real one.
  virtual bool only_tries() const { return false; }

 protected:
  Form(Overlay overlay, std::string title, std::string action)
      : overlay_(overlay), title_(std::move(title)), action_(std::move(action)) {}

  // Reads the fields into the options and lets those check themselves. Throws Error.
  virtual void take() = 0;
  void add(FormField field) { fields_.push_back(std::move(field)); }
  const std::string& text(std::string_view id) { return field(id).value; }
  bool on(std::string_view id) { return !field(id).value.empty(); }
  // With the home folder in place of "~".
  std::string path(std::string_view id);
  uint64_t number(std::string_view id, uint64_t default_value, uint64_t most, uint64_t least = 0);
  // A number from 0 to 1; nothing when nothing was typed.
  std::optional<double> fraction(std::string_view id);
  // Of the field "device"; empty is auto.
  std::string device() { return text("device").empty() ? "auto" : text("device"); }

 private:
  Overlay overlay_;
  std::string title_;
  std::string action_;
  std::vector<FormField> fields_;
  std::string problem_;
};

// The form of a dialog; null for overlays that are none. `store_path` is what the job works on.
std::unique_ptr<Form> make_form(Overlay which, const std::string& store_path);

// Those of the menu Find (find_kinds.h); null for others.
std::unique_ptr<Form> make_find_form(Overlay which, const std::string& store_path);

// Runs on a lane: what lies at a path, and how it could go on.
PathLook look_at(const FormField& field, const std::string& path);

}  // namespace errata::viewer
