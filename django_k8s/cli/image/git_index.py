"""The files that git tracks, read from its index: .gitignore does not apply to them."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

# An entry: the fields before its object id, and the flags after it.
_BEFORE_ID, _FLAGS = 40, 2
_EXTENDED = 0x4000


def tracked(index: Path) -> frozenset[str]:
    """Return the paths that the index names, and all of their directories, relative to the repository.

    The set is empty if there is no index, or if this function cannot read its format. Then .gitignore applies
    to every file.
    """
    try:
        return _parse(index.read_bytes())
    except (OSError, ValueError, IndexError):
        return frozenset()


def _parse(data: bytes) -> frozenset[str]:
    """Read the format of gitformat-index(5), versions 2 to 4."""
    version, count = (int.from_bytes(data[start : start + 4], "big") for start in (4, 8))
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        raise ValueError
    # The file ends with its digest, of the same kind as the object ids of the repository.
    id_size = 32 if hashlib.sha256(data[:-32]).digest() == data[-32:] else 20
    names: set[str] = set()
    position, name = 12, b""
    for _ in range(count):
        start = position
        position += _BEFORE_ID + id_size
        flags = int.from_bytes(data[position : position + 2], "big")
        position += _FLAGS * (2 if version > 2 and flags & _EXTENDED else 1)
        kept = 0
        if version == 4:
            removed, position = _offset(data, position)
            kept = len(name) - removed
        end = data.index(0, position)
        name = name[:kept] + data[position:end]
        # Since version 4, entries are not padded to multiples of eight bytes.
        position = end + 1 if version == 4 else start + (end - start + 8) // 8 * 8
        path = PurePosixPath(name.decode("utf-8", "surrogateescape"))
        names.add(str(path))
        names.update(str(parent) for parent in path.parents)
    return frozenset(names)


def _offset(data: bytes, position: int) -> tuple[int, int]:
    """Return a number of variable length, in git's encoding of offsets, and the position after it."""
    byte = data[position]
    value = byte & 0x7F
    while byte & 0x80:
        position += 1
        byte = data[position]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, position + 1
