"""Our own rules, over the ceiling or broken: sizes, headers, output from library code, marks."""

import re
import sys

from source_tree import blank_comments_and_strings, relative, tracked

MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 120
MAX_COLUMNS = 100
# Names std::cerr to keep OpenCV from writing to it.
SILENCES_OUTPUT = {"src/media/imgcodecs_module.cc"}
TRANSPARENT = re.compile(r"\b(namespace|class|struct|union|enum)\b[^;{}()]*$|\bextern\s*$")


def long_functions(code):
    """(first line, lines) of each brace block outside any function that is over the ceiling."""
    blocks = []
    stack = []  # True where the block only groups declarations
    opened_at = 0
    last_break = 0
    for at, char in enumerate(code):
        if char == "{":
            if all(stack):
                transparent = bool(TRANSPARENT.search(code[last_break:at]))
                if not transparent:
                    opened_at = last_break
                stack.append(transparent)
            else:
                stack.append(False)
            last_break = at + 1
        elif char == "}":
            if stack and not stack.pop() and all(stack):
                first = code.count("\n", 0, opened_at) + 1
                lines = code.count("\n", opened_at, at)
                if lines > MAX_FUNCTION_LINES:
                    blocks.append((first, lines))
            last_break = at + 1
        elif char == ";":
            last_break = at + 1
    return blocks


def check(path):
    name = relative(path)
    folder = name.split("/")[1] if name.startswith("src/") else name.split("/")[0]
    text = path.read_text(errors="replace")
    code = blank_comments_and_strings(text)
    lines = text.splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield f"{name}: {len(lines)} lines, the ceiling is {MAX_FILE_LINES}"
    for first, length in long_functions(code):
        yield f"{name}:{first}: a function of {length} lines, the ceiling is {MAX_FUNCTION_LINES}"
    if path.suffix == ".h":
        if "#pragma once" not in text:
            yield f"{name}: no #pragma once"
        if re.search(r"^\s*using namespace", code, re.M):
            yield f"{name}: using namespace in a header"
    library = name.startswith("src/") and folder != "cli" or folder == "importers"
    for number, line in enumerate(code.splitlines(), 1):
        if len(lines[number - 1]) > MAX_COLUMNS and "http" not in lines[number - 1]:
            yield f"{name}:{number}: over {MAX_COLUMNS} columns"
        if "\t" in lines[number - 1]:
            yield f"{name}:{number}: a tab"
        if library and folder != "base" and name not in SILENCES_OUTPUT and re.search(
                r"\b(std::cout|std::cerr|printf|puts|std::exit|::exit|std::abort)\b", line):
            yield f"{name}:{number}: library code neither prints nor exits"
        # The runner's check builds with LibTorch alone, without src/base.
        alone = name.startswith("tests/") or name.startswith("bench/infer_runner_check/")
        if folder != "base" and not alone and re.search(
                r"\bstd::j?thread\b|\bstd::async\b|\bpthread_create\b", line):
            yield f"{name}:{number}: only src/base makes threads"
        if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", lines[number - 1]):
            yield f"{name}:{number}: a mark without an issue number"


def main():
    files = tracked(".h", ".cc")
    problems = [problem for path in files for problem in check(path)]
    print("\n".join(problems) or f"style: {len(files)} files within the rules")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
