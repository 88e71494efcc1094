"""Walks the includes: fails on an arrow the wrong way and on a third party outside its cage."""

import re
import sys

from source_tree import ROOT, relative, tracked

BASE = {"base"}
MODEL = BASE | {"model"}
LOW = MODEL | {"query", "text"}
SIBLINGS = {"importers", "infer", "analysis", "export", "versions", "store", "media"}
MAY_SEE = {
    "base": set(),
    "model": BASE,
    "query": MODEL,
    "text": MODEL,
    "store": LOW,
    "media": LOW,
    "analysis": LOW,
    "infer": LOW | {"media"},
    "importers": LOW | {"media"},
    "versions": LOW | {"store"},
    "export": LOW | {"versions", "store"},
    "jobs": LOW | SIBLINGS,
    "cli": LOW | SIBLINGS | {"jobs"},
    "viewer": LOW | SIBLINGS | {"jobs"},
}

# Header pattern -> the folders that may include it. "tests" and "bench" are checked apart.
CAGES = {
    r"sqlite3\.h": {"store"},
    r"xxhash\.h|openssl/.*": {"base"},
    r"fmt/.*": set(MAY_SEE),
    r"nlohmann/.*|zip\.h|pugixml\.hpp|yaml-cpp/.*": {"text"},
    r"zlib\.h": {"text", "media"},
    r"zstd\.h": {"store"},
    r"jpeglib\.h|jerror\.h|turbojpeg\.h|png\.h|opencv2/.*": {"media"},
    r"torch/.*|ATen/.*|c10/.*|caffe2/.*": {"infer"},
    r"CLI/.*": {"cli"},
    r"imgui.*|implot.*|portable_file_dialogs\.h|GLFW/.*|GL/.*|fribidi/.*": {"viewer"},
    r"doctest/.*": set(),
    r"thread": {"base"},
}
# SQLite checks the filter language in a differential test; the tests draw windows, read PNGs,
# and compare each form with the options of its command.
TESTS_MAY = {r"doctest/.*", r"CLI/.*", r"sqlite3\.h", r"imgui.*", r"implot.*", r"GLFW/.*", r"GL/.*",
             r"torch/.*", r"fmt/.*", r"thread", r"zlib\.h", r"png\.h", r"jpeglib\.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def folder_of(path):
    parts = relative(path).split("/")
    return parts[1] if parts[0] == "src" else parts[0]


def main():
    problems = []
    includes = 0
    for path in tracked(".h", ".cc"):
        folder = folder_of(path)
        name = relative(path)
        if folder not in MAY_SEE and folder not in {"tests", "bench", "samples"}:
            problems.append(f"{name}: folder {folder} is in no layer")
            continue
        for bracket, target in INCLUDE.findall(path.read_text(errors="replace")):
            includes += 1
            head = target.split("/")[0]
            ours = bracket == '"' and (head in MAY_SEE or head == "tests")
            if ours:
                if folder in MAY_SEE and head != folder and head not in MAY_SEE[folder]:
                    problems.append(f"{name}: {folder} must not see {head} ({target})")
                if not (ROOT / target).is_file() and not (ROOT / "src" / target).is_file():
                    problems.append(f"{name}: no such file: {target}")
                continue
            for pattern, cage in CAGES.items():
                if not re.fullmatch(pattern, target):
                    continue
                if folder in MAY_SEE and folder not in cage:
                    problems.append(f"{name}: <{target}> is caged in {sorted(cage) or 'tests'}")
                if folder == "tests" and not any(re.fullmatch(p, target) for p in TESTS_MAY):
                    problems.append(f"{name}: tests must not include <{target}>")
    print("\n".join(problems) or f"layers: {includes} includes, every arrow is right")
    return 1 if problems or includes == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
