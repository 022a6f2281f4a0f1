"""What a start of web costs in the image, and without the bytecode that the image carries."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from pathlib import Path

from harness import ROOT, Contender, Failed, Failure, Result, compare

OURS, THEIRS = "django-k8s-bench:ours", "django-k8s-bench:site-packages-only"
BUILD = os.environ.get("BUILD", "docker build").split()  # such as "docker build --network host"
OPTIONS = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL")
VARIABLES = {
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "*",
    "HTTPS": "false",
    "DATABASE_URL": "sqlite:////tmp/db.sqlite3",
    "WEB_CONCURRENCY": "1",
}
# What an image has that compiles what pip installs, and nothing else.
WITHOUT = f"""
FROM {OURS}
USER 0:0
RUN python -c "import pathlib, shutil, sys, sysconfig; \\
  [shutil.rmtree(found) for top in (sysconfig.get_path('stdlib'), '/app') \\
   for found in pathlib.Path(top).rglob('__pycache__') if 'site-packages' not in str(found)]"
USER 10001:0
"""


class Start(Contender):
    """CPU time of every process of a container from its start until web answers."""

    def run(self) -> float:
        """Start once."""
        variables = [item for name, value in VARIABLES.items() for item in ("-e", f"{name}={value}")]
        container = docker("run", "-d", *OPTIONS, *variables, self.command[0], "web")
        try:
            address = docker(
                "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container
            )
            deadline = time.monotonic() + 60
            while not answers(address):
                if time.monotonic() > deadline:
                    raise Failed(f"{self.name} did not start: {docker('logs', container)}")
                time.sleep(0.02)
            return sum(map(cpu, docker("top", container, "-o", "pid").split()[1:]))
        finally:
            docker("rm", "-f", container)


def docker(*args: str) -> str:
    """Run the client and return its output."""
    return subprocess.run(["docker", *args], check=True, capture_output=True, text=True).stdout.strip()


def answers(address: str) -> bool:
    """Whether web serves."""
    connection = http.client.HTTPConnection(address, 8000, timeout=5)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def cpu(pid: str) -> float:
    """Seconds that a process and its ended children have taken, from /proc/PID/stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def results() -> list[Result | Failure]:
    """The bar: half the CPU, on a read-only root."""
    folder = ["--build-context", "library=dist", "-f", "docker/Dockerfile", "-t", OURS, "example_project"]
    subprocess.run([*BUILD, "-q", *folder], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        [*BUILD, "-q", "-t", THEIRS, "-"], input=WITHOUT, text=True, check=True, stdout=subprocess.DEVNULL
    )
    return [
        compare(
            "start of web, bytecode of site-packages only / of all",
            Start("ours", [OURS]),
            Start("theirs", [THEIRS]),
            at_least=2,
            rounds=5,
        )
    ]
