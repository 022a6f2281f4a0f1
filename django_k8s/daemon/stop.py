"""The stop of a daemon: SIGTERM has the same effect as Ctrl-C.

Without a handler, SIGTERM ends a Python program in the middle of a statement. Most commands end cleanly at Ctrl-C,
because that is how they are stopped in development.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

STOPPED = 143  # 128 + SIGTERM; tini is started with an option that turns it into 0


class Stop:
    """Raise KeyboardInterrupt at SIGTERM, unless the program handles SIGTERM itself.

    A forked process ends at once, as its parent expects.
    """

    def __init__(self) -> None:
        self.asked = False
        self._pid = os.getpid()
        self._forking = threading.local()

    def install(self) -> None:
        """Handle SIGTERM in this process."""
        signal.signal(signal.SIGTERM, self._stop)
        # Python loses a signal that arrives during a fork, so the signal is blocked until the fork has ended.
        os.register_at_fork(before=self._hold, after_in_parent=self._release, after_in_child=self._release)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid:
            # Nothing in a forked process expects a KeyboardInterrupt. A library's own handler there may call this one.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
            return
        self.asked = True
        raise KeyboardInterrupt

    def _hold(self) -> None:
        self._forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def _release(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._forking.mask)
