#include "viewer/state/panel_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/json.h"
#include "viewer/state/filter_text.h"
#include "viewer/state/panel_answer.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

// Typing and reviewing ask again and again; the numbers follow once it pauses.
constexpr double kPauseSecs = 0.15;

// How the audit was drawn, as its saved view says; empty without one.
std::string_view audit_options(const StoreLists& lists) {
  const store::SavedView* view = lists.saved_view(jobs::kAuditTag);
  return view == nullptr ? std::string_view() : view->options_json;
}

std::optional<jobs::AuditDrawing> read_audit(const std::string& options) {
  if (options.empty()) return std::nullopt;
  try {
    return jobs::audit_drawing(options);
  } catch (const Error&) {
    return std::nullopt;  // somebody's own view of that name
  }
}

}  // namespace

bool PanelDesk::shows(std::string_view panel) {
  constexpr std::array<std::string_view, 4> kPanels{"confusion", "calibration", "classes",
                                                    "scores"};
  return std::find(kPanels.begin(), kPanels.end(), panel) != kPanels.end();
}

void PanelDesk::snapshot_taken() {
  session_.state().panels.answer = nullptr;
  changed();
}

void PanelDesk::changed() {
  dirty_ = true;
  changed_secs_ = -1;
}

void PanelDesk::frame(double now_secs) {
  AppState& state = session_.state();
  const bool wanted =
      state.layout.show_bottom && shows(state.layout.bottom_tab) && state.view != nullptr;
  // The lists come later than the samples, and change when an audit is drawn.
  if (audit_options(state.lists.lists) != asked_audit_ && !dirty_) changed();
  if (dirty_ && changed_secs_ < 0) changed_secs_ = now_secs;
  // The first answer does not wait.
  const bool paused = state.panels.answer == nullptr || now_secs - changed_secs_ >= kPauseSecs;
  if (wanted && dirty_ && paused && !running_) ask();
  state.panels.pending = wanted && (dirty_ || running_);
}

void PanelDesk::ask() {
  AppState& state = session_.state();
  dirty_ = false;
  running_ = true;
  PanelQuestion question;
  question.samples = state.snapshot.samples;
  question.classes = state.snapshot.classes;
  question.filter = state.sample_filter();
  question.exactly_shown = state.panels.exactly_shown;
  if (const RunSummary* run = state.active_run()) question.trained_on = run->trained_on;
  asked_audit_ = audit_options(state.lists.lists);
  question.audit = read_audit(asked_audit_);
  session_.tasks().run(Lane::kPanels, [this, question = std::move(question)]() -> Tasks::Apply {
    std::shared_ptr<const PanelAnswer> answer;
    std::string problem;
    try {
      answer = answer_panels(question);
      if (!answer) problem = "There are no predictions to measure yet";
    } catch (const Error& error) {
      problem = error.what();
    }
    return [this, answer, problem] {
      running_ = false;
      session_.state().panels.answer = answer;
      session_.state().panels.problem = problem;
    };
  });
}

void PanelDesk::set_exactly_shown(bool exactly) {
  session_.state().panels.exactly_shown = exactly;
  changed();
}

void PanelDesk::toggle_pair(const std::string& label, const std::string& prediction) {
  if (session_.state().objects_shown()) session_.show_rows_of(CentreMode::kGrid);
  const std::string draft = session_.state().filter.draft;
  const FacetChoice wanted_label{{label}, false};
  const FacetChoice wanted_prediction{{prediction}, false};
  const bool chosen = facet_choice(draft, "label") == wanted_label &&
                      facet_choice(draft, "prediction") == wanted_prediction;
  std::string text = with_facet_choice(draft, "label", chosen ? FacetChoice() : wanted_label);
  text = with_facet_choice(text, "prediction", chosen ? FacetChoice() : wanted_prediction);
  session_.set_filter(text);
}

void PanelDesk::toggle_label(const std::string& label) {
  if (session_.state().objects_shown()) session_.show_rows_of(CentreMode::kGrid);
  const std::string draft = session_.state().filter.draft;
  const FacetChoice wanted{{label}, false};
  const bool chosen = facet_choice(draft, "label") == wanted;
  session_.set_filter(with_facet_choice(draft, "label", chosen ? FacetChoice() : wanted));
}

}  // namespace errata::viewer
