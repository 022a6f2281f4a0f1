"""Fixtures of the tests of migrate and wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import apps
from support.shop import Shop


@pytest.fixture
def shop(tmp_path: Path, postgres_url: str) -> Callable[..., Shop]:
    """Makes the app with the migrations that it is called with."""

    def make(*bodies: str, url: str = postgres_url) -> Shop:
        apps.app(tmp_path, "shop", *bodies)
        return Shop(tmp_path, url)

    return make
