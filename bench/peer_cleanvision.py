"""CleanVision's seven measures of a folder of images on all cores: prints images a second.

    python bench/peer_cleanvision.py FOLDER [PROCESSES]

Needs cleanvision (0.3.7). The time is find_issues alone, without starting Python.
"""
import contextlib
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def main():
    from cleanvision import Imagelab

    folder = sys.argv[1]
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    kinds = ["dark", "light", "odd_aspect_ratio", "low_information", "blurry", "grayscale",
             "odd_size"]
    with open(os.devnull, "w") as null, contextlib.redirect_stdout(null), \
            contextlib.redirect_stderr(null):
        lab = Imagelab(data_path=folder, verbose=False)
        begin = time.perf_counter()
        lab.find_issues({kind: {} for kind in kinds}, n_jobs=processes, verbose=False)
        seconds = time.perf_counter() - begin
    print(f"{len(lab.issues)} {seconds:.3f}")


if __name__ == "__main__":
    main()
