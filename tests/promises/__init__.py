"""What the library promises, and how each promise is broken on purpose: the table that ``make broken`` runs."""

from promises import (
    adopt,
    chart,
    check,
    databases,
    environment,
    image,
    observability,
    overlay,
    probes,
    release,
    settings,
    tasks,
    text,
    web,
)
from promises.row import Row

__all__ = ["ROWS", "WITHOUT_A_PROMISE", "Row"]

ROWS = [
    *environment.ROWS,
    *settings.ROWS,
    *databases.ROWS,
    *overlay.ROWS,
    *probes.ROWS,
    *web.ROWS,
    *tasks.ROWS,
    *release.ROWS,
    *image.ROWS,
    *chart.ROWS,
    *observability.ROWS,
    *text.ROWS,
    *adopt.ROWS,
    *check.ROWS,
]

# Every module and entrypoint with code has a row or stands here with the reason.
WITHOUT_A_PROMISE = {
    **adopt.REASONS,
    **check.REASONS,
    "environment.assets": "names a directory; whatever reads a file of the package fails without it",
    "django_k8s": "holds the version",
    "settings": "lists the functions of its modules",
    "overlay": "lists the functions of its modules",
    "database.keepalives": "holds numbers; a row of `settings.databases` leaves them out",
    "gunicorn.limits": "holds what the variables say; the rows of the modules that use it break each limit",
    "checks.messages": "holds the texts of the system checks; the rows of `checks.system_checks` break the checks themselves",
    **dict.fromkeys(
        (
            "upstream.name",
            "upstream.gunicorn",
            "upstream.gunicorn_threads",
            "upstream.celery",
            "upstream.django",
            "upstream.others",
        ),
        "holds rows; tests/test_upstream.py sees each fail",
    ),
    "entrypoints/debug": "waits for an editor; tests/image attaches one in a container, where no row can break a copy",
}
