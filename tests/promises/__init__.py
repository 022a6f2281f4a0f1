"""What the library promises, and how each promise is broken on purpose: the table that ``make broken`` runs."""

from promises import (
    adopt,
    beat,
    chart,
    check,
    daemons,
    databases,
    environment,
    image,
    observability,
    overlay,
    probes,
    release,
    settings,
    staging,
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
    *beat.ROWS,
    *release.ROWS,
    *staging.ROWS,
    *image.ROWS,
    *chart.ROWS,
    *daemons.ROWS,
    *observability.ROWS,
    *text.ROWS,
    *adopt.ROWS,
    *check.ROWS,
]

# Every module and entrypoint with code has a row or stands here with the reason.
WITHOUT_A_PROMISE = {
    "release.outcome": "holds the exception and an exit status",
    "cli.up": "hands the command line on; tests/cluster/test_up.py runs it",
    **adopt.REASONS,
    **dict.fromkeys(
        ("cli.image.install", "cli.image.package", "cli.image.toolkit"),
        "runs while an image is built, where no row can break a copy; tests/image/test_locks.py compares what is installed",
    ),
    "cli.image.plan": "holds what `cli.image.locks` finds; the rows of the locks break it",
    **check.REASONS,
    "environment.assets": "names a directory; whatever reads a file of the package fails without it",
    "django_k8s": "holds the version",
    "settings": "lists the functions of its modules",
    "overlay": "lists the functions of its modules",
    "database.keepalives": "holds numbers; a row of `settings.databases` leaves them out",
    "media_storage": "names what every kind of bucket raises",
    "media_storage.unavailable": "holds an exception without code; the rows of each kind of bucket break what raises it",
    "checks.messages": "holds the texts of the system checks; the rows of `checks.system_checks` break the checks themselves",
    **dict.fromkeys(
        (
            "upstream.name",
            "upstream.gunicorn",
            "upstream.gunicorn_threads",
            "upstream.celery",
            "upstream.kombu",
            "upstream.django",
            "upstream.others",
        ),
        "holds rows; tests/test_upstream.py sees each fail",
    ),
    "entrypoints/debug": "waits for an editor; tests/image attaches one in a container, where no row can break a copy",
}
