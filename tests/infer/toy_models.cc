#include "tests/infer/toy_models.h"

#include <torch/script.h>

#include <cmath>

namespace errata::test {

namespace {

using torch::jit::Module;

void add(Module& module, const std::string& name, std::vector<int64_t> sizes, double gain) {
  module.register_parameter(name, at::randn(sizes).mul(gain), false);
}

void add_conv(Module& module, const std::string& name, int64_t in, int64_t out, int64_t size) {
  const double fan = static_cast<double>(in * size * size);
  add(module, name + "_w", {out, in, size, size}, std::sqrt(2.0 / fan));
  add(module, name + "_bn_w", {out}, 0.2);
  add(module, name + "_bn_b", {out}, 0.2);
  module.register_buffer(name + "_bn_m", at::randn({out}).mul(0.1));
  module.register_buffer(name + "_bn_v", at::rand({out}).add(0.5));
}

// `to = batch_norm(conv2d(from))` with the parameters `name`.
std::string conv_bn(const std::string& to, const std::string& from, const std::string& name,
                    int stride, int padding) {
  const std::string s = "self." + name;
  const std::string strides = std::to_string(stride) + ", " + std::to_string(stride);
  const std::string paddings = std::to_string(padding) + ", " + std::to_string(padding);
  return "        " + to + " = torch.batch_norm(torch.conv2d(" + from + ", " + s + "_w, None, [" +
         strides + "], [" + paddings + "]), " + s + "_bn_w, " + s + "_bn_b, " + s + "_bn_m, " + s +
         "_bn_v, False, 0.1, 1e-5, True)\n";
}

std::string activation(const std::string& variant, int number) {
  if (variant != "activations") return "        y = torch.relu_(y)\n";
  switch (number) {
    case 0: return "        y = torch.silu(y)\n";
    case 1: return "        y = torch.hardswish(y)\n";
    default: return "        y = torch.gelu(y)\n";
  }
}

std::string body(const std::string& variant) {
  std::string code = "    def forward(self, x):\n";
  if (variant == "linear_only") {
    return code + "        return torch.linear(torch.flatten(x, 1), self.fc_w, self.fc_b)\n";
  }
  if (variant == "mutates") code += "        self.calls = self.calls + 1\n";
  if (variant == "hungry" || variant == "fails") {
    code += std::string("        assert x.size(0) <= 2, \"") +
            (variant == "hungry" ? "out of memory, made up" : "made up") + "\"\n";
  }
  if (variant == "buffers") {
    code += "        x = torch.mul(torch.sub(x, self.mean), torch.mul(self.scale, 2.0))\n";
  }
  code += conv_bn("y", "x", "a", 2, 1) + activation(variant, 0);
  code += "        identity = y\n";
  code += conv_bn("y", "y", "b", 1, 1) + activation(variant, 1);
  code += conv_bn("y", "y", "c", 1, 1);
  code += "        y = y + identity\n" + activation(variant, 2);
  if (variant == "halves" || variant == "halves_tuple" || variant == "conv_head" ||
      variant == "attends") {
    code +=
        "        s = torch.mean(y, [2, 3])\n" + conv_bn("y", "y", "b", 2, 1) + activation("", 3);
  }
  if (variant == "attends") {
    // Each of 4 x 4 places to each: as square as a map, and as large as the one before the halving.
    code +=
        "        t = torch.flatten(torch.adaptive_avg_pool2d(y, [4, 4]), 2)\n"
        "        a = torch.mul(torch.matmul(t.transpose(1, 2), t).unsqueeze(1), 0.1)\n"
        "        y = torch.mul(y, torch.mean(torch.softmax(a, 3)))\n";
  }
  if (variant == "pools") {
    code +=
        "        s = torch.mean(y, [2, 3])\n"
        "        y = torch.max_pool2d(y, [2, 2], [2, 2], [0, 0], [1, 1], False)\n";
  }
  if (variant == "broadcast") {
    code += "        m = torch.adaptive_avg_pool2d(y, [1, 1])\n" + conv_bn("g", "m", "b", 1, 1) +
            "        w = g + y\n"
            "        y = torch.mul(w, y) + w\n";
  }
  if (variant == "wide") {
    code +=
        "        y = torch.conv2d(torch.adaptive_avg_pool2d(y, [3, 3]), self.widen_w)\n"
        "        y = torch.conv2d(torch.relu(y), self.wide_w)\n"
        "        y = torch.conv2d(torch.relu(y), self.narrow_w)\n";
  }
  if (variant == "conv_head") {
    return code +
           "        y = torch.conv2d(y, self.head_w)\n"
           "        return torch.flatten(torch.adaptive_avg_pool2d(y, [1, 1]), 1)\n";
  }
  if (variant == "view") {
    code +=
        "        n = y.size(0)\n"
        "        f = torch.mean(y.view(n, -1).view(n, 16, -1), 2)\n";
  } else if (variant == "layers") {
    code += "        f = torch.mul(self.features.forward(y), 2.0)\n";
  } else {
    code += "        f = torch.flatten(torch.adaptive_avg_pool2d(y, [1, 1]), 1)\n";
  }
  code += "        z = torch.linear(f, self.fc_w, self.fc_b)\n";
  if (variant == "halves_tuple" || variant == "attends" || variant == "pools")
    return code + "        return (z, s)\n";
  if (variant == "tuple") return code + "        return (z, f)\n";
  if (variant == "dict") return code + "        return {\"scores\": z, \"features\": f}\n";
  if (variant == "probabilities") return code + "        return torch.softmax(z, 1)\n";
  if (variant == "nan") {
    return code +
           "        bright = (torch.mean(x, [1, 2, 3]) > 1.0).unsqueeze(1)\n"
           "        return torch.masked_fill(z, bright, float(\"nan\"))\n";
  }
  return code + "        return z\n";
}

void add_layers(Module& module) {
  Module last("Last");
  last.define(
      "    def forward(self, y):\n"
      "        return torch.flatten(torch.adaptive_avg_pool2d(y, [1, 1]), 1)\n");
  Module features("Features");
  features.register_module("last", last);
  features.define(
      "    def forward(self, y):\n"
      "        return torch.mul(self.last.forward(y), 0.5)\n");
  module.register_module("features", features);
}

}  // namespace

void write_toy_model(const std::string& path, const ToyOptions& options) {
  at::manual_seed(options.seed);
  Module module("Toy");
  const bool linear_only = options.variant == "linear_only";
  const int64_t features = linear_only ? 3 * 32 * 32 : 16;
  add_conv(module, "a", 3, 16, 3);
  add_conv(module, "b", 16, 16, 3);
  add_conv(module, "c", 16, 16, 3);
  add(module, "fc_w", {options.classes, features}, linear_only ? 0.02 : 0.8);
  add(module, "fc_b", {options.classes}, 0.5);
  if (options.variant == "blind") module.attr("a_w").toTensor().mul_(1e-3);
  if (options.variant == "conv_head") add(module, "head_w", {options.classes, 16, 1, 1}, 0.5);
  if (options.variant == "wide") {
    add(module, "widen_w", {192, 16, 1, 1}, 0.35);
    add(module, "wide_w", {1152, 192, 1, 1}, 0.1);
    add(module, "narrow_w", {16, 1152, 1, 1}, 0.04);
  }
  if (options.variant == "mutates") module.register_attribute("calls", c10::IntType::get(), 0);
  if (options.variant == "layers") add_layers(module);
  if (options.variant == "buffers") {
    module.register_buffer("mean", at::full({1, 3, 1, 1}, 0.1));
    module.register_buffer("scale", at::full({1, 1, 32, 32}, 0.5));
  }
  module.define(body(options.variant));
  module.eval();
  const std::unordered_map<std::string, std::string> extra(options.extra_files.begin(),
                                                           options.extra_files.end());
  module.save(path, extra);
}

}  // namespace errata::test
