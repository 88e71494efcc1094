"""Every C++ file is as clang-format writes it (version 14, Debian 12's, see .clang-format)."""

import shutil
import subprocess
import sys

from source_tree import ROOT, relative, tracked


def main():
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if tool is None:
        print("SKIPPED: clang-format is not installed")
        return 0
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if "version 14." not in version:
        print(f"SKIPPED: the format is pinned to clang-format 14, this is {version.strip()}")
        return 0
    files = [str(p) for p in tracked(".h", ".cc")]
    if "--fix" in sys.argv:
        subprocess.run([tool, "-i", *files], check=True, cwd=ROOT)
        return 0
    run = subprocess.run([tool, "--dry-run", "-Werror", *files], cwd=ROOT, capture_output=True,
                         text=True)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if ": error:" in line})
    for name in wrong:
        print(f"not formatted: {relative(ROOT / name)}")
    if wrong:
        print("python3 tests/checks/check_format.py --fix puts it right")
    else:
        print(f"format: {len(files)} files")
    return 1 if wrong or run.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
