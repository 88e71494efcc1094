#include "infer/torch/outputs.h"

#include <vector>

namespace errata::infer::torch_runner {

at::Tensor pick_tensor(const c10::IValue& value, const Pick& pick) {
  if (value.isTensor()) {
    if (pick.index == 0) return value.toTensor();
    throw Failure{
        kBadInput,
        "the model has one output, and output " + std::to_string(pick.index) + " was asked for",
        "outputs are counted from 0"};
  }
  std::vector<c10::IValue> members;
  if (value.isGenericDict()) {
    std::string keys;
    for (const auto& entry : value.toGenericDict()) {
      if (entry.key().isString()) {
        if (entry.key().toStringRef() == pick.name) return entry.value().toTensor();
        keys += (keys.empty() ? "" : ", ") + entry.key().toStringRef();
      }
      members.push_back(entry.value());
    }
    if (!pick.name.empty()) {
      throw Failure{kBadInput, "the model has no output \"" + pick.name + "\"",
                    "its outputs are " + keys};
    }
  } else if (value.isTuple()) {
    members = value.toTupleRef().elements().vec();
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) members.emplace_back(tensor);
  } else if (value.isList()) {
    for (const c10::IValue& member : value.toListRef()) members.push_back(member);
  } else {
    throw Failure{kBadInput, "the model returns a " + value.tagKind() + ", not a tensor", ""};
  }
  if (pick.index >= members.size()) {
    throw Failure{kBadInput,
                  "the model has " + std::to_string(members.size()) + " outputs, and output " +
                      std::to_string(pick.index) + " was asked for",
                  "outputs are counted from 0"};
  }
  if (!members[pick.index].isTensor()) {
    throw Failure{kBadInput,
                  "output " + std::to_string(pick.index) + " of the model is a " +
                      members[pick.index].tagKind() + ", not a tensor",
                  "name another with the key \"output\""};
  }
  return members[pick.index].toTensor();
}

namespace {

// n x columns in float32: maps and tokens are averaged over their places.
at::Tensor as_rows(at::Tensor value, int64_t n, const char* what, bool reduce) {
  if (value.dim() < 2 || value.size(0) != n) {
    throw Failure{kBadInput,
                  std::string("the ") + what + " has " + std::to_string(value.dim()) +
                      " dimensions" +
                      (value.dim() > 0 ? " and " + std::to_string(value.size(0)) + " rows" : "") +
                      " for " + std::to_string(n) + " images",
                  "one row of values for each image is needed; a model traced for a fixed batch "
                  "size gives others"};
  }
  value = value.to(at::kFloat);
  while (!reduce && value.dim() > 2 && value.size(-1) == 1) value = value.squeeze(-1);
  if (reduce && value.dim() == 3) value = value.mean(1);
  if (reduce && value.dim() == 4) value = value.mean(at::IntArrayRef{2, 3});
  if (value.dim() != 2) {
    throw Failure{
        kBadInput,
        std::string("the ") + what + " has " + std::to_string(value.dim()) +
            " dimensions; a classifier's has two",
        "name the classifier's output with the key \"output\"; a YOLO detector is described "
        "with \"output\": \"yolo\""};
  }
  return value.contiguous();
}

// n x a x b in float32: a detector's.
at::Tensor as_maps(const at::Tensor& value, int64_t n) {
  if (value.dim() != 3 || value.size(0) != n) {
    throw Failure{kBadInput,
                  "the output has " + std::to_string(value.dim()) + " dimensions" +
                      (value.dim() > 0 ? " and " + std::to_string(value.size(0)) + " rows" : "") +
                      " for " + std::to_string(n) + " images; a detector's has three",
                  "name the detector's output with the key \"output\""};
  }
  return value.to(at::kFloat).contiguous();
}

}  // namespace

Rows take_rows(const c10::IValue& result, const Wanted& wanted, int64_t n) {
  const c10::IValue& inner = wanted.stages ? result.toTupleRef().elements()[0] : result;
  const c10::IValue& own = wanted.extra ? inner.toTupleRef().elements()[0] : inner;
  Rows rows;
  const at::Tensor values = pick_tensor(own, wanted.values);
  rows.values = wanted.form == OutputForm::kClasses ? as_rows(values, n, "output", false)
                                                    : as_maps(values, n);
  if (wanted.extra || wanted.has_embedding) {
    const at::Tensor raw = wanted.extra ? inner.toTupleRef().elements()[1].toTensor()
                                        : pick_tensor(own, wanted.embedding);
    rows.embedding = as_rows(raw, n, "embedding", true);
    rows.averaged = rows.embedding.numel() != raw.numel();
  }
  if (wanted.stages) {
    rows.stages = result.toTupleRef().elements()[1].toTensor().contiguous();
  }
  return rows;
}

}  // namespace errata::infer::torch_runner
