"""The cost of a probe and of our middleware, in one process and without a network."""

from __future__ import annotations

import sys

from harness import ROOT, Contender, Result, compare, peer

SCRIPT = str(ROOT / "benchmarks" / "contenders" / "wsgi.py")

# Pinned: the peer's own middleware and view, on the same Django as ours.
HEALTH_CHECK = ("django-health-check==4.8.0", "django==6.1.3", "whitenoise==6.12.0", "django-environ==0.14.0")


def results() -> list[Result]:
    """The bars of the design: 0.4 of a plain view, 25 times less than the peer, 10 microseconds, and 60 with everything on."""
    ours = Contender("livez", [sys.executable, SCRIPT, "livez"])
    plain = Contender("plain view", [sys.executable, SCRIPT, "plain"])
    with_app = Contender(
        "plain view with our middleware", [sys.executable, SCRIPT, "plain", "--with-app", "--whole"]
    )
    theirs = Contender("django-health-check", [peer("health-check", *HEALTH_CHECK), SCRIPT, "health-check"])
    added = compare("a plain view with our middleware / without", with_app, plain, at_most=float("inf"))
    served = [sys.executable, SCRIPT, "plain", "--with-app", "--server"]
    observing = compare(
        "observed / without",
        Contender("observed", [*served, "--observed"]),
        Contender("not observed", served),
        at_most=float("inf"),
    )
    return [
        compare("/livez / a plain view", ours, plain, at_most=0.4),
        compare("django-health-check, no checks / /livez", ours, theirs, at_least=25),
        microseconds("all of our middleware adds, in microseconds", added, 10),
        microseconds("request id, metrics and a JSON access log line add, in microseconds", observing, 60),
    ]


def microseconds(name: str, added: Result, at_most: float) -> Result:
    """What one costs more than the other."""
    return Result(name, added.ours, added.theirs, (added.ours - added.theirs) * 1e6, at_most, most=True)
