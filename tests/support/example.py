"""The example project in a folder of its own, a reader of its pages, and pictures to send."""

from __future__ import annotations

import http.client
import io
import os
import shutil
import uuid
from http.cookies import SimpleCookie
from pathlib import Path

from support.patience import patience
from support.process import Response

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "example_project"
_STATE = shutil.ignore_patterns(
    "__pycache__", "db.sqlite3*", "media", "staticfiles", ".state", ".mypy_cache", ".ruff_cache", ".env"
)


def copy(folder: Path) -> Path:
    """Copy the example project as a person would, without what a run leaves behind."""
    shutil.copytree(EXAMPLE, folder, ignore=_STATE)
    return folder


def picture(kind: str = "PNG", size: tuple[int, int] = (1600, 1200)) -> bytes:
    """A real picture, not of one colour."""
    from PIL import Image

    data = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(data, kind)
    return data.getvalue()


def processes_in(folder: Path) -> list[str]:
    """The command lines of all processes that work in ``folder`` or below it, or name it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            where = (entry / "cwd").readlink()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # gone meanwhile, or another user's
        if where.is_relative_to(folder) or f"{folder}/" in command:
            found.append(f"{entry.name} {command}")
    return found


class Reader:
    """A browser without scripts: keeps its cookies and sends forms."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str = "/", **headers: str) -> Response:
        return self._request("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: dict[str, str], **files: tuple[str, bytes]) -> Response:
        """Send a form; the answer is what stands behind the redirect."""
        if "csrftoken" not in self.cookies:
            self.get("/")
        boundary = uuid.uuid4().hex
        body = b""
        for name, value in {"csrfmiddlewaretoken": self.cookies["csrftoken"], **fields}.items():
            body += (
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            )
        for name, (filename, content) in files.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            body += head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        answer = self._request(
            "POST", path, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body
        )
        if answer.status == 302:
            return self.get(answer.headers["location"].partition("#")[0])
        return answer

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> Response:
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience(30))
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, found, answer.read())
        finally:
            connection.close()
