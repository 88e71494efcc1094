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
void logits_of(const Coordinates& coordinates, size_t first, size_t count, const float* directions,
               const float* biases, size_t stride, float* logits) {
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(logits + i * stride, biases, stride * sizeof(float));
  }
  add_product({coordinates.values.data() + first * coordinates.width, coordinates.width, 1}, count,
              coordinates.axes, directions, stride, stride, logits, stride);
}

// One part of the rows with its sums; the parts are added in order.
struct Slab {
  std::vector<float> directions;
  std::vector<double> biases;
  std::vector<float> block;
};

class Trainer {
 public:
  Trainer(const Coordinates& coordinates, const HeadTask& task, const ParallelFor& parallel_for)
      : coordinates_(coordinates), task_(task), parallel_for_(parallel_for) {
    heads_.classes = task.classes;
    heads_.folds = task.folds;
    heads_.stride = padded_columns(task.classes * task.folds);
    heads_.directions.assign(coordinates.axes * heads_.stride, 0);
    heads_.biases.assign(heads_.stride, 0);
    const size_t bytes = heads_.directions.size() * sizeof(float) + 1;
    slabs_.resize(std::clamp<size_t>(kSlabBytes / bytes, 2, 16));
    weight_of_fold_.assign(task.folds, 0);
    for (size_t row = 0; row < coordinates.rows; ++row) {
      if (task.fold[row] == kNoFold) continue;
      for (size_t fold = 0; fold < task.folds; ++fold) {
        if (task.fold[row] != fold) weight_of_fold_[fold] += task.weights[row];
      }
    }
  }

  Heads run(const Heads* start, const std::function<void()>& tick) {
    if (start != nullptr && start->directions.size() == heads_.directions.size()) {
      heads_.directions = start->directions;
      heads_.biases = start->biases;
    }
    Heads last = heads_;
    std::vector<double> momentum(task_.folds, 1);
    heads_.iterations = 0;
    for (size_t i = 0; i < task_.most_iterations; ++i) {
      tick();
      ++heads_.iterations;
      if (step(last, momentum)) break;
    }
    return std::move(heads_);
  }

 private:
  // Adds the gradient at (directions, biases) over the rows of one slab.
  void add_rows(size_t first, size_t end, const std::vector<float>& directions,
                const std::vector<float>& biases, Slab& slab) const {
    const size_t stride = heads_.stride;
    slab.directions.assign(directions.size(), 0);
    slab.biases.assign(stride, 0);
    slab.block.resize(kBlockRows * stride);
    for (size_t at = first; at < end; at += kBlockRows) {
      const size_t count = std::min(kBlockRows, end - at);
      logits_of(coordinates_, at, count, directions.data(), biases.data(), stride,
                slab.block.data());
      for (size_t i = 0; i < count; ++i) residuals(at + i, slab.block.data() + i * stride);
      for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; j < stride; ++j) slab.biases[j] += slab.block[i * stride + j];
      }
      const FloatView rows{coordinates_.values.data() + at * coordinates_.width, coordinates_.width,
                           1};
      add_product(rows.transposed(), coordinates_.axes, count, slab.block.data(), stride, stride,
                  slab.directions.data(), stride);
    }
  }

  // Logits of one row become weight * (probability - target); 0 where its head may not see it.
  void residuals(size_t row, float* logits) const {
    const size_t classes = task_.classes;
    const float weight = task_.fold[row] == kNoFold ? 0 : task_.weights[row];
    std::fill(logits + classes * task_.folds, logits + heads_.stride, 0.0f);
    for (size_t fold = 0; fold < task_.folds; ++fold) {
      float* own = logits + fold * classes;
      if (weight == 0 || task_.fold[row] == fold) {
        std::fill(own, own + classes, 0.0f);
        continue;
      }
      softmax(own, classes);
      const float* target = task_.targets.data() + row * classes;
      for (size_t k = 0; k < classes; ++k) own[k] = weight * (own[k] - target[k]);
    }
  }

  // One accelerated step; true when next to nothing moved.
  bool step(Heads& last, std::vector<double>& momentum) {
    const size_t stride = heads_.stride;
    std::vector<float> push(stride, 0);
    for (size_t fold = 0; fold < task_.folds; ++fold) {
      const double next = (1 + std::sqrt(1 + 4 * momentum[fold] * momentum[fold])) / 2;
      const auto factor = static_cast<float>((momentum[fold] - 1) / next);
      std::fill_n(push.begin() + static_cast<ptrdiff_t>(fold * task_.classes), task_.classes,
                  factor);
      momentum[fold] = next;
    }
    std::vector<float> directions(heads_.directions.size());
    std::vector<float> biases(stride);
    for (size_t i = 0; i < directions.size(); ++i) {
      directions[i] =
          heads_.directions[i] + push[i % stride] * (heads_.directions[i] - last.directions[i]);
    }
    for (size_t j = 0; j < stride; ++j) {
      biases[j] = heads_.biases[j] + push[j] * (heads_.biases[j] - last.biases[j]);
    }
    parallel_for_(slabs_.size(), 1, [&](size_t begin, size_t end) {
      for (size_t s = begin; s < end; ++s) {
        add_rows(coordinates_.rows * s / slabs_.size(), coordinates_.rows * (s + 1) / slabs_.size(),
                 directions, biases, slabs_[s]);
      }
    });
    return descend(directions, biases, last, momentum);
  }

  bool descend(std::vector<float>& directions, std::vector<float>& biases, Heads& last,
               std::vector<double>& momentum) {
    constexpr double kConverged = 1e-7;  // of the squared length, in the metric of the bound
    const size_t stride = heads_.stride;
    const size_t used = task_.classes * task_.folds;
    std::vector<double> overshoot(task_.folds, 0);
    double moved = 0;
    double length = 0;
    const auto move = [&](double at, double gradient, double bound, float& current, float& before,
                          size_t j) {
      const double next = bound > 0 ? at - gradient / bound : at;
      overshoot[j / task_.classes] += (at - next) * (next - current) * bound;
      moved += (next - current) * (next - current) * bound;
      length += next * next * bound;
      before = current;
      current = static_cast<float>(next);
    };
    for (size_t axis = 0; axis < coordinates_.axes; ++axis) {
      for (size_t j = 0; j < used; ++j) {
        const size_t i = axis * stride + j;
        const double ridge = task_.lambda * weight_of_fold_[j / task_.classes];
        double gradient = ridge * directions[i];
        for (const Slab& slab : slabs_) gradient += slab.directions[i];
        move(directions[i], gradient, coordinates_.squares[axis] / 2 + ridge, heads_.directions[i],
             last.directions[i], j);
      }
    }
    for (size_t j = 0; j < used; ++j) {
      double gradient = 0;
      for (const Slab& slab : slabs_) gradient += slab.biases[j];
      move(biases[j], gradient, static_cast<double>(coordinates_.rows) / 2, heads_.biases[j],
           last.biases[j], j);
    }
    for (size_t fold = 0; fold < task_.folds; ++fold) {
      if (overshoot[fold] > 0) momentum[fold] = 1;
    }
    return moved <= kConverged * length;
  }

  const Coordinates& coordinates_;
  const HeadTask& task_;
  const ParallelFor& parallel_for_;
  Heads heads_;
  std::vector<Slab> slabs_;
  std::vector<double> weight_of_fold_;
};

}  // namespace

Heads train_heads(const Coordinates& coordinates, const HeadTask& task, const Heads* start,
                  const ParallelFor& parallel_for, const std::function<void()>& tick) {
  return Trainer(coordinates, task, parallel_for).run(start, tick);
}

std::vector<float> held_out_probabilities(const Coordinates& coordinates, const Heads& heads,
                                          std::span<const uint8_t> fold,
                                          const ParallelFor& parallel_for) {
  const size_t classes = heads.classes;
  std::vector<float> result(coordinates.rows * classes, 0);
  parallel_for((coordinates.rows + kBlockRows - 1) / kBlockRows, 1, [&](size_t begin, size_t end) {
    std::vector<float> block(kBlockRows * heads.stride);
    for (size_t b = begin; b < end; ++b) {
      const size_t first = b * kBlockRows;
      const size_t count = std::min(kBlockRows, coordinates.rows - first);
      logits_of(coordinates, first, count, heads.directions.data(), heads.biases.data(),
                heads.stride, block.data());
      for (size_t i = 0; i < count; ++i) {
        float* logits = block.data() + i * heads.stride;
        float* out = result.data() + (first + i) * classes;
        const uint8_t own = fold[first + i];
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

}  // namespace errata::analysis
