"""Every block of code in README and docs is run, parsed, or marked as what it is."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands
from support.blocks import ROOT, Block, blocks
from support.process import environment, run

from django_k8s.cli.__main__ import main
from django_k8s.environment.variables import VARIABLES

# What is no command and no file: (page, beginning of the block) -> what it is.
SHOWN = {
    ("docs/explanation/chart.md", "the migrate Job waits"): "diagram",
    ("docs/explanation/chart.md", "web     drainSeconds"): "arithmetic",
    ("docs/explanation/design.md", "ConfigMap / Secret"): "diagram",
    ("docs/explanation/design.md", "environment  ->"): "diagram",
    ("docs/explanation/image.md", "base             Python"): "list of stages",
    ("docs/explanation/kubernetes-terms.md", "a request ->"): "diagram",
    ("docs/how-to/health-checks.md", "health check page fails"): "log",
    ("docs/how-to/image.md", "django-k8s: replaced"): "output",
    ("docs/how-to/image.md", "django-k8s: these files"): "output",
    ("docs/how-to/production.md", "web      (pods + 2)"): "arithmetic",
    ("docs/reference/up.md", "cluster         context"): "output",
    ("docs/reference/up.md", "NAME     AGE"): "output",
    ("docs/tutorial/adopt.md", "settings module"): "output",
    ("docs/tutorial/first-steps.md", "run    | Ready"): "log",
    ("docs/tutorial/first-steps.md", "config/settings.py"): "list of files",
    ("docs/tutorial/first-steps.md", "worker | "): "log",
    ("example_project/README.md", "config/     settings"): "list of files",
}
# Lines of Python that belong in a list or dict of the project; tests/example runs the second one.
LINES = {
    ("docs/how-to/media.md", '"django_k8s.middleware.MediaFilesMiddleware"'),
    ("docs/tutorial/first-steps.md", '"forget"'),
}
# The programs of which what they are told is compared with what there is, as far as this machine knows it.
KNOWN = {".ci/release", "django-k8s", "docker", "helm", "kubectl", "make", "pip", "python", "python3", "uvx"}
# The others, which need a cloud, a server or a terminal: bash reads the line, and no more is tested.
OUTSIDE = {
    *(
        "aws",
        "base64",
        "cd",
        "createdb",
        "curl",
        "export",
        "git",
        "heroku",
        "jq",
        "minikube",
        "pg_restore",
        "psql",
    ),
    *("echo", "redis-cli", "tar", "uv", "."),
}
# The environment in which each page's message about the configuration is what the library says.
REPORTED = {
    "docs/how-to/troubleshooting.md": {"SECRET_KEY": "short", "ALLOWED_HOSTS": "shop.example.com"},
    "docs/tutorial/kubernetes.md": {"READINESS_TIMEOUT_SECONDS": "soon", "DEBUG": "true"},
}
REPORT = """
from pathlib import Path
from django_k8s import Env, settings as k8s
env = Env(Path("/srv/shop"))
k8s.secret_key(env), k8s.allowed_hosts(env), k8s.database(env)
k8s.config(env)
"""

BLOCKS = blocks()
ALIASES = ("REPLICA_", "ANALYTICS_", "TRAC_", "RENDITIONS_", "SESSIONS_")
OWN = {
    *(
        "STRIPE_KEY",
        "SHOP_NAME",
        "PROJECT_DIR",
        "LOCK",
        "GROUPS",
        "LIBRARY",
        "WITH_CELERY",
        "DJANGO_SETTINGS_MODULE",
    ),
}


def shown(block: Block) -> bool:
    """Whether the block is in one of the tables above."""
    return any(block.page == page and block.text.startswith(start) for page, start in [*SHOWN, *LINES])


def kind(block: Block) -> str:
    """How the block is tested."""
    if block.language:
        return block.language
    if shown(block):
        return "shown"
    if block.text.startswith("The configuration has "):
        return "report"
    if block.text.startswith(("apiVersion:", "kind:")):
        return "yaml"
    if re.match(r"[A-Z][A-Z0-9_]*=\S*$", block.first):
        return "variables"
    return "shell"


def of(name: str) -> list[Block]:
    """The blocks of a kind."""
    return [block for block in BLOCKS if kind(block) == name]


def test_nearly_all_are_run_or_parsed() -> None:
    """What is only shown is at most a tenth, and the tables name no block that is not there."""
    found = Counter(kind(block) for block in BLOCKS)
    print(dict(found))

    assert set(found) <= {
        "python",
        "yaml",
        "json",
        "dockerfile",
        "alloy",
        "shown",
        "report",
        "variables",
        "shell",
    }
    assert found["report"] == len(REPORTED) + 1
    assert found["shown"] + found["alloy"] <= len(BLOCKS) / 10
    starts = {(page, start) for page, start in [*SHOWN, *LINES]}
    used = {(p, s) for p, s in starts for block in BLOCKS if block.page == p and block.text.startswith(s)}
    assert starts == used


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_yaml(block: Block) -> None:
    """It is YAML. Values of the chart are rendered too, by tests/chart."""
    assert list(yaml.safe_load_all(block.text.partition("\n\nkubectl")[0]))


@pytest.mark.parametrize("block", of("json"), ids=str)
def test_json(block: Block) -> None:
    """It is JSON."""
    assert json.loads(block.text)


@pytest.mark.parametrize("block", of("dockerfile"), ids=str)
def test_dockerfile(block: Block, tmp_path: Path) -> None:
    """hadolint knows every instruction. That packages have no versions is wanted."""
    file = tmp_path / "Dockerfile"
    file.write_text(block.text)
    program = Path(sys.executable).with_name("hadolint")
    done = run([str(program), "--ignore=DL3008", "--ignore=DL3042", str(file)], environment(), tmp_path)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", of("variables"), ids=str)
def test_variables(block: Block) -> None:
    """Every variable that is set is one of the table, or the project's own."""
    names = re.findall(r"^([A-Z][A-Z0-9_]*)=", block.text, re.MULTILINE)
    known = {*VARIABLES, *OWN}

    assert names
    assert [name for name in names if name not in known and not name.startswith(ALIASES)] == []


@pytest.mark.parametrize("block", [block for block in of("report") if block.page in REPORTED], ids=str)
def test_report(block: Block) -> None:
    """What the page shows is what the library says. (tests/test_snippets.py has the one of the settings' page.)"""
    done = run([sys.executable, "-c", REPORT], environment(**REPORTED[block.page]), ROOT / "tests")

    assert done.returncode == 78
    assert block.text in done.stderr


def test_every_script_is_one_of_the_shell(tmp_path: Path) -> None:
    """bash can read it. Placeholders in capitals or with three dots are words."""
    script = "\n".join(f": {block}\nfalse && {{\n{block.script}\n}}" for block in of("shell"))
    file = tmp_path / "script"
    file.write_text(script)
    done = run([shutil.which("bash") or "bash", "-n", str(file)], environment(), tmp_path)

    assert done.returncode == 0, done.stderr


def test_every_command_is_known() -> None:
    """A word that begins a command is a program that this test knows."""
    unknown = [
        (str(block), command[0])
        for block in of("shell")
        for command in block.commands()
        if command[0] not in KNOWN | OUTSIDE
    ]
    used = {command[0] for block in of("shell") for command in block.commands()}

    assert unknown == []
    assert used >= OUTSIDE


def calls(program: str) -> list[tuple[Block, list[str]]]:
    """The command lines of a program, without its name."""
    found = []
    for block in of("shell"):
        for command in block.commands():
            words = command
            if words[0] == "uvx" and "django-k8s" in words[1:]:
                words = words[words.index("django-k8s", 3) :]
            if words[0] == "kubectl" and "--" in words:
                words = words[words.index("--") + 1 :]
                if words[0] != program:
                    continue
            if words[0] == program:
                found.append((block, words[1:]))
    return found


def test_the_command_line_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    """Each `django-k8s ...` is one that the parser takes: of an option more, it says that this one is wrong."""
    wrong = []
    lines = calls("django-k8s")
    for block, words in lines:
        try:
            status: object = main([*words, "--of-this-test"])
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr().err
        if status != 64 or "unrecognized arguments: --of-this-test\n" not in said:
            wrong.append((str(block), words, said))

    assert len(lines) > 20
    assert wrong == []


def test_management_commands_exist() -> None:
    """Each `python manage.py ...` is a command of Django or of this library."""
    names = {words[1] for _, words in calls("python") if words[:1] == ["manage.py"]}
    own = {path.stem for path in (ROOT / "django_k8s/management/commands").glob("k8s_*.py")}

    assert names - {*get_commands(), *own} == set()


def test_make_targets_exist() -> None:
    """Each `make ...` is a target."""
    targets = set(re.findall(r"^([a-z/-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {words[0] for _, words in calls("make")} <= targets


def test_extras_exist() -> None:
    """Each extra that is to be installed is one of the package."""
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    text = " ".join(block.text for block in BLOCKS)
    named = {
        extra for found in re.findall(r"django-k8s-toolkit\[([\w,-]+)\]", text) for extra in found.split(",")
    }

    assert named
    assert named <= extras


def test_arguments_of_the_image_exist() -> None:
    """Each build argument is one of the Dockerfile."""
    arguments = set(re.findall(r"^ARG (\w+)", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE))
    named = {name for block in of("shell") for name in re.findall(r"--build-arg (\w+)=", block.text)}

    assert named
    assert named <= arguments


def test_values_of_helm_exist() -> None:
    """Each value that Helm is given is one of the chart, and each preset is one of its files."""
    values = yaml.safe_load((ROOT / "charts/django/values.yaml").read_text())
    unknown = []
    for block in of("shell"):
        for name in re.findall(r"--set(?:-string)? [\"']?([\w.]+)=", block.script):
            top, _, rest = name.partition(".")
            if top not in values or (rest and top != "env" and rest.split(".")[0] not in values[top]):
                unknown.append((str(block), name))
        presets = re.findall(r"-f (?:\./)?chart/(values-[\w.]+)", block.script)
        files = [ROOT / "charts/django" / preset for preset in presets]
        unknown += [(str(block), str(file)) for file in files if not file.is_file()]

    assert unknown == []
