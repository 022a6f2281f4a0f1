"""One row of the table."""

from __future__ import annotations

from typing import NamedTuple


class Name(NamedTuple):
    """A name of another library, and what depends on it.

    ``path`` is MODULE:NAME or MODULE:CLASS.ATTRIBUTE, also for attributes of instances. ``*:NAME`` is something that the
    library only looks up, such as an attribute that we set or a setting that it reads.

    ``used_by`` is the module of this package, ``why`` says what it is for, and ``breaks`` what happens if it changes.

    ``call`` says how it is called, or overridden: ``"conn, fs"`` are its first parameters, ``"lazy="`` can be given by
    name, and an empty string means that none is needed. ``kind`` is the class of what the name stands for, if something
    else of this name would break us. ``read_by`` is the function that must look the name up, for what we replace or
    override: a name that nobody asks for any more breaks silently. ``since`` is the first release that has it, if we
    do without in older ones.
    """

    path: str
    used_by: str
    why: str
    breaks: str
    call: str | None = None
    kind: str = ""
    read_by: str = ""
    since: str = ""
