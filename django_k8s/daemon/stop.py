"""The stop of a daemon: SIGTERM does what Ctrl-C does.

Without a handler, SIGTERM ends a Python program in the middle of a statement. Most commands end well at Ctrl-C,
because that is how they are stopped in development.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

STOPPED = 143  # 128 + SIGTERM: tini, as it is started in the image, makes 0 of it


class Stop:
    """Raises KeyboardInterrupt at SIGTERM, unless the program handles SIGTERM itself.

    Forked processes end at once, as their parents expect.
    """

    def __init__(self) -> None:
        self.asked = False
        self._forking = threading.local()

    def install(self) -> None:
        """Handle SIGTERM in this process."""
        signal.signal(signal.SIGTERM, self._stop)
        # Python forgets a signal that comes while it forks, so it has to wait until the handler is gone.
        os.register_at_fork(before=self._hold, after_in_parent=self._release, after_in_child=self._forked)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        raise KeyboardInterrupt

    def _hold(self) -> None:
        self._forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def _release(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._forking.mask)

    def _forked(self) -> None:
        # Only the main thread may set a handler; the thread that forked is the main thread of the new process.
        if signal.getsignal(signal.SIGTERM) == self._stop:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._release()
