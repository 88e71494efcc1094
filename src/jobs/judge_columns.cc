#include "jobs/judge_columns.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <memory>
#include <utility>

#include "analysis/object_doubts.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
// A label that is more likely wrong than right by two to one is doubted; the other way, the model.
constexpr double kLabelWrong = 2.0 / 3;
constexpr double kModelWrong = 1.0 / 3;

std::shared_ptr<const Dictionary> dictionary_of(std::initializer_list<const char*> names) {
  auto dictionary = std::make_shared<Dictionary>();
  for (const char* name : names) dictionary->add(name);
  return dictionary;
}

void add_box(DetectionInput::Boxes& boxes, const Table& table, RowIndex row, int32_t image) {
  boxes.rows.push_back(row);
  boxes.image.push_back(image);
  boxes.class_index.push_back(table.find("label")->codes[row]);
  boxes.x.push_back(table.find("x")->doubles[row]);
  boxes.y.push_back(table.find("y")->doubles[row]);
  boxes.width.push_back(table.find("width")->doubles[row]);
  boxes.height.push_back(table.find("height")->doubles[row]);
}

int32_t size_at(const Column* column, RowIndex row) {
  return column == nullptr || column->is_null(row) ? 0 : static_cast<int32_t>(column->ints[row]);
}

// The detections of at least `confidence`.
struct SureDetections {
  DetectionInput::Boxes boxes;
  std::vector<double> score;

  SureDetections(const DetectionInput& input, double confidence) {
    for (size_t d = 0; d < input.score.size(); ++d) {
      if (input.score[d] < confidence) continue;
      const DetectionInput::Boxes& from = input.detections;
      score.push_back(input.score[d]);
      boxes.rows.push_back(from.rows[d]);
      boxes.image.push_back(from.image[d]);
      boxes.class_index.push_back(from.class_index[d]);
      boxes.x.push_back(from.x[d]);
      boxes.y.push_back(from.y[d]);
      boxes.width.push_back(from.width[d]);
      boxes.height.push_back(from.height[d]);
    }
  }
};

ObjectError error_of(analysis::DetectionKind kind) {
  switch (kind) {
    case analysis::DetectionKind::kTrue: return ObjectError::kTrue;
    case analysis::DetectionKind::kClass: return ObjectError::kClass;
    case analysis::DetectionKind::kLocalisation: return ObjectError::kLocalisation;
    case analysis::DetectionKind::kBoth: return ObjectError::kBoth;
    case analysis::DetectionKind::kDuplicate: return ObjectError::kDuplicate;
    default: return ObjectError::kBackground;
  }
}

// Of the detections whose error is about an object: that object's row, else -1.
int64_t object_of(const Matching& matching, size_t row) {
  const auto error = static_cast<ObjectError>(std::max(matching.error[row], 0));
  const bool about = error == ObjectError::kClass || error == ObjectError::kLocalisation ||
                     error == ObjectError::kBoth;
  return about ? matching.match[row] : -1;
}

// Integers of which the negative are NULL.
Column make_row_column(const char* name, const std::vector<int64_t>& values) {
  Column column = make_int_column(name, values);
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row] < 0) column.set_null(static_cast<RowIndex>(row));
  }
  return column;
}

class DoubtColumns {
 public:
  DoubtColumns(const DetectionInput& input, const analysis::ObjectDoubts& doubts, size_t rows)
      : input_(input),
        doubts_(doubts),
        rows_(rows),
        doubt_(rows, -1),
        verdict_(rows, -1),
        suggested_(rows, -1),
        evidence_(rows, -1),
        value_(rows, kNone) {
    for (size_t g = 0; g < input.objects.size(); ++g) judge_object(g);
    for (size_t d = 0; d < input.detections.size(); ++d) {
      value_[input.detections.rows[d]] = static_cast<float>(doubts.missing[d]);
      if (value_[input.detections.rows[d]] < kLeastDoubt) continue;
      doubt_[input.detections.rows[d]] = static_cast<int32_t>(analysis::ObjectDoubt::kMissing) - 1;
    }
  }

  // A row that is neither an error nor doubtful has no verdict. (std::max keeps its first value
  // where the other is NaN.)
  void decide(const Matching& matching) {
    for (size_t row = 0; row < rows_; ++row) {
      float value = value_[row];
      if (std::isnan(value)) continue;
      // An error about an object whose label is in doubt is as doubtful.
      const int64_t object = object_of(matching, row);
      if (object >= 0) value = std::max(value, value_[static_cast<size_t>(object)]);
      if (value >= kLabelWrong) {
        verdict_[row] = 0;
      } else if (value > kModelWrong) {
        verdict_[row] = 2;
      } else if (matching.error[row] > static_cast<int32_t>(ObjectError::kTrue)) {
        verdict_[row] = 1;
      }
    }
  }

  void add_to(Table& table) {
    table.add(make_float_column("label_doubt", value_));
    table.add(make_category_column(
        "doubt", doubt_, dictionary_of({"class", "place", "spurious", "copy", "missing"})));
    table.add(
        make_category_column("verdict", verdict_, dictionary_of({"label", "model", "ambiguous"})));
    table.add(make_category_column("suggested", suggested_, table.find("label")->dictionary));
    table.add(make_row_column("evidence", evidence_));
    add_object_score(table, input_, "class_doubt", doubts_.of_class);
    add_object_score(table, input_, "place_doubt", doubts_.of_place);
    add_object_score(table, input_, "spurious_doubt", doubts_.spurious);
    add_object_score(table, input_, "copy_doubt", doubts_.copy);
    std::vector<float> missing(rows_, kNone);
    for (size_t d = 0; d < input_.detections.size(); ++d) {
      missing[input_.detections.rows[d]] = static_cast<float>(doubts_.missing[d]);
    }
    table.add(make_float_column("missing_doubt", std::move(missing)));
  }

 private:
  void judge_object(size_t g) {
    if (input_.crowd[g] != 0) return;
    const analysis::Strongest strongest = analysis::strongest_doubt(doubts_, g);
    const RowIndex row = input_.objects.rows[g];
    value_[row] = static_cast<float>(strongest.value);
    if (strongest.kind == analysis::ObjectDoubt::kNone) return;
    if (value_[row] >= kLeastDoubt) doubt_[row] = static_cast<int32_t>(strongest.kind) - 1;
    const int32_t found = doubts_.detections[g];
    if (strongest.kind == analysis::ObjectDoubt::kCopy) {
      evidence_[row] = input_.objects.rows[static_cast<size_t>(doubts_.copy_of[g])];
    } else if (found >= 0) {
      evidence_[row] = input_.detections.rows[static_cast<size_t>(found)];
    }
    if (strongest.kind == analysis::ObjectDoubt::kClass && found >= 0) {
      suggested_[row] = input_.detections.class_index[static_cast<size_t>(found)];
    }
  }

  const DetectionInput& input_;
  const analysis::ObjectDoubts& doubts_;
  size_t rows_;
  std::vector<int32_t> doubt_;
  std::vector<int32_t> verdict_;
  std::vector<int32_t> suggested_;
  std::vector<int64_t> evidence_;
  std::vector<float> value_;
};

}  // namespace

analysis::DetectionSet DetectionInput::set() const {
  return {images,
          class_names.size(),
          {objects.columns(), area, crowd},
          {detections.columns(), score, {}},
          {}};
}

DetectionInput detection_input(const Table& samples, const query::Selection& selection,
                               const Table& objects) {
  DetectionInput input;
  input.class_names = objects.find("label")->dictionary->texts();
  const Column* width = samples.find("width");
  const Column* height = samples.find("height");
  const std::vector<int64_t>& sample_of = objects.find("sample")->ints;
  const std::vector<int32_t>& kind = objects.find("kind")->codes;
  const std::vector<int32_t>& label = objects.find("label")->codes;
  const std::vector<double>& confidence = objects.find("confidence")->doubles;
  const std::vector<double>& area = objects.find("area_px")->doubles;
  const std::vector<uint8_t>& crowd = objects.find("crowd")->bytes;
  size_t row = 0;
  selection.for_each([&](RowIndex sample) {
    const auto image = static_cast<int32_t>(input.images++);
    input.samples.push_back(sample);
    input.image_width.push_back(size_at(width, sample));
    input.image_height.push_back(size_at(height, sample));
    while (row < sample_of.size() && sample_of[row] < static_cast<int64_t>(sample)) ++row;
    for (; row < sample_of.size() && sample_of[row] == static_cast<int64_t>(sample); ++row) {
      const auto at = static_cast<RowIndex>(row);
      if (label[row] < 0) continue;
      if (kind[row] == static_cast<int32_t>(ObjectKind::kGiven)) {
        add_box(input.objects, objects, at, image);
        input.area.push_back(area[row]);
        input.crowd.push_back(crowd[row]);
      } else if (std::isfinite(confidence[row])) {
        add_box(input.detections, objects, at, image);
        input.score.push_back(confidence[row]);
      }
    }
  });
  return input;
}

analysis::TideOptions tide_options(double overlap) {
  analysis::TideOptions options;
  options.positive_overlap = overlap;
  options.background_overlap = std::min(options.background_overlap, overlap / 2);
  return options;
}

Matching match_detections(const DetectionInput& input, double confidence, double overlap,
                          size_t rows, const ParallelFor& parallel_for) {
  const SureDetections sure(input, confidence);
  analysis::DetectionSet set = input.set();
  set.detections = {sure.boxes.columns(), sure.score, {}};
  Matching matching;
  matching.error.assign(rows, -1);
  matching.iou.assign(rows, std::nan(""));
  matching.match.assign(rows, -1);
  matching.tide = analysis::explain_errors(set, tide_options(overlap), parallel_for);
  const analysis::TideResult& tide = matching.tide;
  for (size_t d = 0; d < sure.boxes.size(); ++d) {
    const RowIndex row = sure.boxes.rows[d];
    const analysis::DetectionKind kind = tide.kinds[d];
    if (kind == analysis::DetectionKind::kBeyondLimit || tide.on_crowd[d] != 0) continue;
    matching.error[row] = static_cast<int32_t>(error_of(kind));
    matching.iou[row] = tide.overlaps[d];
    const int32_t object = tide.matched_objects[d];
    if (object >= 0) matching.match[row] = input.objects.rows[static_cast<size_t>(object)];
  }
  for (size_t g = 0; g < input.objects.size(); ++g) {
    const RowIndex row = input.objects.rows[g];
    const int32_t found = tide.matched_detections[g];
    if (tide.object_kinds[g] == analysis::ObjectKind::kCrowd) continue;
    if (found < 0) {
      matching.error[row] = static_cast<int32_t>(ObjectError::kMissed);
      continue;
    }
    const auto d = static_cast<size_t>(found);
    matching.error[row] = static_cast<int32_t>(error_of(tide.kinds[d]));
    matching.iou[row] = tide.overlaps[d];
    matching.match[row] = sure.boxes.rows[d];
  }
  return matching;
}

void add_matching(Table& objects, const Matching& matching) {
  objects.add(make_category_column("error", matching.error, object_error_dictionary()));
  objects.add(make_double_column("iou", matching.iou));
  objects.add(make_row_column("match", matching.match));
}

void add_doubts(Table& objects, const DetectionInput& input, const Matching& matching,
                const ParallelFor& parallel_for) {
  const auto doubts = analysis::doubt_objects(input.set(), parallel_for);
  DoubtColumns columns(input, doubts, objects.rows());
  columns.decide(matching);
  columns.add_to(objects);
}

void add_object_score(Table& objects, const DetectionInput& input, const char* name,
                      const std::vector<double>& values) {
  std::vector<float> column(objects.rows(), kNone);
  for (size_t g = 0; g < input.objects.size(); ++g) {
    column[input.objects.rows[g]] = static_cast<float>(values[g]);
  }
  objects.add(make_float_column(name, std::move(column)));
}

}  // namespace errata::jobs
