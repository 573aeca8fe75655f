"""What can go wrong, in words for a person: each error is a list of sentences.

AppError
├── InvalidData        a file, table or record breaks a rule of `schema.py`
├── ConfigError        an environment variable or `schema.py` itself is wrong
├── NotFound           a table, object, version or prediction is not there
├── Conflict           somebody else changed it first
├── StorageUnavailable the store cannot be read or written now
├── ModelRefused       no champion, or a model that differs from its record
└── GateFailed         the evaluation says: do not promote

A room has more of its own, such as what a client of the system may meet.
"""


class AppError(Exception):
    """An error in words; `problems` are sentences with value, rule and remedy."""

    exit_code = 1

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)

    def listed(self) -> str:
        """Give the problems as a list for a terminal."""
        return "\nStopped:\n" + "\n".join(f"- {problem}" for problem in self.problems)


class InvalidData(AppError):
    """A file, table or record breaks a rule of `schema.py`."""


class ConfigError(AppError):
    """An environment variable or `schema.py` itself is wrong."""


class NotFound(AppError):
    """A table, object, version or prediction is not there."""


class Conflict(AppError):
    """Somebody else changed it first."""


class StorageUnavailable(AppError):
    """The store cannot be read or written now."""


class ModelRefused(AppError):
    """There is no champion, or a model differs from its record."""


class GateFailed(AppError):
    """The evaluation says that this model must not be promoted."""
