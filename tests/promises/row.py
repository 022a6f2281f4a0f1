"""What one row of the table says."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A promise, how the library is broken so that it no longer holds, and the test that must fail then.

    ``old`` is replaced by ``new``. It must occur exactly once in the package, or exactly once in what
    ``within`` names. Neither the file nor its layout matters: see ``anchors``. Keep ``old`` short, so that it
    survives a rewrite of the code around it.

    ``test`` is the id of a test below tests/, without its case: at least one of its cases must fail. ``case``
    selects cases by words that their ids contain, if all of them would take too long or fail for other reasons.
    """

    promise: str
    test: str
    old: str
    new: str
    within: str = ""  # the qualified name of a function or class or its end, such as ``Env.read``; or an entrypoint or a file of the chart
    case: str = ""

    def selects(self, test: str) -> bool:
        """Whether ``test``, an id that pytest has collected, is one of the cases."""
        name, _, case = test.partition("[")
        return name == self.test and all(word in case for word in self.case.split())
