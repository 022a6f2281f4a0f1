"""The content of a file for an asynchronous answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

PIECE_BYTES = 65536


async def pieces(file: Any) -> AsyncIterator[bytes]:
    """The content of ``file`` (None for an answer without any), read in threads."""
    while file is not None and (piece := await asyncio.to_thread(file.read, PIECE_BYTES)):
        yield piece
