"""Find out whether the project has a start page, as far as the text of its URLs tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.rules.settings_module import folders
from django_k8s.adopt.tree import Tree, called, line, literal


def start_page(tree: Tree, project: str, settings: Defined) -> Fact:
    """Return the page that must render before a pod is ready, or an empty string if there is no start page."""
    urls = settings.value("ROOT_URLCONF")
    file = tree.module_file(urls, folders(project)) if isinstance(urls, str) else ""
    module = tree.parsed(file) if file else None
    if module is None:
        return Fact("readiness_page", "/", "the start page", "assumed")
    nodes = list(_of_production(module))
    routes: list[ast.Call] = []
    for node in nodes:
        name = called(node).rpartition(".")[2]
        if name == "i18n_patterns":
            return Fact("readiness_page", "/", line(file, node), "likely")
        if isinstance(node, ast.Call) and name in ("path", "re_path", "url") and node.args:
            route = literal(node.args[0])
            if not isinstance(route, str) or _is_start(name, route):
                return Fact("readiness_page", "/", line(file, node), "likely")
            routes.append(node)
    if routes and all(_is_literal(node) for node in nodes if _adds(node)):
        return Fact("readiness_page", "", f"{file} has no start page", "likely")
    return Fact("readiness_page", "/", "the start page", "assumed")


def _of_production(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node except those in a branch for debug mode."""
    yield node
    if isinstance(node, ast.If) and re.fullmatch(r"(settings\.)?DEBUG", ast.unparse(node.test)):
        for one in node.orelse:
            yield from _of_production(one)
        return
    for child in ast.iter_child_nodes(node):
        yield from _of_production(child)


def _is_start(function: str, route: str) -> bool:
    if function == "path":
        return route == ""
    try:
        return bool(re.search(route, ""))
    except re.error:
        return True


def _adds(node: ast.AST) -> bool:
    """Return whether a statement defines or extends the URLs."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "urlpatterns"
    return isinstance(node, ast.AugAssign) and ast.unparse(node.target) == "urlpatterns"


def _is_literal(node: ast.AST) -> bool:
    """Return whether every URL that a statement adds is written out in the file, or serves files."""
    value = getattr(node, "value", None)
    if isinstance(value, ast.Call) and any(ast.unparse(one) == "urlpatterns" for one in value.args):
        return True  # a function that adds URLs to those above, for example for debugging or for suffixes
    if isinstance(value, ast.List):
        return not any(isinstance(one, ast.Starred) for one in value.elts)
    return "static" in called(value).rpartition(".")[2] if value is not None else False
