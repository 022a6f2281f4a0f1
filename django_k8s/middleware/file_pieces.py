"""The content of a file for an asynchronous response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

PIECE_BYTES = 65536


async def pieces(file: Any) -> AsyncIterator[bytes]:
    """Yield the content of ``file``, read in threads. ``file`` is None for a response without content."""
    while file is not None and (piece := await asyncio.to_thread(file.read, PIECE_BYTES)):
        yield piece
