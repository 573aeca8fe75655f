"""What is known of a version: its record and its evaluation, typed, as they are stored.

Whoever changes a field raises `FORMAT`; `uv run poe convert` brings older ones to it.
"""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import ModelRefused

FORMAT: Literal[2] = 2

Scores = dict[str, float]
"""Metrics by name, or one metric by the name of what it is of."""


class _Stored(BaseModel):
    """What is stored, or a part of it; a field that is not known here is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    def to_json(self) -> bytes:
        """Write it as it is stored."""
        return self.model_dump_json(indent=2).encode()


class Folds(_Stored):
    """The main metric of model and baseline on each fold of the cross-validation."""

    model: list[float]
    baseline: list[float]


class Slice(_Stored):
    """The main metric where a category has one value, and on how many held-out rows."""

    rows: int
    model: float
    baseline: float


class Data(_Stored):
    """The examples that a version was made with."""

    fingerprint: str
    rows: int


class VersionRecord(_Stored):
    """Where a version comes from; written once, when it is registered.

    `contract` is the fingerprint of `schema.py`, `sha256` the hash of the ONNX file, `classes`
    those of a classification in the model's order, `parity` the largest difference from
    scikit-learn.
    """

    format: Literal[2]
    version: str
    task: Literal["classification", "regression"]
    target: str
    classes: list[Any] | None
    contract: str
    sha256: str
    data: Data
    seed: int
    git_commit: str
    libraries: dict[str, str]
    cross_validation: Folds
    hyperparameters: dict[str, Any]
    tuning: str | None
    parity: float | None = None


class Evaluation(_Stored):
    """What is known of a model before the gate decides, and then the gate's reasons against it.

    `metric` names the main metric, `sha256` the model that was evaluated, `against` the version
    that was champion then. `slices` have names such as "island = Dream"; `single_features` is the
    main metric that each feature reaches alone, `importance` what is lost without it. `reasons` is
    None until the gate has judged; an empty list lets the model pass.
    """

    format: Literal[2]
    metric: str
    sha256: str
    model: Scores
    baseline: Scores
    champion: Scores | None
    against: str | None
    slices: dict[str, Slice]
    single_features: Scores
    folds: Folds
    importance: Scores
    reasons: list[str] | None = None

    @property
    def score(self) -> float:
        """Give the main metric of the model on held-out examples."""
        return self.model[self.metric]

    @property
    def baseline_score(self) -> float:
        """Give the main metric of the baseline on the same examples."""
        return self.baseline[self.metric]

    @property
    def verdict(self) -> str:
        """Say what the gate decided."""
        return "not judged" if self.reasons is None else "refused" if self.reasons else "passed"


Kind = TypeVar("Kind", VersionRecord, Evaluation)


def parse(kind: type[Kind], content: bytes, key: str) -> Kind:
    """Read what is stored under a key.

    Raises
    ------
    ModelRefused
        It is of another format, or was changed.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelRefused(
            f"{key} is not of format {FORMAT}: {'.'.join(map(str, first['loc']))}: {first['msg']}. "
            "Run `uv run poe convert`, which converts older records and has the gate judge them "
            "again. If all have this format, the file was changed: train a new version."
        ) from None
