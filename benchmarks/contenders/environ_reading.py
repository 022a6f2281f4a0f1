"""Reads 40 variables, import included, and prints the CPU time of the process's own work."""

from __future__ import annotations

import json
import os
import sys
import time

NAMES = [f"PROJECT_{kind}_{number}" for number in range(10) for kind in ("TEXT", "FLAG", "NUMBER", "ITEMS")]
VALUES = {"TEXT": "some text", "FLAG": "true", "NUMBER": "42", "ITEMS": "a,b,c"}
os.environ.update({name: VALUES[name.split("_")[1]] for name in NAMES})

began = time.process_time()
if sys.argv[1] == "ours":
    from django_k8s.environment import problems
    from django_k8s.environment.env import Env
else:
    from environ import Env  # type: ignore[no-redef]

env = Env()
readers = {"TEXT": env.str, "FLAG": env.bool, "NUMBER": env.int, "ITEMS": env.list}
for name in NAMES:
    readers[name.split("_")[1]](name)
if sys.argv[1] == "ours":
    problems.stop_if(env.problems)
print(json.dumps({"seconds": time.process_time() - began}))
