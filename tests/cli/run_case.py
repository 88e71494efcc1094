#!/usr/bin/env python3
"""Runs one text case of the command line.

    run_case.py BIN_DIR FILE.test
    run_case.py BIN_DIR FILE.test --print   the file with what the commands print now, to review

A case file is a transcript. `  $ COMMAND` runs in a shell in an empty folder that all commands of
the file share (`errata` is the built program, `make_data` is make_data.py, `as_nobody COMMAND` runs it
as a user who may not write where nobody may). The indented lines that follow are its expected output, stdout and stderr together, then `  [N]` when it exits with N > 0.
Lines that are not indented are comments. In an expected line `{*}` stands for any text, `{N}` for a
number; a line `...` stands for any lines.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile


def parse(path):
    cases = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.startswith("  $ "):
                cases.append({"line": number, "command": line[4:], "expected": [], "code": 0})
            elif line.startswith("  > "):
                cases[-1]["command"] += "\n" + line[4:]
            elif line.startswith("  "):
                code = re.fullmatch(r"  \[(\d+)\]", line)
                if code:
                    cases[-1]["code"] = int(code.group(1))
                else:
                    cases[-1]["expected"].append(line[2:])
    return cases


def to_pattern(lines):
    pattern = ""
    for line in lines:
        if line == "...":
            pattern += r"(?:.*\n)*?"
            continue
        part = re.escape(line)
        part = part.replace(re.escape("{*}"), ".*").replace(re.escape("{N}"), r"[\d,.]+")
        pattern += part + r"\n"
    return re.compile(pattern)


def run(case, folder, environment):
    done = subprocess.run(["bash", "-c", case["command"]], cwd=folder, env=environment, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    output = done.stdout.decode("utf-8", "backslashreplace")
    if output and not output.endswith("\n"):
        output += "\n"
    case["output"], case["actual_code"] = output, done.returncode
    if "--print" in sys.argv:
        return True
    good = done.returncode == case["code"] and to_pattern(case["expected"]).fullmatch(output)
    if not good:
        print(f"line {case['line']}: $ {case['command']}")
        print("  expected" + (f" (exit {case['code']})" if case["code"] else "") + ":")
        print("".join(f"    {line}\n" for line in case["expected"]), end="")
        print(f"  got (exit {done.returncode}):")
        print("".join(f"    {line}\n" for line in output.splitlines()), end="")
    return bool(good)


def print_actual(path, cases):
    outputs = {case["line"]: case for case in cases}
    keep = True
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if number in outputs:
                case = outputs[number]
                print("".join(f"  {'$' if i == 0 else '>'} {part}\n"
                              for i, part in enumerate(case["command"].split("\n"))), end="")
                print("".join(f"  {part}\n" for part in case["output"].splitlines()), end="")
                print(f"  [{case['actual_code']}]\n" if case["actual_code"] else "", end="")
                keep = False
            elif not line.startswith("  "):
                keep = True
            if keep:
                print(line, end="")


def main():
    bin_dir, path = os.path.abspath(sys.argv[1]), sys.argv[2]
    here = os.path.dirname(os.path.abspath(__file__))
    folder = tempfile.mkdtemp(prefix="errata tést ")
    tools = tempfile.mkdtemp(prefix="errata-tools-")
    with open(os.path.join(tools, "make_data"), "w", encoding="utf-8") as script:
        script.write(f'#!/bin/sh\nexec {sys.executable} "{here}/make_data.py" "$@"\n')
    with open(os.path.join(tools, "as_nobody"), "w", encoding="utf-8") as script:
        script.write('#!/bin/sh\n[ "$(id -u)" = 0 ] || exec "$@"\n'
                     'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"\n')
    for folder_or_tool in (folder, tools, os.path.join(tools, "make_data"),
                           os.path.join(tools, "as_nobody")):
        os.chmod(folder_or_tool, 0o755)
    environment = dict(os.environ, PATH=f"{bin_dir}:{tools}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                       HOME=folder, ERRATA_WHO="tester")
    environment.pop("ERRATA_STORE", None)
    try:
        cases = parse(path)
        failed = sum(not run(case, folder, environment) for case in cases)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(tools, ignore_errors=True)
    if "--print" in sys.argv:
        print_actual(path, cases)
        return
    print(f"{len(cases) - failed} of {len(cases)} commands as expected in {os.path.basename(path)}")
    sys.exit(1 if failed or not cases else 0)


main()
