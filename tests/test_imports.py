"""Imports point one way, and nobody pays for what is not used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import django_k8s

PACKAGE = Path(django_k8s.__file__).parent
TABLE = "tests/test_imports.py"

# The layers from the bottom to the top, and the layers that each may import. A layer is a module or a folder of the
# package. "django_k8s" is the package's own __init__.py.
LAYERS = {
    "environment": set(),
    "django_k8s": {"environment"},
    "conf": set(),
    "upstream": set(),
    "models": set(),
    "media_storage": set(),
    "static_files": set(),
    "error_reports": {"environment"},
    "mail": {"conf"},
    "observability": {"environment"},
    "cache": {"observability"},
    "probe": {"environment", "observability"},
    "daemon": {"environment", "probe"},
    "run_role": {"environment", "observability", "daemon"},
    "database": {"environment", "conf"},
    "celery": {"environment", "conf", "models", "observability", "database", "probe"},
    "startup_gate": {"environment", "conf", "celery"},
    "gunicorn": {"environment", "observability", "probe", "startup_gate"},
    "settings": {"environment", "conf", "database", "celery"},
    "overlay": {"environment", "conf", "settings"},
    "health": {"environment", "conf", "database", "celery"},
    "middleware": {"environment", "conf", "observability", "startup_gate", "health"},
    "migrate": {"database", "health"},
    "management": {"environment", "conf", "celery", "health", "migrate"},
    "checks": {"environment", "conf", "upstream", "celery", "settings", "health"},
    "release": {"environment"},
    "adopt": {"environment"},
    "cli": {"environment", "celery", "django_k8s", "adopt", "release"},
    "apps": {"environment", "database", "celery", "startup_gate", "checks"},
}  # fmt: skip

# Which modules import a library: at their top, because nobody loads them without it, or only inside functions.
LIBRARIES = {
    "django": (("",), ()),
    "asgiref": (("health.", "middleware.", "gunicorn.request_threads"), ()),  # Django requires it
    "environ": ((), ("settings.", "database.connections")),  # only once a URL is read
    "gunicorn": (("gunicorn.",), ()),
    "whitenoise": (("middleware.static_files", "static_files.storage", "static_files.compressor"), ()),
    "celery": (("celery.",), ()),
    "kombu": (("celery.",), ("health.broker",)),
    "billiard": (("celery.shutdown",), ()),
    "boto3": (("media_storage.s3",), ()),
    "botocore": (("media_storage.s3",), ()),
    "storages": (("media_storage.s3", "media_storage.gcs", "media_storage.azure"), ()),
    "google": (("media_storage.gcs",), ()),
    "requests": (("media_storage.gcs",), ()),
    "azure": (("media_storage.azure",), ()),
    "prometheus_client": (
        ("observability.metrics", "observability.metrics_file", "probe.dead_processes"),
        ("probe.exposition",),
    ),
    "newrelic": ((), ("observability.newrelic",)),
    "redis": (("cache.redis",), ()),
    "pymemcache": (("cache.memcached",), ()),
    "watchfiles": (("cli.reload",), ()),
    "pathspec": (("cli.image.ignore_files",), ()),
    "packaging": (("cli.image.context",), ()),
}

# They run where Django is not loaded.
WITHOUT_DJANGO = ("environment", "observability", "probe", "daemon", "run_role", "release")


def name(path: Path) -> str:
    """What a module is called here: ``celery.worker``, and ``celery`` for its ``__init__.py``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".") or (
        PACKAGE.name
    )


MODULES = {
    name(path): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "_assets" not in path.parts and "migrations" not in path.parts
}


def layer(module: str) -> str:
    return module.partition(".")[0]


def imports(module: str) -> Iterator[tuple[str, bool]]:
    """What a module imports, and whether it does so when it is imported itself."""
    yield from _imports(ast.parse(MODULES[module].read_text()), at_top=True)


def _imports(node: ast.AST, *, at_top: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, at_top) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((f"{child.module}.{alias.name}", at_top) for alias in child.names)
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        )
        yield from _imports(child, at_top=at_top and not inside)


def ours(imported: str) -> str:
    """The module of the package that an import loads, or an empty string."""
    if not imported.startswith(f"{PACKAGE.name}."):
        return ""
    found = imported.removeprefix(f"{PACKAGE.name}.")
    while found not in MODULES:
        found = found.rpartition(".")[0] or PACKAGE.name
    return found


def test_every_module_has_a_layer() -> None:
    """Each module belongs to one layer, and each layer holds a module."""
    found = {layer(module) for module in MODULES}

    assert sorted(found - LAYERS.keys()) == [], f"add these to LAYERS in {TABLE}, above all that they import"
    assert sorted(LAYERS.keys() - found) == [], f"remove these from LAYERS in {TABLE}: no such module exists"


def test_layers_stand_above_each_other() -> None:
    """A layer imports only what stands before it in the table, so no two layers import each other."""
    order = list(LAYERS)
    upwards = {
        above: sorted(below for below in found if below not in order[: order.index(above)])
        for above, found in LAYERS.items()
    }
    assert {above: found for above, found in upwards.items() if found} == {}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    """A module imports its own layer and those that the table allows, inside functions too."""
    own = layer(module)
    found = {layer(ours(imported)) for imported, _ in imports(module) if ours(imported)} - {own}

    assert sorted(found - LAYERS.get(own, set())) == [], f"{own} may not import these: see LAYERS in {TABLE}"


def test_the_table_allows_nothing_more() -> None:
    """A permission that no module uses is removed."""
    used: dict[str, set[str]] = {own: set() for own in LAYERS}
    for module in MODULES:
        used.setdefault(layer(module), set()).update(
            layer(ours(imported)) for imported, _ in imports(module) if ours(imported)
        )
    unused = {own: sorted(allowed - used[own]) for own, allowed in LAYERS.items()}

    assert {own: found for own, found in unused.items() if found} == {}, (
        f"remove these from LAYERS in {TABLE}"
    )


def test_no_module_imports_itself_in_a_circle() -> None:
    """There is no import cycle within a layer."""
    graph = {
        module: {ours(imported) for imported, _ in imports(module) if ours(imported)} - {module}
        for module in MODULES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("module", MODULES)
def test_libraries_have_one_owner(module: str) -> None:
    """Only the module that integrates a library imports it."""
    for imported, at_top in imports(module):
        library = imported.partition(".")[0]
        if library in sys.stdlib_module_names or library == PACKAGE.name:
            continue
        top, inside = LIBRARIES.get(library, ((), ()))
        allowed = top if at_top else top + inside
        assert f"{module}.".startswith(allowed) or module in allowed, (
            f"{module} may not import {library}{' at its top' if at_top else ''}: let the module that integrates it do "
            f"so, or add it to LIBRARIES in {TABLE}"
        )
        assert library != "django" or layer(module) not in WITHOUT_DJANGO, f"{module} runs without Django"


@pytest.mark.parametrize(
    "module", [name for name in MODULES if layer(name) in WITHOUT_DJANGO and name != "observability.metrics"]
)
def test_stands_alone(module: str) -> None:
    """The environment and the probe are used where neither Django nor Celery is."""
    code = f"import sys, django_k8s.{module} as m; print([n for n in ('django', 'celery', 'environ') if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"


def test_the_listener_is_small() -> None:
    """Each pod has one: it loads nothing that makes classes or temporary files."""
    code = "import sys, django_k8s.probe.__main__; print([n for n in ('inspect', 'tempfile') if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"


def test_modules_stay_small() -> None:
    """A module of more than 300 lines is asking to be two; the table of variables is exempt."""
    lengths = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}

    assert {
        module: count
        for module, count in lengths.items()
        if count > 300 and module != "environment.variables"
    } == {}


def test_the_top_of_the_package_stays_small() -> None:
    """A reader sees at most ten modules beside the folders."""
    assert len(list(PACKAGE.glob("*.py"))) <= 10
