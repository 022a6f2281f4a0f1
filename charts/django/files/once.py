"""Run the command ONCE_COMMAND unless it has ended well in this database before, as the mark ONCE_MARK says."""

import json
import os
import subprocess
import sys

from django.db import IntegrityError, connection, transaction

mark = os.environ.pop("ONCE_MARK")
command = json.loads(os.environ.pop("ONCE_COMMAND"))
insert = "INSERT INTO django_k8s_once (mark) VALUES (%s)"
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS django_k8s_once (mark varchar(64) PRIMARY KEY)")
    cursor.execute("SELECT 1 FROM django_k8s_once WHERE mark = %s", [mark])
    found = cursor.fetchone()


def run() -> None:
    status = subprocess.run(command, check=False).returncode  # noqa: S603 - what the values say
    if status:
        sys.exit(status if status > 0 else 128 - status)  # a signal, as a shell reports it


try:
    if found:
        pass
    elif connection.vendor == "sqlite":  # its one writer has to be the command
        run()
        with connection.cursor() as cursor:
            cursor.execute(insert, [mark])
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                    cursor.execute(f"SET LOCAL {limit} = 0")
            # A second Job waits in this line until the first one has ended.
            cursor.execute(insert, [mark])
            run()
except IntegrityError:
    found = True
if found:
    print(f"{mark} has run in this database. To run it again, change releaseToken.")
