"""What can go wrong, in words for a person: each error is a list of sentences.

AppError
├── InvalidData        a file, table or record breaks a rule of `schema.py`   (HTTP 422)
├── ConfigError        an environment variable or `schema.py` itself is wrong (HTTP 500)
├── NotFound           a table, object, version or prediction is not there    (HTTP 404)
├── Conflict           somebody else changed it first                        (HTTP 409)
├── StorageUnavailable the store cannot be read or written now               (HTTP 503)
├── ModelRefused       no champion, or a model that differs from its record  (HTTP 503)
├── GateFailed         the evaluation says: do not promote                   (HTTP 409)
├── ApiUnavailable     the API does not answer its client, or refuses it     (HTTP 503)
├── DeployFailed       the API does not serve the champion                   (HTTP 503)
└── DriftFound         what is served is not what was learnt                 (HTTP 409)
"""


class AppError(Exception):
    """An error with its reasons; `problems` are sentences with value, rule and remedy."""

    status = 500
    exit_code = 1

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)

    def told(self) -> str:
        """Give the reasons as a list for a terminal."""
        return "\nStopped:\n" + "\n".join(f"- {problem}" for problem in self.problems)


class InvalidData(AppError):
    """A file, table or record breaks a rule of `schema.py`."""

    status = 422


class ConfigError(AppError):
    """An environment variable or `schema.py` itself is wrong."""


class NotFound(AppError):
    """A table, object, version or prediction is not there."""

    status = 404


class Conflict(AppError):
    """Somebody else changed it first."""

    status = 409


class StorageUnavailable(AppError):
    """The store cannot be read or written now."""

    status = 503


class ModelRefused(AppError):
    """There is no champion, or a model differs from its record."""

    status = 503


class GateFailed(AppError):
    """The evaluation says that this model must not be promoted."""

    status = 409


class ApiUnavailable(AppError):
    """The API does not answer its client, refuses it, or is something else."""

    status = 503


class DeployFailed(AppError):
    """The API does not serve the champion."""

    status = 503


class DriftFound(AppError):
    """What is asked, answered or proved true is no longer as it was; its exit code is its own."""

    status = 409
    exit_code = 2
