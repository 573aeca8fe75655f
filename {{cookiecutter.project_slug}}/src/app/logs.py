"""Logs as Cloud Logging reads them: a JSON object a line, on standard output."""

import logging
import sys
from datetime import UTC, datetime

from pydantic_core import to_json

from app.config import Cloud


class _JsonLines(logging.Formatter):
    """A record's severity, time, message, and the fields that were logged with it."""

    def __init__(self, cloud: Cloud | None) -> None:
        super().__init__()
        self._traces = f"projects/{cloud.project}/traces/" if cloud else None

    def format(self, record: logging.LogRecord) -> str:
        """Write one line; a traceback becomes part of the message."""
        fields = dict(getattr(record, "fields", {}))
        trace, time = fields.pop("trace", None), datetime.fromtimestamp(record.created, UTC)
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        line = {"severity": record.levelname, "time": time.isoformat(), "message": message}
        if trace and self._traces:
            fields["logging.googleapis.com/trace"] = self._traces + trace
        return to_json(line | fields).decode()


def configure(cloud: Cloud | None) -> None:
    """Send all logs of this process to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines(cloud))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
