#!/usr/bin/env python3
"""Every command that a window names (a menu, a button, a hover) is in the registry.

A name that is not there would leave a line out of a menu or make a button do nothing, in silence.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MENUS = "file|edit|review|round|view|run|panel|move|help"
NAME = re.compile(rf'"((?:{MENUS})\.[a-z_]+)"')
# Made in a loop, one for each rank or panel.
FAMILIES = ("review.probable_", "panel.")


def main() -> int:
    known = set()
    for path in (ROOT / "viewer/state").glob("command*.cc"):
        known.update(NAME.findall(path.read_text()))
    wrong = []
    named = 0
    for folder in ("viewer/views", "viewer/widgets", "viewer/app", "viewer/state"):
        for path in sorted((ROOT / folder).rglob("*.cc")):
            if path.name.startswith("command"):
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for name in NAME.findall(line):
                    named += 1
                    if name not in known and not name.startswith(FAMILIES):
                        wrong.append(f"{path.relative_to(ROOT)}:{number}: there is no command {name}")
    print("\n".join(wrong) if wrong else f"{named} names of commands, all in the registry")
    if not known or not named:
        print("no command was found: the check looks in the wrong place")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
