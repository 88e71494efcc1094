// What a model returned, made into rows: a member of its tuple, list or dictionary, and the
// embedding and the stages beside it.
#pragma once

#include <ATen/core/ivalue.h>

#include <string>

#include "infer/torch/forward.h"

namespace errata::infer::torch_runner {

struct Pick {
  size_t index = 0;
  std::string name;
};

// What is taken from what the graph or module returns.
struct Wanted {
  OutputForm form = OutputForm::kClasses;
  Pick values;
  bool extra = false;   // the graph returns (what the model returned, embedding)
  bool stages = false;  // the graph returns (what is said above, stages)
  bool has_embedding = false;
  Pick embedding;  // when it is not the extra output
};

// One tensor out of what a model returned: itself, or a member. Throws Failure.
at::Tensor pick_tensor(const c10::IValue& value, const Pick& pick);

// Of `n` images. Throws Failure where the shapes are not a row, or a detector's map, an image.
Rows take_rows(const c10::IValue& result, const Wanted& wanted, int64_t n);

}  // namespace errata::infer::torch_runner
