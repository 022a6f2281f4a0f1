"""Jobs for the queues of other libraries, and the code that the documentation has for them."""

from __future__ import annotations

import re
from pathlib import Path

from support.chart import ROOT


def code(page: str) -> str:
    """The Python code of a page of the documentation, which is what is tested."""
    (found,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "how-to" / page).read_text(), re.DOTALL)
    return str(found)


JOBS = '''
import pathlib, time

def work(folder, name):
    """Say that it began, wait until it may end, say that it did."""
    path = pathlib.Path(folder) / name
    path.with_suffix(".begun").touch()
    while not pathlib.Path(folder, "go").exists():
        time.sleep(0.05)
    path.with_suffix(".done").touch()
'''


def module(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
