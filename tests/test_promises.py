"""The table of ``make broken``: each row breaks one place, and its test exists; and how the script judges a test."""

from __future__ import annotations

import ast
import sys
import threading
from collections import Counter
from pathlib import Path

import broken
import pytest
from promises import ROWS, WITHOUT_A_PROMISE, Row, anchors, copies, running

PACKAGE = copies.installed()


def test_each_row_breaks_one_place() -> None:
    """Its text occurs exactly once, and what replaces it differs and can be compiled."""
    problems = []
    for row in ROWS:
        try:
            place = anchors.find(PACKAGE, row)
            text = anchors.broken(place, row.new)
            if text == anchors.source(place.path):
                problems.append(f'the row "{row.promise}" changes nothing: let `new` break the promise.')
            if place.path.suffix == ".py":
                compile(text, place.path, "exec")
        except LookupError as error:
            problems.append(str(error))
        except SyntaxError as error:
            problems.append(f'the row "{row.promise}" leaves no Python: {error}')

    assert problems == [], "\n".join(["rows to adapt:", *problems])


def test_every_test_exists() -> None:
    """pytest collects what each row names."""
    found = running.collected(sys.executable, {row.test.partition("::")[0] for row in ROWS})
    missing = [row for row in ROWS if not any(row.selects(test) for test in found)]

    assert missing == []


def test_promises_differ() -> None:
    """The name of a promise selects its row."""
    assert [promise for promise, count in Counter(row.promise for row in ROWS).items() if count > 1] == []


def test_every_module_has_a_row_or_a_reason() -> None:
    """A module without a row is one whose promise nobody proves; a reason that no longer holds is removed."""
    broken_here = {anchors.name(PACKAGE, anchors.find(PACKAGE, row).path) for row in ROWS}
    chart = anchors.chart(PACKAGE)  # a row proves a promise of several templates at once
    with_code = {
        anchors.name(PACKAGE, path)
        for path in anchors.sources(PACKAGE)
        if has_code(path) and path not in chart
    }

    assert sorted(with_code - broken_here - WITHOUT_A_PROMISE.keys()) == [], (
        "add a row in tests/promises/, or the reason why there is none in WITHOUT_A_PROMISE"
    )
    assert sorted(WITHOUT_A_PROMISE.keys() - (with_code - broken_here)) == [], "these need no reason"


def has_code(path: Path) -> bool:
    """Whether there is more in a module than its docstring."""
    if path.suffix != ".py":
        return True
    return any(not isinstance(node, ast.Expr) for node in ast.parse(path.read_text()).body)


CODE = """
class Bucket:
    def read(self, name: str) -> bytes:
        if self._open and (name or self._first):
            return self._read(name, limit=5, retries=2)
        return b""


def read(name: str) -> bytes:
    if self._open and (name or self._first):
        return b"nothing"
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of one module and one entrypoint."""
    (tmp_path / "_assets" / "entrypoints").mkdir(parents=True)
    (tmp_path / "_assets" / "entrypoints" / "web").write_text('#!/bin/sh\nexec python "$@"\n')
    (tmp_path / "bucket.py").write_text(CODE)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "within"),
    [
        ("self._read(name, limit=5, retries=2)", ""),
        ("self._read(\n    name,\n    limit=5,\n    retries=2,\n)", ""),
        ("self._read( name,limit = 5, retries=2 )", ""),
        ("if self._open and (name or self._first):", "Bucket.read"),
        ('exec python "$@"', ""),
        ("exec", "web"),
    ],
)
def test_layout_and_file_do_not_matter(package: Path, old: str, within: str) -> None:
    """The text is found however it is wrapped, in modules and entrypoints."""
    assert anchors.find(package, Row("", "", old, "", within)).text().split()


@pytest.mark.parametrize(
    ("old", "within", "words"),
    [
        ("limit=6", "", "is stale: nothing reads `limit=6`. Find the code that keeps this promise"),
        ("retries", "read.inner", "is stale: nothing in read.inner reads"),
        ("imit=5", "", "is stale"),
        ("return", "", r"is ambiguous: `return` occurs 3 times \(bucket.py:5, bucket.py:6, bucket.py:11\). Lengthen it"),
        ("self._open", "read", "is ambiguous: `self._open` occurs 2 times in read"),
    ],
)  # fmt: skip
def test_a_stale_row_says_what_to_do(package: Path, old: str, within: str, words: str) -> None:
    """The message names the row, and what to change in it."""
    with pytest.raises(LookupError, match=f'the row "a promise" {words}'):
        anchors.find(package, Row("a promise", "", old, "", within))


def test_further_lines_are_indented(package: Path) -> None:
    """A replacement of several lines fits the block that it is put in."""
    place = anchors.find(package, Row("", "", 'return b""', "", "Bucket"))

    assert '\n        if name:\n            return b"x"\n' in anchors.broken(
        place, 'if name:\n    return b"x"'
    )


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("def test_it(): assert False", running.SEEN),
        ("@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n): assert n == 1", running.SEEN),
        ("def test_it(): pass", running.PASSES),
        ("@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n): n == 1 or pytest.skip('no docker')", running.PASSES),
        ("def test_it(): pytest.skip('no docker')", running.NOT_RUN),
        ("@pytest.fixture\ndef f(): assert False\ndef test_it(f): pass", running.ERROR),
        ("import nothing_like_this\ndef test_it(): pass", running.ERROR),
        ("def test_other(): pass", running.ERROR),
    ],
)  # fmt: skip
def test_verdict(tmp_path: Path, body: str, verdict: str) -> None:
    """Only a test that ran and failed has seen the promise broken; what the machine lacks is said."""
    (tmp_path / "test_one.py").write_text(f"import pytest\n{body}\n")
    found = outcome(Path(sys.executable), Row("", f"{tmp_path}/test_one.py::test_it", "", ""), tmp_path)

    assert found.verdict == verdict, found
    if verdict == running.NOT_RUN:
        assert "no docker" in found.detail


def test_a_copy_is_what_is_tested(tmp_path: Path) -> None:
    """A broken copy fails the test of its row, a whole one passes it, and this environment stays as it is."""
    (row,) = (row for row in ROWS if row.promise == "settings: environments share a cache by prefix")
    place, copy = anchors.find(PACKAGE, row), copies.Copy(tmp_path / "copy")

    with copy.broken(place.path.relative_to(PACKAGE), anchors.broken(place, row.new)):
        assert outcome(copy.python, row, tmp_path).verdict == running.SEEN
    assert outcome(copy.python, row, tmp_path).verdict == running.PASSES
    assert place.path.read_text() == anchors.source(place.path)


def outcome(python: Path, row: Row, folder: Path) -> running.Outcome:
    return running.outcome(python, row, folder / "said.txt", float("inf"), threading.Event())


def test_time_that_is_up(tmp_path: Path) -> None:
    """A test that runs then is ended, and counts as not run."""
    (tmp_path / "test_one.py").write_text("import time\ndef test_it(): time.sleep(60)\n")
    row = Row("", f"{tmp_path}/test_one.py::test_it", "", "")

    assert (
        running.outcome(Path(sys.executable), row, tmp_path / "said.txt", 0, threading.Event())
        == running.TIME_WAS_UP
    )


def test_a_seed_takes_the_same_rows() -> None:
    """A tenth is a tenth, rounded up; another seed takes others."""
    once, again, other = (broken.sample(ROWS, "10%", seed) for seed in (1, 1, 2))

    assert once == again != other
    assert len(once) == -(-len(ROWS) // 10)
    assert len(broken.sample(ROWS, "7", 1)) == 7
    with pytest.raises(SystemExit, match="write a percentage or a number"):
        broken.sample(ROWS, "some", 1)
