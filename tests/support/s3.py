"""A real S3 server on the loopback address, one that verifies signatures."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.need import need, program
from support.ports import free_port
from support.process import environment, started, wait_until

ACCESS_KEY = "test-access-key"
SECRET_KEY = "test-secret-key"


@dataclass
class S3:
    """Where the server answers; ``client()`` is boto3's, with the right keys."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self):
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def variables(self, bucket: str) -> dict[str, str]:
        """The environment of a project that keeps its media in ``bucket``."""
        return {
            "MEDIA_S3_BUCKET": bucket,
            "MEDIA_S3_ENDPOINT_URL": self.endpoint,
            "MEDIA_S3_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }


@contextlib.contextmanager
def s3() -> Iterator[S3]:
    """versitygw over a temporary folder."""
    home = Path(os.environ.get("HOME", "/root"))
    path = program("versitygw", f"{home}/go/bin")
    need("versitygw", path, "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
    assert path
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        env = environment(ROOT_ACCESS_KEY=ACCESS_KEY, ROOT_SECRET_KEY=SECRET_KEY)
        with started(
            [path, "--port", f"127.0.0.1:{port}", "posix", folder],
            env,
            Path(folder).parent,
            Path(f"{folder}.log"),
        ):
            server = S3(port)
            wait_until(lambda: _answers(server), 20, "versitygw")
            yield server
        Path(f"{folder}.log").unlink()


def _answers(server: S3) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        server.client().list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True
