"""The blocks of code of README and docs, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCED = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^|\n)\n(?P<text>(?:(?:    |       )[^\n]*\n|\n(?=    ))+)")
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=")
_PLACEHOLDER = re.compile(r"…")


@dataclass(frozen=True)
class Block:
    """A block, with its page, the line on which it begins, and its language; an indented one has none."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def first(self) -> str:
        """The first line that is no comment, without its prompt."""
        lines = [line for line in self.text.splitlines() if line and not line.startswith("#")]
        return lines[0].removeprefix("$ ") if lines else ""

    @property
    def script(self) -> str:
        """The block as a script: of a session with prompts, only what is typed."""
        lines = self.text.splitlines()
        if any(line.startswith("$ ") for line in lines):
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        return _PLACEHOLDER.sub("X", "\n".join(lines))

    def commands(self) -> Iterator[list[str]]:
        """The simple commands of the script, each as words, without redirections and variables before it."""
        joined = self.script.replace("\\\n", " ")
        for line in joined.splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&()<>")
            lexer.whitespace_split = True
            lexer.commenters = "#"
            words = list(lexer)
            command: list[str] = []
            for word in [*words, ";"]:
                if word and set(word) <= set("|;&()"):
                    while command and _ASSIGNMENT.match(command[0]):
                        del command[0]
                    if command:
                        yield command
                    command = []
                else:
                    command.append(word)


def pages() -> list[Path]:
    """Every page whose code is for readers."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    found += [
        ROOT / "charts/django/README.md",
        ROOT / "manifests/README.md",
        ROOT / "example_project/README.md",
    ]
    return sorted(found)


def blocks() -> list[Block]:
    """Every block of every page."""
    found = []
    for page in pages():
        text = page.read_text()
        name = str(page.relative_to(ROOT))
        found += [
            Block(name, _line(text, match.start()), match["language"] or "none", match["text"])
            for match in _FENCED.finditer(text)
        ]
        # What is fenced is not looked at twice; its lines stay, so that the numbers are right.
        plain = _FENCED.sub(lambda match: re.sub(r"[^\n]", "", match[0]), text)
        for match in _INDENTED.finditer(plain):
            lines = match["text"].splitlines()
            margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
            body = "\n".join(line[margin:] for line in lines).strip("\n")
            if body and not body.startswith(("- ", "|", "* ")):
                found.append(Block(name, _line(text, match.start("text")), "", body))
    return found


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
