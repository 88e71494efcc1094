// Boxes as the Python sides of the benchmarks write them: rows of native doubles, image, class, x,
// y, width, height first.
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/detection_match.h"

namespace errata::bench {

// Column-major.
inline std::vector<std::vector<double>> read_columns(const std::string& path, size_t count) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<std::vector<double>> columns(count);
  std::vector<double> row(count);
  const auto bytes = static_cast<std::streamsize>(count * sizeof(double));
  while (file.read(reinterpret_cast<char*>(row.data()), bytes)) {
    for (size_t i = 0; i < count; ++i) columns[i].push_back(row[i]);
  }
  return columns;
}

struct Boxes {
  Boxes(const std::string& path, size_t count)
      : values(read_columns(path, count)),
        image(values[0].begin(), values[0].end()),
        class_index(values[1].begin(), values[1].end()) {}
  analysis::BoxColumns columns() const {
    return {image, class_index, values[2], values[3], values[4], values[5]};
  }
  std::vector<std::vector<double>> values;
  std::vector<int32_t> image;
  std::vector<ClassIndex> class_index;
};

}  // namespace errata::bench
