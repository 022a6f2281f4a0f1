"""The fields of the first administrator."""

from __future__ import annotations

import ast

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.tree import Tree, dotted, line, literal


def superuser(tree: Tree, project: str, settings: Defined) -> Fact:
    """Return the fields that ``createsuperuser`` asks for, starting with the one that identifies a user."""
    model = settings.value("AUTH_USER_MODEL")
    if not isinstance(model, str) or model == "auth.User":
        return Fact("superuser_fields", ["username", "email"], "Django's own user model")
    name = model.rpartition(".")[2]
    for file in tree.containing(f"class {name}(", project):
        module = tree.parsed(file)
        for node in module.body if module else ():
            if module and isinstance(node, ast.ClassDef) and node.name == name:
                return Fact("superuser_fields", _user_fields(module, node), line(file, node), "likely")
    return Fact("superuser_fields", ["username", "email"], f"the model {model} was not found", "assumed")


def _user_fields(module: ast.Module, node: ast.ClassDef) -> list[str]:
    names = [dotted(base) for base in node.bases]
    above = [one for one in module.body if isinstance(one, ast.ClassDef) and one.name in names]
    assigned = {
        dotted(one.targets[0]): one.value
        for each in (*above, node)
        for one in each.body
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }
    named = assigned.get("USERNAME_FIELD")
    username = literal(named.orelse if isinstance(named, ast.IfExp) else named)
    required = literal(assigned.get("REQUIRED_FIELDS"))
    bases = [dotted(base).rpartition(".")[2] for each in (*above, node) for base in each.bases]
    default = ["email"] if "AbstractBaseUser" not in bases else []
    others = list(required) if isinstance(required, list | tuple) else default
    first = username if isinstance(username, str) else "username"
    return [first, *(str(one) for one in others if one != first)]
