"""The images, once for all modules and processes; and the state of the cluster beside each failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from support.cluster import Images, Space
from support.cluster import images as built
from support.need import need


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    base = tmp_path_factory.getbasetemp()
    # Processes of pytest-xdist have directories of their own in one that is everybody's.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "images"
    with built(folder) as made:
        yield made


@pytest.fixture(scope="session")
def controller() -> tuple[str, int]:
    """The address of the Ingress controller's https port."""
    address = os.environ.get("CLUSTER_INGRESS_HTTPS", "")
    need("an Ingress controller", address, "set CLUSTER_INGRESS_HTTPS to HOST:PORT of its https port")
    host, _, port = address.partition(":")
    return host, int(port)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Space):
                report.sections.append((f"namespace {value.name}", value.state()))
    return report
