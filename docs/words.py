"""Finds words that this project does not use, in everything that people read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = (
    *(
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs",
        "django_k8s",
        "entrypoints",
        "docker",
    ),
    *("charts/django", "manifests/README.md", "example_project", "benchmarks"),
)
SUFFIXES = {".md", ".py", ".yaml", ".tpl", ".txt", ".html", ".toml", ".ini", ""}
# What is generated is right if its source is, and lists of packages are no text.
LEFT_OUT = {"docs/words.py", "example_project/requirements.txt"}

# A pattern, and what to write instead.
WORDS = {
    r"\btak(e|es|en|ing) (it|them|this|one|\w+ \w+|\w+s) away\b": "remove",
    r"\bin the place of\b": "instead of",
    r"\ban own\b": "its own, or: a ... of its own",
    r"\bone's own\b": "your own",
    r"\bgo(es)? by\b": "follows, or: uses",
    r"\b(for what|that|neither) is none\b": "rewrite the sentence",
    r"\bas far as (that|this) goes\b": "as far as possible",
    r"\bcosts? no\b": "loses no, or: without",
    r"\basks? for more\b": "needs more",
    r"\bto be had\b": "available",
    r"\bis no matter\b": "does not matter",
    r"\bin vain\b": "without success",
    r"\blets? nobody in\b": "refuses the login",
    r"\b(take|takes|taken) (that |it |them |all )?back\b": "roll back",
    r"\b(bring|brings|brought) out\b": "copy",
    r"\bcomes? to the same\b": "is the same",
    r"\bown affair\b": "up to ...",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bfor good\b(?! )": "forever",
    r"\bwhat stands\b|\bstands? (in(?! for)|at|before|beside|outside|below|around|still)\b": "is",
    r"\bneed not stand\b": "does not have to be",
    r"\bmuch the same\b": "similar",
    r"\bfor ever\b": "forever",
    r"\banew\b": "again",
    r"\bis no (program|number|directory|module|service|schedule|list)\b": "is not a ...",
}


def files() -> list[Path]:
    """Return every file that is read."""
    found: list[Path] = []
    for place in PLACES:
        path = ROOT / place
        found += sorted(path.rglob("*")) if path.is_dir() else [path]
    return [
        path
        for path in found
        if path.is_file()
        and path.suffix in SUFFIXES
        and str(path.relative_to(ROOT)) not in LEFT_OUT
        and not {"__pycache__", "staticfiles", "media", ".state"} & set(path.parts)
    ]


def main() -> int:
    """Print each place with what to write instead; return 1 if there is one."""
    found = False
    for path in files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for pattern, advice in WORDS.items():
                if match := re.search(pattern, line, re.IGNORECASE):
                    print(f"{path.relative_to(ROOT)}:{number}: {match[0]!r}. Write: {advice}.")
                    found = True
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
