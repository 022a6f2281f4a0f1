"""The stop of a daemon: SIGTERM does what Ctrl-C does.

Without a handler, SIGTERM ends a Python program in the middle of a statement. Most commands end well at Ctrl-C,
because that is how they are stopped in development.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

STOPPED = 143  # 128 + SIGTERM: tini, as it is started in the image, makes 0 of it


class Stop:
    """Raises KeyboardInterrupt at SIGTERM, unless the program handles SIGTERM itself."""

    def __init__(self) -> None:
        self.asked = False
        self._pid = os.getpid()

    def install(self) -> None:
        """Handle SIGTERM in this process."""
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, number: int, _: FrameType | None) -> None:
        if os.getpid() != self._pid:
            # A forked process: it ends at once, as its parent expects.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.asked = True
        raise KeyboardInterrupt
