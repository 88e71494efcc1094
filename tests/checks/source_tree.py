"""What the checks share: the files of the repository and a view of C++ without comments and strings."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked(*suffixes):
    """Files that git knows or would add, below the root, with one of the suffixes."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True).stdout.decode()
    paths = sorted(ROOT / name for name in listed.split("\0") if name)
    return [p for p in paths if p.is_file() and (not suffixes or p.suffix in suffixes)]


def relative(path):
    return path.relative_to(ROOT).as_posix()


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def blank_comments_and_strings(text):
    """Same length and lines; comments and literals become spaces. Digit separators stay."""
    def blank(match):
        token = match.group(0)
        if token.startswith("'") and match.start() > 0 and text[match.start() - 1].isalnum():
            return token
        return re.sub(r"[^\n]", " ", token)
    return _TOKEN.sub(blank, text)
