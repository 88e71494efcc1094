// Where linear heads are trained: on the processor, or on a CUDA device when there is one.
#pragma once

#include <string>

#include "analysis/linear_head.h"
#include "base/workers.h"
#include "infer/load_head_device.h"

namespace errata::jobs {

// By LibTorch, on the processor too.
analysis::HeadMathFactory torch_head_math(const std::string& device);

// By LibTorch on a CUDA device, else as analysis::processor_head_math. What is made throws
// Error(kUnsupported) where the device's memory does not hold the rows.
analysis::HeadMathFactory head_math_on(const infer::ChosenDevice& device, ParallelFor parallel_for);

}  // namespace errata::jobs
