"""One table: medians with their spread, and a verdict where there is a bar."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Row:
    """One figure of every contender, measured in the same run; smaller is better."""

    promise: str
    what: str
    unit: str
    found: dict[str, list[float]] = field(default_factory=dict)

    def note(self, contender: str, value: float) -> None:
        """Add what one round found."""
        self.found.setdefault(contender, []).append(value)

    def cell(self, contender: str) -> str:
        """The median, and how far the rounds are apart."""
        values = self.found.get(contender)
        if not values:
            return "-"
        return f"{number(statistics.median(values))} ({number(min(values))}-{number(max(values))})"

    def verdict(self, ours: str) -> str:
        """Ours as a part of the best peer; a tie if the rounds of both overlap."""
        peers = {name: values for name, values in self.found.items() if not name.startswith(ours)}
        mine = self.found.get(ours)
        if not mine or not peers:
            return "-"
        best = min(peers, key=lambda name: statistics.median(peers[name]))
        theirs = statistics.median(peers[best])
        if not theirs:
            return f"{best} needs none"
        ratio = statistics.median(mine) / theirs
        overlap = min(mine) <= max(peers[best]) and min(peers[best]) <= max(mine)
        said = f"{ratio:.2f} of {best}"
        return f"{said}, a tie" if overlap else said


def number(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def markdown(rows: Sequence[Row], contenders: Sequence[str], ours: str) -> str:
    """Return the table of a page."""
    lines = [
        f"| | what | {' | '.join(contenders)} | ours to the best peer |",
        f"|---|---|{'---|' * len(contenders)}---|",
    ]
    for row in rows:
        cells = " | ".join(row.cell(name) for name in contenders)
        lines.append(f"| {row.promise} | {row.what}, {row.unit} | {cells} | {row.verdict(ours)} |")
    return "\n".join(lines)


def page(table: str, facts: Mapping[str, str], left_out: Sequence[str]) -> str:
    """Return docs/explanation/comparison.md."""
    return f"""# Beside other set-ups

`make compare` runs the same small application behind this project's set-up and behind three others, rewritten from
the published defaults of docker-django-example, cookiecutter-django and plain gunicorn: server command, processes and
threads, connection settings, middleware, Celery settings. `tests/compare/contenders.py` names the source of each
default. All of them run in one environment, with the same Python, Django, gunicorn, driver, PostgreSQL and Redis. The
command writes the figures of this page.

Each figure is the median of at least {facts["rounds"]} rounds in shuffled order, with the minimum and the maximum. If the rounds of two
contenders overlap, this is a tie. CPU time includes all processes of the role, but not the database. Memory is
proportional (PSS). Compare only figures of the same run, and prefer ratios to times.

{table}

Measured with {facts["versions"]}, on {facts["machine"]}. Requests: {facts["requests"]}.
{"".join(f"{chr(10)}- Left out: {reason}" for reason in left_out)}
"""
