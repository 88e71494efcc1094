"""OpenVINO's forward rate on the same model, printed beside: bench/infer.sh calls it when the
package openvino is there.

    python bench/infer_openvino.py MODEL.pt THREADS,... fp32,bf16 BATCH SECS
"""

import sys
import time

import numpy as np
import openvino as ov
import torch


def rate(core, model, threads, precision, batch, secs):
    hint = {"fp32": "f32", "bf16": "bf16"}[precision]
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads,
        "INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "THROUGHPUT"})
    queue = ov.AsyncInferQueue(compiled, threads)
    images = np.random.default_rng(0).normal(size=(batch, 3, 224, 224)).astype(np.float32)
    for _ in range(2 * threads):
        queue.start_async({0: images})
    queue.wait_all()
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < secs:
        queue.start_async({0: images})
        calls += 1
    queue.wait_all()
    return calls * batch / (time.perf_counter() - start)


def main():
    path, threads, precisions, batch, secs = sys.argv[1:6]
    batch, secs = int(batch), float(secs)
    core = ov.Core()
    model = ov.convert_model(torch.jit.load(path), example_input=torch.zeros(batch, 3, 224, 224),
                             input=[batch, 3, 224, 224])
    print(f"OpenVINO {ov.__version__.split('-')[0]}, forward alone, batch {batch}")
    for count in threads.split(","):
        for precision in precisions.split(","):
            best = max(rate(core, model, int(count), precision, batch, secs) for _ in range(3))
            print(f"{count:<9} {precision:<9} {best:>10.1f}")


if __name__ == "__main__":
    main()
