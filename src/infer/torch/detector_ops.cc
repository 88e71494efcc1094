// The operators that scripted torchvision detectors call. The torchvision library that brings them
// is not there, so they are registered here, with its schemas. Faster and Mask R-CNN use nms and
// roi_align; RetinaNet, FCOS and SSD nms; box_iou_rotated stands in a branch of box_iou that none
// of them takes, but a file with it only loads when the operator is known.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <cmath>

#include "infer/suppress.h"

namespace errata::infer::torch_runner {

namespace {

at::Tensor on_cpu(const at::Tensor& tensor, at::ScalarType type) {
  return tensor.to(at::kCPU, type).contiguous();
}

// torchvision/csrc/ops/cpu/nms_kernel.cpp.
at::Tensor nms(const at::Tensor& boxes, const at::Tensor& scores, double iou_threshold) {
  TORCH_CHECK(boxes.dim() == 2 && boxes.size(1) == 4, "nms: boxes should be n x 4");
  TORCH_CHECK(scores.dim() == 1 && scores.size(0) == boxes.size(0),
              "nms: scores should be as many as boxes");
  const auto n = static_cast<size_t>(scores.size(0));
  const bool wide = boxes.scalar_type() == at::kDouble;
  const at::Tensor b = on_cpu(boxes, wide ? at::kDouble : at::kFloat);
  const at::Tensor s = on_cpu(scores, wide ? at::kDouble : at::kFloat);
  const std::vector<uint32_t> keep =
      wide ? suppress(b.data_ptr<double>(), s.data_ptr<double>(), n, iou_threshold)
           : suppress(b.data_ptr<float>(), s.data_ptr<float>(), n, iou_threshold);
  at::Tensor result = at::empty({static_cast<int64_t>(keep.size())}, at::kLong);
  std::copy(keep.begin(), keep.end(), result.data_ptr<int64_t>());
  return result.to(boxes.device());
}

// One place of a map between four of its values.
struct Sample {
  int64_t at[4];
  float weight[4];
};

// torchvision/csrc/ops/cpu/roi_align_common.h, pre_calc_for_bilinear_interpolate.
Sample sample_at(float y, float x, int64_t height, int64_t width) {
  if (y < -1.0f || y > static_cast<float>(height) || x < -1.0f || x > static_cast<float>(width)) {
    return {{0, 0, 0, 0}, {0, 0, 0, 0}};
  }
  y = std::max(y, 0.0f);
  x = std::max(x, 0.0f);
  auto y_low = static_cast<int64_t>(y);
  auto x_low = static_cast<int64_t>(x);
  int64_t y_high = y_low + 1;
  int64_t x_high = x_low + 1;
  if (y_low >= height - 1) {
    y_high = y_low = height - 1;
    y = static_cast<float>(y_low);
  }
  if (x_low >= width - 1) {
    x_high = x_low = width - 1;
    x = static_cast<float>(x_low);
  }
  const float ly = y - static_cast<float>(y_low);
  const float lx = x - static_cast<float>(x_low);
  const float hy = 1.0f - ly;
  const float hx = 1.0f - lx;
  return {{y_low * width + x_low, y_low * width + x_high, y_high * width + x_low,
           y_high * width + x_high},
          {hy * hx, hy * lx, ly * hx, ly * lx}};
}

struct Pooling {
  float scale;
  int64_t height;
  int64_t width;
  int64_t sampling_ratio;
  bool aligned;
};

// One region, `roi` being x0, y0, x1, y1; `map` is channels x height x width.
void align_region(const float* map, int64_t channels, int64_t height, int64_t width,
                  const float* roi, const Pooling& pool, float* out) {
  const float offset = pool.aligned ? 0.5f : 0.0f;
  const float x0 = roi[0] * pool.scale - offset;
  const float y0 = roi[1] * pool.scale - offset;
  float region_width = roi[2] * pool.scale - offset - x0;
  float region_height = roi[3] * pool.scale - offset - y0;
  if (!pool.aligned) {
    region_width = std::max(region_width, 1.0f);
    region_height = std::max(region_height, 1.0f);
  }
  const float bin_height = region_height / static_cast<float>(pool.height);
  const float bin_width = region_width / static_cast<float>(pool.width);
  const bool given = pool.sampling_ratio > 0;
  const int64_t grid_height =
      given ? pool.sampling_ratio : static_cast<int64_t>(std::ceil(bin_height));
  const int64_t grid_width =
      given ? pool.sampling_ratio : static_cast<int64_t>(std::ceil(bin_width));
  std::vector<Sample> samples;
  for (int64_t py = 0; py < pool.height; ++py) {
    for (int64_t px = 0; px < pool.width; ++px) {
      for (int64_t iy = 0; iy < grid_height; ++iy) {
        const float y =
            y0 + static_cast<float>(py) * bin_height +
            (static_cast<float>(iy) + 0.5f) * bin_height / static_cast<float>(grid_height);
        for (int64_t ix = 0; ix < grid_width; ++ix) {
          const float x =
              x0 + static_cast<float>(px) * bin_width +
              (static_cast<float>(ix) + 0.5f) * bin_width / static_cast<float>(grid_width);
          samples.push_back(sample_at(y, x, height, width));
        }
      }
    }
  }
  const int64_t per_bin = std::max<int64_t>(0, grid_height) * std::max<int64_t>(0, grid_width);
  const auto count = static_cast<float>(std::max<int64_t>(per_bin, 1));
  for (int64_t c = 0; c < channels; ++c, map += height * width) {
    const Sample* sample = samples.data();
    for (int64_t bin = 0; bin < pool.height * pool.width; ++bin) {
      float sum = 0;
      for (int64_t i = 0; i < per_bin; ++i, ++sample) {
        sum += sample->weight[0] * map[sample->at[0]] + sample->weight[1] * map[sample->at[1]] +
               sample->weight[2] * map[sample->at[2]] + sample->weight[3] * map[sample->at[3]];
      }
      *out++ = sum / count;
    }
  }
}

// torchvision/csrc/ops/cpu/roi_align_kernel.cpp, in float32. `rois` is K x 5: image, x0, y0, x1,
// y1.
at::Tensor roi_align(const at::Tensor& input, const at::Tensor& rois, double spatial_scale,
                     c10::SymInt pooled_height, c10::SymInt pooled_width, int64_t sampling_ratio,
                     bool aligned) {
  TORCH_CHECK(input.dim() == 4, "roi_align: the input should be n x channels x height x width");
  TORCH_CHECK(rois.dim() == 2 && rois.size(1) == 5, "roi_align: rois should be k x 5");
  const at::Tensor maps = on_cpu(input, at::kFloat);
  const at::Tensor regions = on_cpu(rois, at::kFloat);
  const Pooling pool{static_cast<float>(spatial_scale), pooled_height.expect_int(),
                     pooled_width.expect_int(), sampling_ratio, aligned};
  const int64_t channels = maps.size(1);
  const int64_t height = maps.size(2);
  const int64_t width = maps.size(3);
  const int64_t out_values = channels * pool.height * pool.width;
  at::Tensor result = at::empty({regions.size(0), channels, pool.height, pool.width});
  const float* map = maps.data_ptr<float>();
  const float* roi = regions.data_ptr<float>();
  float* out = result.data_ptr<float>();
  at::parallel_for(0, regions.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const auto image = static_cast<int64_t>(roi[k * 5]);
      TORCH_CHECK(image >= 0 && image < maps.size(0), "roi_align: a region of no image");
      align_region(map + image * channels * height * width, channels, height, width,
                   roi + k * 5 + 1, pool, out + k * out_values);
    }
  });
  return result.to(input.options());
}

at::Tensor box_iou_rotated(const at::Tensor&, const at::Tensor&) {
  TORCH_CHECK(false, "torchvision::box_iou_rotated is not there");
}

}  // namespace

TORCH_LIBRARY(torchvision, library) {
  library.def("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor");
  library.def(
      "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, "
      "SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor");
  library.def("box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor");
}

// On every device: what lies on another one is copied to the processor and back.
TORCH_LIBRARY_IMPL(torchvision, CompositeExplicitAutograd, library) {
  library.impl("nms", nms);
  library.impl("roi_align", roi_align);
  library.impl("box_iou_rotated", box_iou_rotated);
}

}  // namespace errata::infer::torch_runner
