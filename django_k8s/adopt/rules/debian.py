"""The database's engine, and the Debian packages that the project's packages need."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import dockerfiles
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.tree import Tree

_DRIVERS = {
    "psycopg": "django.db.backends.postgresql",
    "psycopg2": "django.db.backends.postgresql",
    "psycopg2-binary": "django.db.backends.postgresql",
    "psycopg-binary": "django.db.backends.postgresql",
    "psycopg-c": "django.db.backends.postgresql",
    "mysqlclient": "django.db.backends.mysql",
    "pymysql": "django.db.backends.mysql",
    "oracledb": "django.db.backends.oracle",
    "cx-oracle": "django.db.backends.oracle",
}
_COMPILER = "gcc"  # cli/image/inputs.py adds to every compiler what it needs
# Python package: the Debian packages at run time, and at build time. The names exist in Debian 12 and later.
_NEEDS = {
    "psycopg2": ("libpq5", f"{_COMPILER} libpq-dev"),
    "psycopg-c": ("libpq5", f"{_COMPILER} libpq-dev"),
    "mysqlclient": ("libmariadb3", f"{_COMPILER} default-libmysqlclient-dev pkg-config"),
    "uwsgi": ("", _COMPILER),
    "pyuwsgi": ("", ""),
    "pycairo": ("libcairo2", f"{_COMPILER} libcairo2-dev pkg-config"),
    "weasyprint": ("libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0", ""),
    "cairosvg": ("libcairo2", ""),
    "cairocffi": ("libcairo2", ""),
    "python-magic": ("libmagic1", ""),
    "pdf2image": ("poppler-utils", ""),
    "pytesseract": ("tesseract-ocr", ""),
    "xmlsec": ("libxmlsec1-openssl", f"{_COMPILER} libxmlsec1-dev pkg-config"),
    "pysaml2": ("xmlsec1", ""),
    "djangosaml2": ("xmlsec1", ""),
    "python-ldap": ("libldap2 libsasl2-2", f"{_COMPILER} libldap-dev libsasl2-dev"),
    "django-auth-ldap": ("libldap2 libsasl2-2", f"{_COMPILER} libldap-dev libsasl2-dev"),
    "pyvips": ("libvips42", ""),
    "wand": ("libmagickwand-6.q16-6", ""),
    "pygraphviz": ("graphviz", f"{_COMPILER} libgraphviz-dev"),
    "graphviz": ("graphviz", ""),
    "pypandoc": ("pandoc", ""),
    "ffmpeg-python": ("ffmpeg", ""),
    "pydub": ("ffmpeg", ""),
    "gdal": ("gdal-bin", f"{_COMPILER} libgdal-dev"),
    "m2crypto": ("libssl3", f"{_COMPILER} libssl-dev swig"),
    "pyodbc": ("unixodbc", f"{_COMPILER} unixodbc-dev"),
    "python-snappy": ("libsnappy1v5", f"{_COMPILER} libsnappy-dev"),
    "pyzbar": ("libzbar0", ""),
}
# Packages that a Dockerfile may install for run time, and that have the same name in every Debian release.
_STABLE = frozenset(
    [
        "gettext",
        "git",
        "ffmpeg",
        "imagemagick",
        "ghostscript",
        "poppler-utils",
        "graphviz",
        "pandoc",
        "tesseract-ocr",
        "gdal-bin",
        "postgresql-client",
        "default-mysql-client",
        "rsync",
        "xmlsec1",
        "unzip",
        "libxml2-utils",
        "optipng",
        "jpegoptim",
        "gifsicle",
    ]
)


# The program of a package, if it has another name than the package.
_PROGRAMS = {
    "imagemagick": "convert",
    "ghostscript": "gs",
    "poppler-utils": "pdftotext",
    "tesseract-ocr": "tesseract",
    "postgresql-client": "pg_dump",
    "default-mysql-client": "mysqldump",
    "graphviz": "dot",
    "gdal-bin": "ogr2ogr",
    "libxml2-utils": "xmllint",
}


def database(settings: Defined, packages: dict[str, str]) -> Fact:
    """Return the engine of the database ``default`` in production."""
    engines = [
        word
        for name in settings.nodes
        if name.startswith("DATABASE")
        for word in settings.words(name)
        if re.search(
            r"\.(postgresql|mysql|oracle|sqlite3|postgis|spatialite)(_psycopg2|_backend)?$|db\.backends\.\w+$|^django_prometheus\.db",
            word,
        )
    ]
    place = settings.places.get("DATABASES", "")
    served = [engine for engine in engines if "sqlite" not in engine and "spatialite" not in engine]
    if served:
        # If there are several, prefer Django's own. A wrapper is usually optional.
        best = (
            min(served, key=lambda engine: not engine.startswith("django."))
            if len(set(served)) > 1
            else served[0]
        )
        return Fact("database_engine", best, place, "read" if len(set(served)) == 1 else "likely")
    for driver, engine in _DRIVERS.items():
        if driver in packages:
            return Fact("database_engine", engine, f"{driver} is installed", "likely")
    if engines:
        # Pods cannot share a file, so production needs a server, which DATABASE_URL names.
        source = f"{place} has SQLite, which pods cannot share"
        return Fact("database_engine", "django.db.backends.postgresql", source, "likely")
    return Fact("database_engine", "django.db.backends.postgresql", "nothing names one", "assumed")


def packages(
    tree: Tree, installed: dict[str, str], engine: str, *, translations: bool, git: bool, compiled: str = ""
) -> tuple[Fact, Fact]:
    """Return two facts: the Debian packages at run time, and those for the build."""
    run: dict[str, str] = {}
    build: dict[str, str] = {}
    for name, (at_run, at_build) in _NEEDS.items():
        if name in installed:
            run.update(dict.fromkeys(at_run.split(), f"{name} is installed"))
            build.update(dict.fromkeys(at_build.split(), f"{name} is installed"))
    if "psycopg" in installed and not {"psycopg-binary", "psycopg-c"} & installed.keys():
        run.setdefault("libpq5", "psycopg is installed without the extra binary")
    if "postgis" in engine or "spatialite" in engine:
        run.update(dict.fromkeys(("gdal-bin", "libproj25"), engine))
    if compiled:
        build[_COMPILER] = f"{compiled} has no wheel"
    if translations:
        build["gettext"] = "messages are compiled"
    if git:
        build["git"] = "a package comes from a git repository"
    for package, source in _apt(tree):
        if package in _STABLE and _called(tree, _PROGRAMS.get(package, package)):
            run.setdefault(package, source)
    # The pods do not need gettext, which only compiles the messages.
    if translations and not any("makemessages" in tree.text(name) for name in tree.code()):
        run.pop("gettext", None)
    return _fact("packages", run), _fact("build_packages", build)


def _called(tree: Tree, program: str) -> bool:
    """Return whether the project's code mentions a program, as an argument or by its path."""
    pattern = re.compile(rf"""["'/ ]{re.escape(program)}["' ]""")
    return any(pattern.search(tree.text(name)) for name in tree.containing(program))


def _fact(name: str, found: dict[str, str]) -> Fact:
    source = ", ".join(dict.fromkeys(found.values()))
    return Fact(name, sorted(found), source or "no package needs one", "likely")


def _apt(tree: Tree) -> list[tuple[str, str]]:
    found = [
        (one.strip(), name)
        for name in tree.files
        if PurePosixPath(name).name == "Aptfile"
        for one in tree.text(name).splitlines()
    ]
    for file in dockerfiles.files(tree):
        for match in re.finditer(r"apt(?:-get)? install([^&;|\n]*)", dockerfiles.last_stage(tree, file)):
            found += [(one, file) for one in match[1].split() if not one.startswith("-")]
    return found
