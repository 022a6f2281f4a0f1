"""An error that nobody catches is a log line as well."""

from __future__ import annotations

from pathlib import Path

from support.roles import SECRET, lines, role, role_environment


def test_an_error_that_ends_the_process_is_one_line(tmp_path: Path) -> None:
    """Its traceback is a field of the line, and shows no secret."""
    (tmp_path / "wrong.py").write_text("import os\nraise RuntimeError('wrong ' + os.environ['SECRET_KEY'])\n")
    path = f"{tmp_path}:{role_environment(tmp_path)['PYTHONPATH']}"
    with role(tmp_path, "wait", DJANGO_SETTINGS_MODULE="wrong", PYTHONPATH=path) as process:
        assert process.wait(60) != 0
        (line,) = (line for line in lines(process.output) if "wrong" in str(line))

    assert (line["level"], line["exception"]["type"]) == ("CRITICAL", "RuntimeError")
    assert line["exception"]["message"] == "wrong ***"
    assert "wrong.py" in line["exception"]["traceback"]
    assert SECRET not in process.output
