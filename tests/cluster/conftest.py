"""The images, once for all modules; and the state of the cluster beside each failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.cluster import Images, Space
from support.cluster import images as built


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    with built(tmp_path_factory.mktemp("images")) as made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Space):
                report.sections.append((f"namespace {value.name}", value.state()))
    return report
