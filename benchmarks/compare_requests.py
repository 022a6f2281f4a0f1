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
    added = Contender("added", [sys.executable, SCRIPT, "plain", "--with-app", "--whole", "--added"]).run()
    theirs = Contender("django-health-check", [peer("health-check", *HEALTH_CHECK), SCRIPT, "health-check"])
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
        Result("all of our middleware adds, in microseconds", added, 0.0, added * 1e6, 10, most=True),
        Result(
            "request id, metrics and a JSON access log line add, in microseconds",
            observing.ours,
            observing.theirs,
            (observing.ours - observing.theirs) * 1e6,
            60,
            most=True,
        ),
    ]
