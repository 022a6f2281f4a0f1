"""What is printed at the end: one table, and the same as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

YES, NO, NOTHING = "yes", "NO", "-"


@dataclass
class Result:
    """How far the adoption of one project came."""

    project: str
    facts: dict[str, Any] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)  # each fact: right, asked, wrong or missing
    seconds: dict[str, float] = field(default_factory=dict)  # each phase
    downloads: float = 0.0  # of them, seconds of the build that download
    written: int = 0  # lines written by hand
    changed: int = 0  # changed lines in files that the project had
    new_files: int = 0
    rows: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # what was looked at: verdict, what was seen
    failure: str = ""  # the phase that ended it, and the sentence it said

    def row(self, name: str, right: bool | None, said: object) -> None:
        """Add something that was looked at; None if the project has no such thing."""
        self.rows.append((name, NOTHING if right is None else YES if right else NO, str(said)))

    @property
    def right(self) -> bool:
        """Whether everything that was looked at is right."""
        return not self.failure and all(verdict != NO for _, verdict, _ in self.rows)

    @property
    def total(self) -> float:
        """The seconds of all phases until the site was up, without what the build downloads."""
        return sum(self.seconds.get(phase, 0.0) for phase in ("init", "build", "up")) - self.downloads

    def text(self) -> str:
        """Return the table."""
        lines = [f"Adoption of {self.project}", ""]
        for name, fact in self.facts.items():
            verdict = self.judged.get(name, "")
            mark = verdict if verdict != "wrong" else "WRONG"
            asked = "?" if len(fact.get("choices") or ()) > 1 else " "
            source = fact.get("source", "")
            lines.append(
                f"  {name:<22}{mark:<9}{asked} {short(fact.get('value'))}{f'  [{source}]' if source else ''}"
            )
        lines += [f"  {name:<22}missing" for name, verdict in self.judged.items() if verdict == "missing"]
        if self.judged:
            count = {
                kind: list(self.judged.values()).count(kind)
                for kind in ("right", "asked", "wrong", "missing")
            }
            lines.append("  facts: " + ", ".join(f"{number} {kind}" for kind, number in count.items()))
        phases = ", ".join(f"{phase} {seconds / 60:.1f}" for phase, seconds in self.seconds.items())
        lines += [
            "",
            f"  minutes               {phases}; init, build and up without downloads: {self.total / 60:.1f} (downloads {self.downloads / 60:.1f})",
            f"  lines by hand         {self.written}",
            f"  changed lines         {self.changed} in files that the project had; {self.new_files} new files",
            "",
            *(f"  {name:<22}{verdict:<5}{said}" for name, verdict, said in self.rows),
        ]
        if self.failure:
            lines += ["", f"  Ended early: {self.failure}"]
        return "\n".join(lines)

    def save(self, file: Path) -> None:
        """Write everything as JSON."""
        file.write_text(
            json.dumps({**asdict(self), "right": self.right, "total": self.total}, indent=1) + "\n"
        )


def short(value: Any) -> str:
    """Return a value in one line of a readable length."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:97]}..."
