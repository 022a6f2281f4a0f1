"""A row of the table."""

from __future__ import annotations

from typing import NamedTuple


class Name(NamedTuple):
    """A name of another library, and what depends on it.

    ``path`` is MODULE:NAME or MODULE:CLASS.ATTRIBUTE, also for attributes of instances. ``*:NAME`` is a name that the
    library only looks up, such as an attribute that we set or a setting that it reads.

    ``used_by`` is the module of this package that uses it. ``why`` says what for, and ``breaks`` what happens if it

    changes. ``call`` says how it is called or overridden: ``"conn, fs"`` are its first parameters, ``"lazy="`` is a keyword
    argument, and an empty string means that no argument is needed. ``kind`` is the class of the object, if an object of
    another class would break us. ``read_by`` is the function that must look the name up. It is set for names that we
    replace or override, because a name that is no longer used breaks silently. ``since`` is the first release that has it,
    if older releases work without it.
    """

    path: str
    used_by: str
    why: str
    breaks: str
    call: str | None = None
    kind: str = ""
    read_by: str = ""
    since: str = ""
