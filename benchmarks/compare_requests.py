"""The cost of a probe and of our middleware, in one process and without a network."""

from __future__ import annotations

import sys

from harness import ROOT, Contender, Failure, Peer, Result, compare, part

CONTENDERS = ROOT / "benchmarks" / "contenders"
WSGI, ADDED = str(CONTENDERS / "wsgi.py"), str(CONTENDERS / "added.py")

# The peer is pinned; Django is the one that this environment has, so that it runs on every Python that we support.
HEALTH_CHECK = ("django-health-check==4.8.0", "django")


def results() -> list[Result | Failure]:
    """The bars: 0.4 of a plain view, 15 times less than the peer, a tenth of a request, and 0.7 of one with everything on.

    On a quiet machine they are 0.28, 24, 0.05 and 0.45. The bars leave room for a busy one and for every Python.
    """
    ours = Contender("livez", [sys.executable, WSGI, "livez"])
    plain = Contender("plain view", [sys.executable, WSGI, "plain"])
    theirs = Peer("health-check", [WSGI, "health-check"], requirements=HEALTH_CHECK)
    middleware = Contender("middleware", [sys.executable, ADDED, "whole"])
    observed = Contender("observed", [sys.executable, ADDED, "observed"])
    return [
        compare("/livez / a plain view", ours, plain, at_most=0.4),
        compare("django-health-check, no checks / /livez", ours, theirs, at_least=15),
        part("all of our middleware / a request without it", middleware, at_most=0.1),
        part("request id, metrics and JSON access log / a request without them", observed, at_most=0.7),
    ]
