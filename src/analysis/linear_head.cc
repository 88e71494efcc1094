#include "analysis/linear_head.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "analysis/dense.h"

namespace errata::analysis {

namespace {

constexpr size_t kBlockRows = 96;
constexpr size_t kSlabBytes = size_t{96} << 20;

// exp for x <= 0, within two units of the last place (Cephes' expf), in a form that compilers make
// vectors of.
inline float exp_of(float x) {
  x = std::max(x, -87.0f);
  const float n = std::floor(x * 1.44269504f + 0.5f);
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return y * power;
}

void softmax(float* logits, size_t classes) {
  const float highest = *std::max_element(logits, logits + classes);
  float sum = 0;
  for (size_t k = 0; k < classes; ++k) logits[k] = exp_of(logits[k] - highest);
  for (size_t k = 0; k < classes; ++k) sum += logits[k];
  const float scale = 1 / sum;
  for (size_t k = 0; k < classes; ++k) logits[k] *= scale;
}

// Logits of `count` rows under all heads: count x stride.
void logits_of(const Coordinates& coordinates, size_t first, size_t count, const Heads& heads,
               float* logits) {
  const size_t stride = heads.stride;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(logits + i * stride, heads.biases.data(), stride * sizeof(float));
  }
  add_product({coordinates.values.data() + first * coordinates.width, coordinates.width, 1}, count,
              coordinates.axes, heads.directions.data(), stride, stride, logits, stride);
}

// One part of the rows with its sums; the parts are added in order.
struct Slab {
  std::vector<float> directions;
  std::vector<double> biases;
  std::vector<float> block;
};

class ProcessorMath : public HeadMath {
 public:
  ProcessorMath(HeadRows rows, ParallelFor parallel_for)
      : rows_(std::move(rows)), parallel_for_(std::move(parallel_for)) {}

  void add_gradient(const Heads& heads, std::span<double> directions,
                    std::span<double> biases) override {
    const size_t bytes = heads.directions.size() * sizeof(float) + 1;
    slabs_.resize(std::clamp<size_t>(kSlabBytes / bytes, 2, 16));
    const size_t rows = rows_.coordinates.rows;
    parallel_for_(slabs_.size(), 1, [&](size_t begin, size_t end) {
      for (size_t s = begin; s < end; ++s) {
        add_rows(rows * s / slabs_.size(), rows * (s + 1) / slabs_.size(), heads, slabs_[s]);
      }
    });
    for (const Slab& slab : slabs_) {
      for (size_t i = 0; i < directions.size(); ++i) directions[i] += slab.directions[i];
      for (size_t j = 0; j < biases.size(); ++j) biases[j] += slab.biases[j];
    }
  }

  std::vector<float> held_out_probabilities(const Heads& heads) override {
    const size_t rows = rows_.coordinates.rows;
    const size_t classes = heads.classes;
    std::vector<float> result(rows * classes, 0);
    parallel_for_((rows + kBlockRows - 1) / kBlockRows, 1, [&](size_t begin, size_t end) {
      std::vector<float> block(kBlockRows * heads.stride);
      for (size_t b = begin; b < end; ++b) {
        const size_t first = b * kBlockRows;
        const size_t count = std::min(kBlockRows, rows - first);
        logits_of(rows_.coordinates, first, count, heads, block.data());
        for (size_t i = 0; i < count; ++i) {
          float* logits = block.data() + i * heads.stride;
          float* out = result.data() + (first + i) * classes;
          const uint8_t own = rows_.fold[first + i];
          for (size_t f = 0; f < heads.folds; ++f) {
            if (own != kNoFold && own != f) continue;
            softmax(logits + f * classes, classes);
            const float share = own == kNoFold ? 1.0f / static_cast<float>(heads.folds) : 1.0f;
            for (size_t k = 0; k < classes; ++k) out[k] += share * logits[f * classes + k];
          }
        }
      }
    });
    return result;
  }

 private:
  // The gradient over the rows of one slab.
  void add_rows(size_t first, size_t end, const Heads& heads, Slab& slab) const {
    const Coordinates& coordinates = rows_.coordinates;
    const size_t stride = heads.stride;
    slab.directions.assign(heads.directions.size(), 0);
    slab.biases.assign(stride, 0);
    slab.block.resize(kBlockRows * stride);
    for (size_t at = first; at < end; at += kBlockRows) {
      const size_t count = std::min(kBlockRows, end - at);
      logits_of(coordinates, at, count, heads, slab.block.data());
      for (size_t i = 0; i < count; ++i) {
        residuals(at + i, stride, slab.block.data() + i * stride);
      }
      for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; j < stride; ++j) slab.biases[j] += slab.block[i * stride + j];
      }
      const FloatView rows{coordinates.values.data() + at * coordinates.width, coordinates.width,
                           1};
      add_product(rows.transposed(), coordinates.axes, count, slab.block.data(), stride, stride,
                  slab.directions.data(), stride);
    }
  }

  // Logits of one row become weight * (probability - target); 0 where its head may not see it.
  void residuals(size_t row, size_t stride, float* logits) const {
    const size_t classes = rows_.classes;
    const float weight = rows_.fold[row] == kNoFold ? 0 : rows_.weights[row];
    std::fill(logits + classes * rows_.folds, logits + stride, 0.0f);
    for (size_t fold = 0; fold < rows_.folds; ++fold) {
      float* own = logits + fold * classes;
      if (weight == 0 || rows_.fold[row] == fold) {
        std::fill(own, own + classes, 0.0f);
        continue;
      }
      softmax(own, classes);
      const float* target = rows_.targets.data() + row * classes;
      for (size_t k = 0; k < classes; ++k) own[k] = weight * (own[k] - target[k]);
    }
  }

  HeadRows rows_;
  ParallelFor parallel_for_;
  std::vector<Slab> slabs_;
};

class Trainer {
 public:
  Trainer(const HeadRows& rows, HeadMath& math, const HeadOptions& options)
      : rows_(rows), math_(math), options_(options) {
    heads_.classes = rows.classes;
    heads_.folds = rows.folds;
    heads_.stride = head_stride(rows);
    heads_.directions.assign(rows.coordinates.axes * heads_.stride, 0);
    heads_.biases.assign(heads_.stride, 0);
    weight_of_fold_.assign(rows.folds, 0);
    for (size_t row = 0; row < rows.coordinates.rows; ++row) {
      if (rows.fold[row] == kNoFold) continue;
      for (size_t fold = 0; fold < rows.folds; ++fold) {
        if (rows.fold[row] != fold) weight_of_fold_[fold] += rows.weights[row];
      }
    }
  }

  Heads run(const Heads* start, const std::function<void()>& tick) {
    if (start != nullptr && start->directions.size() == heads_.directions.size()) {
      heads_.directions = start->directions;
      heads_.biases = start->biases;
    }
    Heads last = heads_;
    std::vector<double> momentum(rows_.folds, 1);
    heads_.iterations = 0;
    for (size_t i = 0; i < options_.most_iterations; ++i) {
      tick();
      ++heads_.iterations;
      if (step(last, momentum)) break;
    }
    return std::move(heads_);
  }

 private:
  // One accelerated step; true when next to nothing moved.
  bool step(Heads& last, std::vector<double>& momentum) {
    const size_t stride = heads_.stride;
    std::vector<float> push(stride, 0);
    for (size_t fold = 0; fold < rows_.folds; ++fold) {
      const double next = (1 + std::sqrt(1 + 4 * momentum[fold] * momentum[fold])) / 2;
      const auto factor = static_cast<float>((momentum[fold] - 1) / next);
      std::fill_n(push.begin() + static_cast<ptrdiff_t>(fold * rows_.classes), rows_.classes,
                  factor);
      momentum[fold] = next;
    }
    Heads ahead = heads_;
    for (size_t i = 0; i < ahead.directions.size(); ++i) {
      ahead.directions[i] += push[i % stride] * (heads_.directions[i] - last.directions[i]);
    }
    for (size_t j = 0; j < stride; ++j) {
      ahead.biases[j] += push[j] * (heads_.biases[j] - last.biases[j]);
    }
    return descend(ahead, last, momentum);
  }

  double ridge_of(size_t column) const {
    return options_.lambda * weight_of_fold_[column / rows_.classes];
  }

  bool descend(const Heads& ahead, Heads& last, std::vector<double>& momentum) {
    constexpr double kConverged = 1e-7;  // of the squared length, in the metric of the bound
    const Coordinates& coordinates = rows_.coordinates;
    const size_t stride = heads_.stride;
    const size_t used = rows_.classes * rows_.folds;
    std::vector<double> gradient(ahead.directions.size(), 0);
    std::vector<double> bias_gradient(stride, 0);
    for (size_t axis = 0; axis < coordinates.axes; ++axis) {
      for (size_t j = 0; j < used; ++j) {
        gradient[axis * stride + j] = ridge_of(j) * ahead.directions[axis * stride + j];
      }
    }
    math_.add_gradient(ahead, gradient, bias_gradient);
    std::vector<double> overshoot(rows_.folds, 0);
    double moved = 0;
    double length = 0;
    const auto move = [&](double at, double slope, double bound, float& current, float& before,
                          size_t j) {
      const double next = bound > 0 ? at - slope / bound : at;
      overshoot[j / rows_.classes] += (at - next) * (next - current) * bound;
      moved += (next - current) * (next - current) * bound;
      length += next * next * bound;
      before = current;
      current = static_cast<float>(next);
    };
    for (size_t axis = 0; axis < coordinates.axes; ++axis) {
      for (size_t j = 0; j < used; ++j) {
        const size_t i = axis * stride + j;
        move(ahead.directions[i], gradient[i], coordinates.squares[axis] / 2 + ridge_of(j),
             heads_.directions[i], last.directions[i], j);
      }
    }
    for (size_t j = 0; j < used; ++j) {
      move(ahead.biases[j], bias_gradient[j], static_cast<double>(coordinates.rows) / 2,
           heads_.biases[j], last.biases[j], j);
    }
    for (size_t fold = 0; fold < rows_.folds; ++fold) {
      if (overshoot[fold] > 0) momentum[fold] = 1;
    }
    return moved <= kConverged * length;
  }

  const HeadRows& rows_;
  HeadMath& math_;
  const HeadOptions& options_;
  Heads heads_;
  std::vector<double> weight_of_fold_;
};

}  // namespace

size_t head_stride(const HeadRows& rows) {
  return padded_columns(rows.classes * rows.folds);
}

HeadMathFactory processor_head_math(ParallelFor parallel_for) {
  return [parallel_for = std::move(parallel_for)](const HeadRows& rows) {
    return std::make_unique<ProcessorMath>(rows, parallel_for);
  };
}

Heads train_heads(const HeadRows& rows, HeadMath& math, const HeadOptions& options,
                  const Heads* start, const std::function<void()>& tick) {
  return Trainer(rows, math, options).run(start, tick);
}

}  // namespace errata::analysis
