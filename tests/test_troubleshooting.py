"""Whoever types an error message into the search comes to the section that explains it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent / "docs/how-to/troubleshooting.md"
# As people paste them. The site's search finds a section that has all of their words.
MESSAGES = """
CrashLoopBackOff
Init:CrashLoopBackOff
Init:0/1
CreateContainerConfigError
secret "shop-env" not found
ImagePullBackOff
ErrImageNeverPull
no basic auth credentials
exec format error
0/3 nodes are available: 3 Insufficient cpu.
violates PodSecurity "restricted:latest"
container has runAsNonRoot and image will run as root
UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress
timed out waiting for the condition
field is immutable
OOMKilled
Worker (pid:23) was sent SIGKILL! Perhaps out of memory?
WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL)
Evicted
OSError: [Errno 30] Read-only file system
PermissionError: [Errno 13] Permission denied
No space left on device
Readiness probe failed: HTTP probe failed with statuscode: 503
Liveness probe failed: context deadline exceeded
[CRITICAL] WORKER TIMEOUT (pid:12)
Invalid HTTP_HOST header: '10.1.2.3:8000'. You may need to add '10.1.2.3' to ALLOWED_HOSTS.
CSRF verification failed. Request aborted.
Origin checking failed - https://shop.example.com does not match any trusted origins.
Origin checking failed - null does not match any trusted origins.
ERR_TOO_MANY_REDIRECTS
502 Bad Gateway
504 Gateway Timeout
413 Request Entity Too Large
Missing staticfiles manifest entry for 'css/app.css'
MIME type ('text/html') is not a supported stylesheet MIME type
static files 404
Multi-Attach error for volume
FATAL: sorry, too many clients already
remaining connection slots are reserved
could not translate host name "db" to address
Error 111 connecting to localhost:6379. Connection refused.
password authentication failed for user "shop"
prepared statement "_pg3_0" already exists
relation "shop_order" does not exist
canceling statement due to lock timeout
canceling statement due to statement timeout
cannot execute INSERT in a read-only transaction
SSL connection has been closed unexpectedly
server closed the connection unexpectedly
SSL: CERTIFICATE_VERIFY_FAILED
database is locked
Conflicting migrations detected; multiple leaf nodes in the migration graph
InconsistentMigrationHistory
Received unregistered task of type 'shop.tasks.mail'.
Order matching query does not exist.
OOM command not allowed when used memory > 'maxmemory'
MISCONF Redis is configured to save RDB snapshots
READONLY You can't write against a read only replica.
PRECONDITION_FAILED - delivery acknowledgement timed out
CommandError: Error: That username is already taken.
ModuleNotFoundError: No module named 'config'
ImproperlyConfigured: The SECRET_KEY setting must not be empty.
task runs twice
task never runs
beat sends tasks twice
"""


def words(text: str) -> set[str]:
    """The words of a text, as the site's search sees them."""
    return {word for word in re.split(r"[\s\-_,:!=\[\]()\\\"'`/;<>|*?]+|\.(?!\d)", text.lower()) if word}


def sections() -> dict[str, set[str]]:
    """The words of each section, by its heading."""
    parts = re.split(r"^#+ (.+)\n", PAGE.read_text(), flags=re.MULTILINE)
    return {head: words(f"{head} {text}") for head, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("message", MESSAGES.strip().splitlines())
def test_message_is_found(message: str) -> None:
    """A section has all of its words."""
    assert [head for head, found in sections().items() if words(message) <= found]
