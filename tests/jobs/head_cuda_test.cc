// Apart from head_math_test.cc, since its whole file is skipped where there is no CUDA device.
#include <doctest/doctest.h>

#include <cstdio>

#include "jobs/head_math.h"
#include "tests/jobs/head_data.h"

using namespace errata;
using namespace errata::analysis;
using namespace errata::tests;

TEST_CASE("a CUDA device trains the probe that the processor does, the same each time") {
  const infer::ChosenDevice device = infer::choose_head_device("auto");
  if (device.device == "cpu") {
    std::puts("SKIPPED: there is no CUDA device here");
    return;
  }
  const HeadData data;
  const Probe here = probe_of(data, processor_head_math(serial_for));
  const Probe cuda = probe_of(data, jobs::head_math_on(device, serial_for));
  CHECK(cuda.lambda == here.lambda);
  CHECK(largest_difference(cuda.probabilities, here.probabilities) < 1e-4);
  CHECK(probe_of(data, jobs::head_math_on(device, serial_for)).probabilities == cuda.probabilities);
}
