"""The cost of a probe and of our middleware, in one process and without a network."""

from __future__ import annotations

import sys

from harness import ROOT, Contender, Failure, Peer, Result, compare, measure

CONTENDERS = ROOT / "benchmarks" / "contenders"
WSGI, ADDED = str(CONTENDERS / "wsgi.py"), str(CONTENDERS / "added.py")

# The peer is pinned; Django is the one that this environment has, so that it runs on every Python that we support.
HEALTH_CHECK = ("django-health-check==4.8.0", "django")


def results() -> list[Result | Failure]:
    """The bars of the design: 0.4 of a plain view, 25 times less than the peer, 10 microseconds, and 60 with everything on."""
    ours = Contender("livez", [sys.executable, WSGI, "livez"])
    plain = Contender("plain view", [sys.executable, WSGI, "plain"])
    theirs = Peer("health-check", [WSGI, "health-check"], requirements=HEALTH_CHECK)
    return [
        compare("/livez / a plain view", ours, plain, at_most=0.4),
        compare("django-health-check, no checks / /livez", ours, theirs, at_least=25),
        measure(
            "all of our middleware adds, in microseconds",
            Contender("middleware", [sys.executable, ADDED, "whole"]),
            at_most=10,
        ),
        measure(
            "request id, metrics and a JSON access log line add, in microseconds",
            Contender("observed", [sys.executable, ADDED, "observed"]),
            at_most=60,
        ),
    ]
