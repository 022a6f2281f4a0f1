"""checkov finds nothing but what is accepted with a reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml
from cases import CASES
from support.chart import ROOT, template
from support.need import need
from support.patience import patience

HERE = Path(__file__).parent
# What the project adds in extraObjects is the project's.
RENDERED = {name: {**values, "extraObjects": []} for name, values in CASES.items()}


def test_checkov(tmp_path: Path) -> None:
    """The failing checks are exactly those on the list."""
    own = ROOT / "build" / "checkov" / "bin" / "checkov"
    program = str(own) if own.exists() else shutil.which("checkov")
    need("checkov", program, "make build/checkov/stamp")
    assert program
    for name, values in RENDERED.items():
        (tmp_path / f"{name}.yaml").write_text(template(values).stdout)
    # It looks for newer releases of itself and for policies of its maker; nothing here leaves the machine.
    offline = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [program, "--directory", str(tmp_path), "--framework", "kubernetes", "--skip-download", "--output", "json"],
        env=offline, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=patience(300),
    )  # fmt: skip
    results = json.loads(done.stdout)["results"]
    accepted = yaml.safe_load((HERE / "checkov.yaml").read_text())
    failed = {
        found["check_id"]: f"{found['check_name']}: {found['resource']}" for found in results["failed_checks"]
    }

    assert len(results["passed_checks"]) > 500
    assert {name: text for name, text in failed.items() if name not in accepted} == {}
    assert accepted.keys() - failed.keys() == set(), "no longer needed"
