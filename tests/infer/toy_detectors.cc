#include "tests/infer/toy_detectors.h"

#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/library.h>
#include <torch/script.h>

namespace errata::test {

namespace {

namespace jit = torch::jit;

// Lets code say torch.x for LibTorch's operators and tv.x for torchvision's.
struct Resolver : jit::Resolver {
  std::shared_ptr<jit::SugaredValue> resolveValue(const std::string& name, jit::GraphFunction&,
                                                  const jit::SourceRange&) override {
    if (name == "torch") return std::make_shared<jit::BuiltinModule>("aten");
    if (name == "tv") return std::make_shared<jit::BuiltinModule>("torchvision");
    return nullptr;
  }
};

std::string yolo_code(const std::string& variant) {
  std::string code = "    def forward(self, x):\n";
  if (variant == "one_image") code += "        assert x.size(0) == 1, \"one image only\"\n";
  code +=
      "        n = x.size(0)\n"
      "        side = x.size(2) // 16\n"
      "        p = torch.avg_pool2d(x, [16, 16])\n"
      "        scores = torch.stack([p.select(1, 0), p.select(1, 2)], 1).view(n, 2, -1)\n"
      "        at = torch.arange(side * side, dtype=6, device=x.device)\n"
      "        cx = torch.remainder(at, side) * 16.0 + 8.0\n"
      "        cy = torch.floor(at / side) * 16.0 + 8.0\n"
      "        size = torch.ones_like(at) * 16.0\n"
      "        box = torch.stack([cx, cy, size, size], 0).unsqueeze(0).expand(n, 4, -1)\n"
      "        beside = torch.stack([cx + 1.0, cy, size, size], 0).unsqueeze(0).expand(n, 4, -1)\n"
      "        boxes = torch.cat([box, beside], 2)\n"
      "        scores = torch.cat([scores, scores * 0.9], 2)\n";
  if (variant == "mixes") code += "        scores = scores - torch.mean(scores)\n";
  if (variant == "nan") {
    code +=
        "        white = (x.select(2, 0).select(2, 0).mean(1) > 0.999).view(-1, 1, 1)\n"
        "        scores = torch.masked_fill(scores, white, float(\"nan\"))\n";
  }
  if (variant == "suppressed") {
    return code +
           "        best, which = torch.max(scores, 1)\n"
           "        half = boxes.narrow(1, 2, 2) / 2.0\n"
           "        middle = boxes.narrow(1, 0, 2)\n"
           "        corners = torch.cat([middle - half, middle + half], 1)\n"
           "        rows = torch.cat([corners, best.unsqueeze(1), which.unsqueeze(1)], 1)\n"
           "        return torch.transpose(rows, 1, 2).narrow(1, 0, side * side)\n";
  }
  return code + "        return torch.cat([boxes, scores], 1)\n";
}

std::string torchvision_code(const std::string& variant) {
  if (variant == "tensor") {
    return "    def forward(self, images: Tensor) -> List[Dict[str, Tensor]]:\n"
           "        return [{\"boxes\": images}]\n";
  }
  std::string code =
      "    def forward(self, images: List[Tensor], targets: Optional[List[Dict[str, Tensor]]]=None)"
      " -> Tuple[Dict[str, Tensor], List[Dict[str, Tensor]]]:\n"
      "        found: List[Dict[str, Tensor]] = []\n"
      "        for image in images:\n"
      "            x = image.unsqueeze(0)\n"
      "            p = torch.avg_pool2d(x, [16, 16])\n"
      "            bright = torch.flatten(torch.max(p.select(0, 0), 0)[0])\n"
      "            wide = p.size(3)\n"
      "            at = torch.arange(bright.size(0), dtype=6, device=x.device)\n"
      "            x0 = torch.remainder(at, wide) * 16.0\n"
      "            y0 = torch.floor(at / wide) * 16.0\n"
      "            first = torch.stack([x0, y0, x0 + 16.0, y0 + 16.0], 1)\n"
      "            boxes = torch.cat([first, first + 1.0], 0)\n"
      "            scores = torch.cat([bright, bright * 0.9], 0)\n"
      "            keep = tv.nms(boxes, scores, 0.5)\n"
      "            boxes = torch.index_select(boxes, 0, keep)\n"
      "            scores = torch.index_select(scores, 0, keep)\n"
      "            zero = torch.zeros_like(scores).unsqueeze(1)\n"
      "            inside = tv.roi_align(x, torch.cat([zero, boxes], 1), 1.0, 1, 1, 2, True)\n"
      "            colour = torch.flatten(inside, 1)\n"
      "            labels = (colour.select(1, 2) > colour.select(1, 0)).to(4) + 1\n";
  code += std::string("            one = {\"boxes\": boxes, \"labels\": labels, \"") +
          (variant == "no_scores" ? "certainty" : "scores") + "\": scores}\n";
  if (variant == "masks") {
    code +=
        "            rows = torch.arange(x.size(2), dtype=6, device=x.device).view(1, -1, 1)\n"
        "            columns = torch.arange(x.size(3), dtype=6, device=x.device).view(1, 1, -1)\n"
        "            b = boxes.view(-1, 4, 1, 1)\n"
        "            across = (columns >= b.select(1, 0)) & (columns < b.select(1, 2))\n"
        "            down = (rows >= b.select(1, 1)) & (rows < b.select(1, 3))\n"
        "            one[\"masks\"] = (across & down).to(6).unsqueeze(1)\n";
  }
  return code +
         "            found.append(one)\n"
         "        losses: Dict[str, Tensor] = {}\n"
         "        return (losses, found)\n";
}

}  // namespace

void write_toy_yolo(const std::string& path, const std::string& variant,
                    const std::map<std::string, std::string>& extra_files) {
  jit::Module module("__torch__.ToyYolo");
  module.define(yolo_code(variant));
  module.eval();
  const std::unordered_map<std::string, std::string> extra(extra_files.begin(), extra_files.end());
  module.save(path, extra);
}

std::string toy_yolo_config(int side, bool suppressed) {
  return R"({"description": "toy", "stride": 16, "task": "detect", "batch": 1, "imgsz": [)" +
         std::to_string(side) + ", " + std::to_string(side) +
         R"(], "names": {"0": "red", "1": "blue"}, "args": {"nms": )" +
         (suppressed ? "true" : "false") + R"(}, "channels": 3, "end2end": false})";
}

void write_toy_torchvision(const std::string& path, const std::string& variant) {
  jit::Module module("__torch__.detection.ToyDetector");
  module.define(torchvision_code(variant), std::make_shared<Resolver>());
  module.eval();
  module.save(path);
}

std::vector<int64_t> call_nms(const std::vector<float>& boxes, const std::vector<float>& scores,
                              double iou) {
  const auto n = static_cast<int64_t>(scores.size());
  const auto op = c10::Dispatcher::singleton()
                      .findSchemaOrThrow("torchvision::nms", "")
                      .typed<at::Tensor(const at::Tensor&, const at::Tensor&, double)>();
  const at::Tensor keep = op.call(at::from_blob(const_cast<float*>(boxes.data()), {n, 4}),
                                  at::from_blob(const_cast<float*>(scores.data()), {n}), iou);
  return {keep.data_ptr<int64_t>(), keep.data_ptr<int64_t>() + keep.numel()};
}

std::vector<float> call_roi_align(const RoiAlignCall& call) {
  const auto op = c10::Dispatcher::singleton()
                      .findSchemaOrThrow("torchvision::roi_align", "")
                      .typed<at::Tensor(const at::Tensor&, const at::Tensor&, double, c10::SymInt,
                                        c10::SymInt, int64_t, bool)>();
  const auto k = static_cast<int64_t>(call.rois.size() / 5);
  const at::Tensor out =
      op.call(at::from_blob(const_cast<float*>(call.input.data()), call.sizes),
              at::from_blob(const_cast<float*>(call.rois.data()), {k, 5}), call.scale, call.height,
              call.width, call.sampling_ratio, call.aligned);
  return {out.data_ptr<float>(), out.data_ptr<float>() + out.numel()};
}

}  // namespace errata::test
