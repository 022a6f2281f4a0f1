"""Find the settings that production uses, among those in wsgi.py, asgi.py and manage.py and the modules beside them."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Choice
from django_k8s.adopt.tree import Tree, called, dotted, line, literal

_VARIABLE = "DJANGO_SETTINGS_MODULE"
# Words in the last part of a module's name: for modules that are not for production, and for those that are.
_DEVELOPMENT = re.compile(
    r"(^|_)(local|dev|develop|development|devel|docker|compose|test|tests|testing|ci|debug)(_|$)"
)
_PRODUCTION = re.compile(r"(^|_)(prod|production|deploy|deployment|live)(_|$)")
_PARTS = re.compile(r"(^|_)(base|common|defaults?|shared|utils?|__init__)(_|$)")
_MENTION = re.compile(rf"(?<![\w#]){_VARIABLE}[\"']?\s*[=:,]\s*[\"']?([A-Za-z_][\w.]*)")
_DEPLOYMENT = re.compile(
    r"(^|/)(Dockerfile[^/]*|[^/]*\.Dockerfile|Procfile|app\.json|fly\.toml|render\.yaml|[^/]*compose[^/]*\.ya?ml"
    r"|[^/]*\.(sh|env|ini|service|conf)|\.env[^/]*|env[_.-][^/]*|uwsgi[^/]*)$"
)
_STARTS = re.compile(
    r"^(?!.*(dev|local|test|docs?/))([^:]*/)?(Dockerfile[^/:]*|[^/:]*\.Dockerfile|Procfile|fly\.toml|app\.json|render\.yaml):"
)


def named(tree: Tree, project: str) -> list[Choice]:
    """Return the settings modules that the project's programs set, beginning with that of the web server."""
    files = sorted(
        (name for name in tree.code(project) if _VARIABLE in tree.text(name)),
        key=lambda name: (_rank(name), len(PurePosixPath(name).parts), name),
    )
    found = []
    for name in files:
        module = tree.parsed(name)
        for node in ast.walk(module) if module else ():
            value = _named_by(node)
            if value:
                found.append(Choice(value, line(name, node)))
    return found


def assigned(tree: Tree, project: str) -> str:
    """Return where manage.py or wsgi.py overwrites the variable, or an empty string if neither does."""
    for name in tree.code(project):
        if PurePosixPath(name).name not in ("manage.py", "wsgi.py", "asgi.py") or _VARIABLE not in tree.text(
            name
        ):
            continue
        module = tree.parsed(name)
        for node in module.body if module else ():
            for inner in _unconditional(node):
                if isinstance(inner, ast.Assign) and _is_variable(inner.targets[0]):
                    return line(name, inner)
    return ""


def mentioned(tree: Tree, project: str) -> list[Choice]:
    """Return the settings modules that files for deployment set, such as a Dockerfile."""
    found = []
    for name in tree.files:
        if tree.aside(name) or len(PurePosixPath(name).parts) > 5 or not _DEPLOYMENT.search(name):
            continue
        for number, text in enumerate(tree.text(name).splitlines(), 1):
            # A module for one command of the build, such as collectstatic, is not the one that pods run.
            build = text.lstrip().startswith("RUN ") or "collectstatic" in text
            if not build and (match := _MENTION.search(text)) and "." in match[1]:
                found.append(Choice(match[1], f"{name}:{number}"))
    return found


def production(tree: Tree, project: str) -> list[Choice]:
    """Return the module that production should use. If the rules disagree, return several, the best first.

    This is the module that the programs set, unless it is for development. Otherwise, it is the one that a deployment
    sets, a module beside it with a name for production, or any other module beside it with the same base.
    """
    programs = named(tree, project)
    good = [choice for choice in programs if not development(choice.value)]
    if good:
        web = [choice for choice in good if _rank(choice.source.rpartition(":")[0]) == 0]
        best = (web or good)[0]
        if (started := _started(tree, project)) and not _PRODUCTION.search(best.value.rpartition(".")[2]):
            return [started]
        return [branched(tree, project, best.value) or best]
    if not programs:
        return _whole(tree, project)
    first = programs[0]
    beside = siblings(tree, project, first.value)
    deployed = [choice for choice in mentioned(tree, project) if not development(choice.value)]
    deployed = [choice for choice in deployed if tree.module_file(choice.value, folders(project))]
    by_name = [choice for choice in beside if _PRODUCTION.search(choice.value.rpartition(".")[2])]
    if by_name:
        return by_name[:1]
    if deployed:
        return deployed[:1]
    return [*beside, first] if beside else [first]


def _whole(tree: Tree, project: str) -> list[Choice]:
    """Return what a deployment names; else the modules that name the project's URLs, or those for production on top."""
    deployed = [choice for choice in mentioned(tree, project) if not development(choice.value)]
    for choice in deployed:
        if tree.module_file(choice.value, folders(project)):
            return [choice]
    found = [
        Choice(_module_name(name, project), line(name, node))
        for name in tree.code(project)
        for node in getattr(tree.parsed(name), "body", ())
        if isinstance(node, ast.Assign) and dotted(node.targets[0]) == "ROOT_URLCONF"
    ]
    beside = [one for choice in found for one in siblings(tree, project, choice.value)]
    by_name = [choice for choice in beside if _PRODUCTION.search(choice.value.rpartition(".")[2])]
    return by_name[:1] or [choice for choice in found if not development(choice.value)]


def _module_name(file: str, project: str) -> str:
    """Return the name under which a file is imported."""
    start = max(
        (one for one in folders(project) if one != "." and file.startswith(f"{one}/")), key=len, default=""
    )
    parts = PurePosixPath(file).relative_to(start).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _started(tree: Tree, project: str) -> Choice | None:
    """Return the module that the production image or process file sets. It overrides defaults in programs."""
    found = [
        choice
        for choice in mentioned(tree, project)
        if _STARTS.search(choice.source)
        and not development(choice.value)
        and tree.module_file(choice.value, folders(project))
    ]
    return found[0] if len({choice.value for choice in found}) == 1 else None


def branched(tree: Tree, project: str, module: str) -> Choice | None:
    """Return the production module among those that a package imports in branches, or None without branches."""
    file = tree.module_file(module, folders(project))
    parsed = tree.parsed(file) if file.endswith("__init__.py") else None
    for node in parsed.body if parsed else ():
        names = [
            (one.module or "", one)
            for one in (ast.walk(node) if isinstance(node, ast.If | ast.Try) else ())
            if isinstance(one, ast.ImportFrom) and one.level == 1 and one.names[0].name == "*"
        ]
        for name, one in names:
            if len(names) > 1 and _PRODUCTION.search(name):
                return Choice(f"{module}.{name}", line(file, one))
    return None


def development(module: str) -> bool:
    """Return whether a settings module is meant for development, by its last name."""
    return bool(_DEVELOPMENT.search(module.rpartition(".")[2].lower()))


def siblings(tree: Tree, project: str, module: str) -> list[Choice]:
    """Return the modules beside ``module`` that are complete settings, not for development."""
    file = tree.module_file(module, folders(project))
    if not file:
        return []
    folder, package = str(PurePosixPath(file).parent), module.rpartition(".")[0]
    found = []
    for name in tree.files:
        path = PurePosixPath(name)
        if str(path.parent) != folder or path.suffix != ".py" or name == file:
            continue
        if _DEVELOPMENT.search(path.stem) or _PARTS.search(path.stem) or not _builds_on_others(tree, name):
            continue
        if path.stem.startswith("settings") or "settings" in PurePosixPath(folder).name:
            found.append(Choice(f"{package}.{path.stem}".lstrip("."), f"{name}:1"))
    return sorted(found, key=lambda choice: _merit(tree, choice))


def _merit(tree: Tree, choice: Choice) -> tuple[bool, bool, int, str]:
    """Return the sort key of a settings module: its name, what it says about DEBUG, and how much it reads."""
    text = tree.text(choice.source.rpartition(":")[0])
    name = choice.value.rpartition(".")[2]
    off = re.search(r"(?m)^(\w+\s*=\s*)*DEBUG\s*=\s*(\w+\s*=\s*)*False", text)
    reads = len(re.findall(r"environ|getenv|env\(|config\(|env\.", text))
    return not _PRODUCTION.search(name), not off, -reads, choice.value


def folders(project: str) -> tuple[str, ...]:
    """Return the folders from which modules are imported: the project's, its ``src``, and the root."""
    inside = "src" if project == "." else f"{project}/src"
    return (project, inside, ".", "src")


def class_based(tree: Tree, project: str, file: str) -> str:
    """Return where django-configurations is used, or an empty string if it is not."""
    module = tree.parsed(file) if file else None
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "configurations":
            return line(file, node)
    for name in tree.code(project):
        if PurePosixPath(name).name in ("manage.py", "wsgi.py") and "DJANGO_CONFIGURATION" in tree.text(name):
            return f"{name}:1"
    return ""


def _builds_on_others(tree: Tree, name: str) -> bool:
    module = tree.parsed(name)
    return any(
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        for node in (module.body if module else ())
    )


def _rank(name: str) -> int:
    order = {"wsgi.py": 0, "asgi.py": 0, "manage.py": 1}
    return order.get(PurePosixPath(name).name, 2)


def _named_by(node: ast.AST) -> str:
    """Return the settings module that a statement sets, as a default or not."""
    sets = isinstance(node, ast.Call) and called(node).rpartition(".")[2] in ("setdefault", "putenv")
    if sets and isinstance(node, ast.Call) and len(node.args) == 2 and literal(node.args[0]) == _VARIABLE:
        value = literal(node.args[1])
        inner = node.args[1]
        if isinstance(inner, ast.Call) and called(inner).endswith(("getenv", "environ.get")):
            value = literal(inner.args[1]) if len(inner.args) > 1 else None
        return value if isinstance(value, str) else ""
    if isinstance(node, ast.Assign) and _is_variable(node.targets[0]):
        value = literal(node.value)
        return value if isinstance(value, str) else ""
    return ""


def _is_variable(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Subscript)
        and dotted(node.value) in ("os.environ", "environ")
        and literal(node.slice) == _VARIABLE
    )


def _unconditional(node: ast.stmt) -> list[ast.stmt]:
    """Return the statements that always run with the module or one of its functions."""
    if isinstance(node, ast.FunctionDef) or (
        isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
    ):
        return [inner for one in node.body for inner in _unconditional(one)]
    return [node]
