"""README tells the truth: every command of the program is in it with an example, every file it
names exists, every importer, export format, view and column it must name is named, and its table of
keys is that of the viewer.

    check_docs.py --write-keys   brings that table up to date instead
"""

import json
import os
import re
import subprocess
import sys

from source_tree import ROOT, relative, tracked

ERRATA = os.path.join(os.environ.get("ERRATA_BIN_DIR", str(ROOT / "build/bin")), "errata")


def errata(*arguments):
    return subprocess.run([ERRATA, *arguments], capture_output=True, text=True)


def commands():
    """Names under `Subcommands:` of the program's own help."""
    section = errata("--help").stdout.split("Subcommands:", 1)[-1].split("\n\n", 1)[0]
    return re.findall(r"^  ([a-z]+)\s", section, re.M)


def keys_table():
    """README's table of keys as the viewer's registry has them; None without a viewer."""
    if not os.path.exists(ERRATA + "-view"):
        return None
    listing = subprocess.run([ERRATA + "-view", "--list"], capture_output=True, text=True).stdout
    menus = {}
    menu = ""
    for line in listing.split("\ncommands ", 1)[1].splitlines()[1:]:
        if not line.startswith("  "):
            menu = line.strip()
            continue
        keys, title = line[27:43].strip(), line[44:].strip()
        if keys:
            caps = ", ".join(f"`{key}`" for key in keys.split(", "))
            menus.setdefault(menu, []).append(f"{caps} {title}")
    rows = [f"| {menu} | {' · '.join(lines)} |" for menu, lines in menus.items()]
    return "\n".join(["| menu | keys |", "|---|---|", *rows]) + "\n"


KEYS_IN_README = re.compile(r"\| menu \| keys \|\n(?:\|.*\n)+")


def write_keys():
    path = ROOT / "README.md"
    path.write_text(KEYS_IN_README.sub(lambda _: keys_table(), path.read_text()))


def main():
    if "--write-keys" in sys.argv:
        write_keys()
        return 0
    problems = []
    readme = (ROOT / "README.md").read_text()
    map_text = (ROOT / "src/README.md").read_text()

    listing = commands()
    if len(listing) < 15:
        problems.append(f"only {len(listing)} commands listed")
    for name in listing:
        if not re.search(rf"^\s*(\$ )?errata (-s \S+ )?{re.escape(name)}\b", readme, re.M):
            problems.append(f"README has no example of `errata {name}`")
        help_text = errata(name, "--help")
        if help_text.returncode != 0 or "Example" not in help_text.stdout:
            problems.append(f"`errata {name} --help` has no example")

    keys = keys_table()
    written = KEYS_IN_README.search(readme)
    if keys is not None and (written is None or written.group(0) != keys):
        problems.append("README's keys are not the viewer's: run check_docs.py --write-keys")

    columns = json.loads(errata("sql", "--views", "--json").stdout)
    for row in columns:
        line = re.search(rf"^\| `{re.escape(row['view'])}` \|.*$", readme, re.M)
        if line is None or f"`{row['column']}`" not in line.group(0):
            problems.append(f"README does not name {row['view']}.{row['column']}")
    if len(columns) < 50:
        problems.append(f"only {len(columns)} columns of views listed")

    for document in tracked(".md"):
        text = document.read_text()
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", text):
            if not (document.parent / target).exists():
                problems.append(f"{relative(document)}: no such file: {target}")

    folders = {relative(p.parent) for p in tracked(".cc") if relative(p).startswith("src/")}
    for folder in sorted(f for f in folders if f.count("/") == 1):
        if f"`{folder}`" not in map_text:
            problems.append(f"src/README.md does not name {folder}")

    banned = re.compile(r"pypi\.org|deb\.debian\.org|npmjs|/work/|\bagents?\b", re.I)
    for path in tracked(".md", ".sh", ".py", ".cmake", ".txt"):
        if relative(path) == "tests/checks/check_docs.py":
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if banned.search(line):
                problems.append(f"{relative(path)}:{number}: {line.strip()[:80]}")

    print("\n".join(problems) or f"docs: {len(listing)} commands, README and map agree with them")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
