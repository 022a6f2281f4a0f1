"""Errors are kept in the database."""

import logging


class Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        pass
