"""The cost of a probe and of our middleware, in one process and without a network."""

from __future__ import annotations

import sys

from harness import ROOT, Contender, Result, compare, peer

CONTENDERS = ROOT / "benchmarks" / "contenders"
WSGI, ADDED = str(CONTENDERS / "wsgi.py"), str(CONTENDERS / "added.py")

# Pinned: the peer's own middleware and view, on the same Django as ours.
HEALTH_CHECK = ("django-health-check==4.8.0", "django==6.1.3", "whitenoise==6.12.0", "django-environ==0.14.0")


def results() -> list[Result]:
    """The bars of the design: 0.4 of a plain view, 25 times less than the peer, 10 microseconds, and 60 with everything on."""
    ours = Contender("livez", [sys.executable, WSGI, "livez"])
    plain = Contender("plain view", [sys.executable, WSGI, "plain"])
    theirs = Contender("django-health-check", [peer("health-check", *HEALTH_CHECK), WSGI, "health-check"])
    return [
        compare("/livez / a plain view", ours, plain, at_most=0.4),
        compare("django-health-check, no checks / /livez", ours, theirs, at_least=25),
        _added("all of our middleware adds, in microseconds", "whole", 10),
        _added("request id, metrics and a JSON access log line add, in microseconds", "observed", 60),
    ]


def _added(title: str, subject: str, bar: float) -> Result:
    seconds = Contender(title, [sys.executable, ADDED, subject]).run()
    return Result(title, seconds, 0.0, seconds * 1e6, bar, most=True)
