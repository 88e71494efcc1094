// Embeddings and labels with what Datalab (cleanlab 2.9) finds in them: data/datalab.json, written
// by make_datalab_references.py.
#pragma once

#include <string>
#include <vector>

#include "analysis/matrix.h"
#include "model/class_map.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::test {

struct DatalabCase {
  const text::Json* json = nullptr;
  size_t rows = 0;
  size_t columns = 0;
  std::vector<float> values;

  analysis::FloatMatrix view() const { return {values, rows, columns}; }
  std::vector<double> numbers(const char* name) const {
    std::vector<double> found;
    const text::Json& array = json->at(name);
    for (size_t i = 0; i < array.size(); ++i) found.push_back(array.at(i).as_double());
    return found;
  }
  std::vector<ClassIndex> labels() const {
    std::vector<ClassIndex> found;
    for (const double label : numbers("labels")) found.push_back(static_cast<ClassIndex>(label));
    return found;
  }
};

inline const text::Json& datalab_json() {
  static const text::Json json =
      text::read_json_file(source_dir() + "/tests/analysis/data/datalab.json");
  return json;
}

inline std::vector<DatalabCase> datalab_cases() {
  std::vector<DatalabCase> cases;
  const text::Json& all = datalab_json().at("cases");
  for (size_t i = 0; i < all.size(); ++i) {
    DatalabCase made{&all.at(i),
                     static_cast<size_t>(all.at(i).at("rows").as_double()),
                     static_cast<size_t>(all.at(i).at("columns").as_double()),
                     {}};
    for (const double value : made.numbers("embeddings")) {
      made.values.push_back(static_cast<float>(value));
    }
    cases.push_back(std::move(made));
  }
  return cases;
}

}  // namespace errata::test
