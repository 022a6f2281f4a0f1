"""The health check of Celery's broker."""

from __future__ import annotations

import tempfile
from typing import Any

from django_k8s.celery import application
from django_k8s.environment.connection_urls import scheme
from django_k8s.health.results import Unhealthy


class Broker:
    """Connect to the Celery application's broker as a publisher would. If it is a directory, write into it.

    Redis must answer a ping, RabbitMQ the handshake with login and virtual host, and SQS a listing of queues.
    """

    def __call__(self, timeout: float) -> None:
        """Raise Unhealthy if there is no Celery application with a broker, or what kombu raises if it cannot connect."""
        try:
            found = application.find()
            url = application.broker(found)
        except application.NoApplication as error:
            raise Unhealthy(str(error)) from None
        conf = found.app.conf
        options = dict(conf.broker_transport_options)
        if str(url).startswith("filesystem"):
            _write(options)
            return
        self._connect(url, options, conf.broker_use_ssl, timeout)

    @staticmethod
    def _connect(url: str, options: dict[str, Any], tls: Any, timeout: float) -> None:
        from kombu.connection import Connection

        if scheme(url) in ("redis", "rediss", "sentinel"):
            options |= {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        connection = Connection(
            url,
            connect_timeout=timeout,
            transport_options=options,
            ssl=tls or False,
        )
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=timeout)
        finally:
            connection.release()


def _write(options: dict[str, Any]) -> None:
    for directory in {options.get("data_folder_in", "data_in"), options.get("data_folder_out", "data_out")}:
        # The file has no name, so no worker mistakes it for a message.
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"ok")
