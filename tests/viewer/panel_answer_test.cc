#include "viewer/state/panel_answer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using test::SyntheticBackend;

struct Opened {
  explicit Opened(size_t samples = 700)
      : backend(new SyntheticBackend(samples)),
        session(std::unique_ptr<Backend>(backend), nullptr, 2) {
    session.open();
    settle();
  }
  void settle() {
    for (int i = 0; i < 3; ++i) {
      session.tasks().finish_all();
      session.frame(now += 1);
    }
    session.tasks().finish_all();
  }
  PanelQuestion question(const std::string& filter) const {
    PanelQuestion made;
    made.samples = session.state().snapshot.samples;
    made.classes = session.state().snapshot.classes;
    made.filter = filter;
    return made;
  }
  const AppState& state() const { return session.state(); }
  const PanelAnswer& answer() const { return *session.state().panels.answer; }

  double now = 0;
  SyntheticBackend* backend;  // the session's
  Session session;
};

// The accuracy with the labels as given, over all of which the audit is a sample.
double given_share(const PanelAnswer& answer) {
  return static_cast<double>(answer.audit.right_given) /
         static_cast<double>(answer.audit.population);
}

int64_t off_diagonal(const PanelAnswer& answer) {
  int64_t sum = 0;
  for (const ConfusedPair& pair : answer.confusions) sum += pair.count;
  return sum;
}

}  // namespace

TEST_CASE("terms about predictions and reviews are not part of what is measured") {
  CHECK(measured_filter("label != prediction and split = 'test'") == "split = 'test'");
  CHECK(measured_filter("confidence > 0.9 and review = 'unseen'") == "");
  CHECK(measured_filter("run('old').confidence > 0.9 and width > 3") == "width > 3");
  CHECK(measured_filter("label = 'cat'") == "label = 'cat'");
  // An `or` is one term: it cannot be taken apart.
  CHECK(measured_filter("split = 'test' or loss > 2") == "");
  // A cell of the matrix is a choice within what is measured.
  CHECK(measured_filter("split = 'test' and label = 'cat' and prediction = 'dog'") ==
        "split = 'test'");
  CHECK(measured_filter("label = ") == "label = ");
}

TEST_CASE("of what is measured it is counted what the run was trained on") {
  const Opened opened;
  PanelQuestion question = opened.question("");
  CHECK(answer_panels(question)->trained_on == 0);
  question.trained_on = "split = 'train'";
  const int64_t trained = answer_panels(question)->trained_on;
  CHECK(trained > 0);
  CHECK(trained < 700);
  question.filter = "split = 'train'";
  CHECK(answer_panels(question)->trained_on == trained);
  question.filter = "split = 'test'";
  CHECK(answer_panels(question)->trained_on == 0);
  question.trained_on = "no_such_column = 1";
  CHECK(answer_panels(question)->trained_on == 0);
}

TEST_CASE("among the mistakes the accuracy is that of everybody, and 0 only when asked for") {
  const Opened opened;
  PanelQuestion question = opened.question("label != prediction");
  const auto answer = answer_panels(question);
  REQUIRE(answer);
  CHECK(answer->terms_left_out);
  CHECK(answer->samples == 700);
  CHECK(answer->accuracy.value > 0.5);
  CHECK(answer->accuracy.low < answer->accuracy.value);
  CHECK(answer->accuracy.high > answer->accuracy.value);
  question.exactly_shown = true;
  const auto exact = answer_panels(question);
  CHECK(exact->accuracy.value == 0);
  CHECK(exact->samples == off_diagonal(*answer));
}

TEST_CASE("counts agree with each other") {
  const Opened opened;
  const auto answer = answer_panels(opened.question("split = 'train'"));
  CHECK(answer->samples == 490);
  int64_t right = 0;
  int64_t support = 0;
  for (const ClassLine& line : answer->classes) {
    right += line.right;
    support += line.support;
    CHECK(line.recall * static_cast<double>(line.support) ==
          doctest::Approx(static_cast<double>(line.right)));
  }
  CHECK(support == 490);
  CHECK(right + off_diagonal(*answer) == 490);
  CHECK(answer->accuracy.value == doctest::Approx(static_cast<double>(right) / 490));
  int64_t matrix = 0;
  for (const int64_t count : answer->confusion.counts) matrix += count;
  CHECK(matrix == 490);
  for (size_t i = 1; i < answer->confusions.size(); ++i) {
    CHECK(answer->confusions[i - 1].count >= answer->confusions[i].count);
  }
  REQUIRE_FALSE(answer->scores.empty());
  for (const ScoreDistribution& score : answer->scores) {
    uint64_t sum = 0;
    for (size_t i = 0; i < score.right.size(); ++i) sum += score.right[i] + score.wrong[i];
    CHECK(sum <= 490);
    CHECK(sum > 0);
  }
}

TEST_CASE("what the corrections change is told over the same samples, excluded ones left out") {
  Opened opened;
  opened.session.set_filter("label != prediction");
  opened.settle();
  const size_t mistakes = opened.state().view->order.size();
  opened.session.select_all();
  // Leaving out the mistakes makes what is left look better; it corrects nothing.
  opened.session.decide(ReviewKind::kExclude);
  opened.settle();
  PanelQuestion question = opened.question("");
  std::vector<uint8_t> excluded(700, 0);
  for (const RowIndex row : opened.state().view->order) excluded[row] = 1;
  question.samples.add(make_bool_column("excluded", excluded));
  const auto answer = answer_panels(question);
  CHECK(answer->samples_of_both == 700 - static_cast<int64_t>(mistakes));
  CHECK(answer->accuracy.value == 1);
  CHECK(answer->accuracy_before == 1);
  CHECK(answer->accuracy_after == 1);
}

TEST_CASE("an audit is known by its samples, however its filter is written") {
  Opened opened;
  opened.session.select_all();
  opened.session.tag("audit", true);
  opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  PanelQuestion question = opened.question("split = 'test' and label != prediction");
  question.audit.emplace();
  for (const char* same : {"split = 'test'", "split='test'", "split in ('test')"}) {
    CAPTURE(same);
    question.audit->population = same;
    CHECK_FALSE(answer_panels(question)->audit_elsewhere);
  }
  for (const char* other :
       {"", "split = 'train'", "split = 'test' and label != prediction", "no_such_column = 3"}) {
    CAPTURE(other);
    question.audit->population = other;
    CHECK(answer_panels(question)->audit_elsewhere);
  }
  question.audit->population = "split = 'test'";
  std::vector<SampleId> drawn;
  for (const RowIndex row : jobs::tagged_rows(question.samples, jobs::kAuditTag)) {
    drawn.push_back(question.samples.find("id")->ints[row]);
  }
  question.audit->samples = jobs::audit_fingerprint(drawn);
  CHECK_FALSE(answer_panels(question)->audit_elsewhere);
  ++drawn.front();  // as many, but another
  question.audit->samples = jobs::audit_fingerprint(drawn);
  CHECK(answer_panels(question)->audit_elsewhere);
}

TEST_CASE("corrections of mistakes raise the accuracy, and are told apart from the labels given") {
  Opened opened;
  opened.session.set_filter("label != prediction");
  opened.settle();
  const double before = opened.answer().accuracy.value;
  CHECK(opened.answer().reviewed == 0);
  for (int i = 0; i < 20; ++i) opened.session.relabel_to_suggestion();
  opened.settle();
  const PanelAnswer& answer = opened.answer();
  CHECK(answer.reviewed == 20);
  CHECK(answer.reviewed_where_they_differ == 20);
  CHECK(answer.corrected == 20);
  CHECK(answer.samples_of_both == 700);
  CHECK(answer.accuracy_before == doctest::Approx(before));
  CHECK(answer.accuracy_after == doctest::Approx(before + 20.0 / 700));
  CHECK(answer.accuracy.value == doctest::Approx(before + 20.0 / 700));
  CHECK_FALSE(answer.audit_estimate);
}

TEST_CASE("the audit speaks only for the samples it was drawn from") {
  Opened opened;
  opened.session.select_all();
  opened.session.tag("audit", true);
  opened.settle();
  opened.session.clear_selection();
  for (int i = 0; i < 30; ++i) opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  PanelQuestion question = opened.question("");
  question.audit.emplace();
  const auto begun = answer_panels(question);
  CHECK(begun->audit_drawn == 700);
  CHECK(begun->audit.audited == 30);
  CHECK_FALSE(begun->audit_estimate);  // the first reviewed are no random sample
  opened.session.select_all();
  opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  question = opened.question("");
  CHECK_FALSE(answer_panels(question)->audit_estimate);  // no drawn population is known
  question.audit.emplace();
  const auto answer = answer_panels(question);
  REQUIRE(answer->audit_estimate);
  CHECK(answer->audit.audited == 700);
  // Nothing was changed: the estimate is the accuracy as given.
  CHECK(answer->audit_estimate->accuracy.value == doctest::Approx(given_share(*answer)));
  question.audit->population = "split = 'test'";
  const auto elsewhere = answer_panels(question);
  CHECK(elsewhere->audit_elsewhere);
  CHECK_FALSE(elsewhere->audit_estimate);
}

TEST_CASE("an excluded sample of the audit counts as it was given") {
  Opened opened;
  opened.session.select_all();
  opened.session.tag("audit", true);
  opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  PanelQuestion question = opened.question("");
  question.audit.emplace();
  std::vector<uint8_t> excluded(700, 0);
  excluded[3] = 1;
  question.samples.add(make_bool_column("excluded", excluded));
  const auto answer = answer_panels(question);
  CHECK(answer->excluded == 1);
  CHECK(answer->samples == 699);
  CHECK(answer->audit.audited == 700);
  REQUIRE(answer->audit_estimate);
  CHECK(answer->audit_estimate->accuracy.value == doctest::Approx(given_share(*answer)));
}

TEST_CASE("the panel follows when an audit becomes known after the samples") {
  Opened opened;
  opened.session.select_all();
  opened.session.tag("audit", true);
  opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  CHECK_FALSE(opened.answer().audit_estimate);
  store::SavedView view;
  view.name = "audit";
  view.options_json = R"({"population": "", "size": 700, "seed": 1})";
  opened.backend->save_view(view);
  opened.session.lists().refresh();
  opened.settle();
  CHECK(opened.answer().audit_estimate.has_value());
}

TEST_CASE("a cell filters and lets go again") {
  Opened opened;
  const PanelAnswer& answer = opened.answer();
  const ConfusedPair pair = answer.confusions.at(0);
  const std::string label = answer.classes[static_cast<size_t>(pair.label)].name;
  const std::string prediction = answer.classes[static_cast<size_t>(pair.prediction)].name;
  opened.session.panels().toggle_pair(label, prediction);
  opened.settle();
  CHECK(static_cast<int64_t>(opened.session.state().view->order.size()) == pair.count);
  CHECK(opened.answer().samples == 700);  // the matrix is still whole
  opened.session.panels().toggle_pair(label, prediction);
  opened.settle();
  CHECK(opened.session.state().view->order.size() == 700);
}

TEST_CASE("ten thousand classes are bounded by the classes, not by their pairs") {
  constexpr size_t kClasses = 10'000;
  constexpr size_t kRows = 40'000;
  PanelQuestion question;
  question.samples = Table(kRows);
  const auto dictionary = std::make_shared<Dictionary>();
  for (size_t k = 0; k < kClasses; ++k) {
    const std::string name = "class " + std::to_string(k);
    dictionary->add(name);
    question.classes.add(name);
  }
  std::vector<int32_t> label;
  std::vector<int32_t> prediction;
  for (size_t row = 0; row < kRows; ++row) {
    label.push_back(static_cast<int32_t>(row % kClasses));
    prediction.push_back(static_cast<int32_t>((row + (row % 5 == 0 ? 1 : 0)) % kClasses));
  }
  prediction[3] = -1;  // no prediction
  label[4] = -1;       // no label
  question.samples.add(make_category_column("label", label, dictionary));
  question.samples.add(make_category_column("prediction", prediction, dictionary));
  const auto answer = answer_panels(question);
  REQUIRE(answer);
  CHECK(answer->samples == kRows - 2);
  CHECK(answer->without_label == 1);
  CHECK(answer->without_prediction == 1);
  CHECK(answer->accuracy.value == doctest::Approx(0.8).epsilon(0.01));
  CHECK(answer->confusion.shown.size() == PanelAnswer::kMostShown);
  CHECK(answer->confusions.size() == PanelAnswer::kMostPairs);
  CHECK(std::isnan(answer->balanced_accuracy.low));  // said to have no interval
}

TEST_CASE("a model whose classes stand in another order is told, and a right one is not") {
  const auto answer_of = [](int32_t shift) {
    PanelQuestion question;
    question.samples = Table(90);
    const auto dictionary = std::make_shared<Dictionary>();
    for (const char* name : {"ant", "bee", "cat"}) {
      dictionary->add(name);
      question.classes.add(name);
    }
    std::vector<int32_t> label;
    std::vector<int32_t> prediction;
    for (int32_t row = 0; row < 90; ++row) {
      label.push_back(row % 3);
      prediction.push_back((row + (row < 80 ? shift : 2)) % 3);
    }
    question.samples.add(make_category_column("label", label, dictionary));
    question.samples.add(make_category_column("prediction", prediction, dictionary));
    return answer_panels(question)->class_order;
  };
  CHECK(answer_of(0).empty());
  const std::string turned = answer_of(1);
  CHECK(turned.find("'bee' where the label is 'ant'") != std::string::npos);
  CHECK(turned.find("89 % agree so, 0 % as named") != std::string::npos);
}

TEST_CASE("a store without predictions has no answer and says so") {
  PanelQuestion question;
  question.samples = Table(3);
  CHECK(answer_panels(question) == nullptr);
}

}  // namespace errata::viewer
