"""What is known of a version: its record and its evaluation, typed, as they are stored.

Whoever changes a field raises `FORMAT`; `uv run poe convert` brings older ones to it.
"""

import hashlib
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import ModelRefused

FORMAT: Literal[4] = 4

Scores = dict[str, float]
"""Metrics by name, or one metric by the name of what it is of."""


class _Stored(BaseModel):
    """What is stored, or a part of it; a field that is not known here is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class _Sealed(_Stored):
    """What is stored under a key of its own; `seal` is the hash of all other fields."""

    seal: str = ""

    def to_json(self) -> bytes:
        """Write it as it is stored, sealed."""
        sealed = self.model_copy(update={"seal": self.sealed()})
        return sealed.model_dump_json(indent=2).encode()

    def sealed(self) -> str:
        """Hash all fields but the seal."""
        return hashlib.sha256(self.model_dump_json(exclude={"seal"}).encode()).hexdigest()[:16]


class Folds(_Stored):
    """The main metric of model and baseline on each fold of the cross-validation."""

    model: list[float]
    baseline: list[float]


class Slice(_Stored):
    """The main metric where a category has one value, and on how many held-out rows."""

    rows: int
    model: float
    baseline: float


class Recall(_Stored):
    """How many rows of a class are learnt from, how many held out, and how often it is found."""

    learnt: int
    rows: int
    recall: float


class Comparison(_Stored):
    """Metrics of the model and of the champion, on the held-out rows that neither learnt from."""

    version: str
    rows: int
    model: Scores
    champion: Scores


class Data(_Stored):
    """The examples that a version was made with: `learnt` of the `rows` by fitting it.

    `split` says what decided which; with a TIME, it learnt from none later than `learnt_until`.
    """

    fingerprint: str
    rows: int
    learnt: int
    split: str
    learnt_until: datetime | None = None


class VersionRecord(_Sealed):
    """Where a version comes from; written once, when it is registered.

    `contract` is the fingerprint of `schema.py`, `sha256` the hash of the ONNX file, `classes`
    those of a classification in the model's order, `parity` the largest difference from
    scikit-learn.
    """

    format: Literal[4]
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


class Evaluation(_Sealed):
    """What is known of a model before the gate decides, and then the gate's reasons against it.

    `metric` names the main metric, `sha256` the model that was evaluated, `data` the fingerprint of
    the examples, `baseline_name` the better baseline, `against` the version that was champion then:
    `champion` compares with it, or `not_compared` says why that cannot be. `slices` have names such
    as "island = Dream"; `single_features` is the main metric that each feature reaches alone,
    `gaps` what it is with the places of missing values alone, `twins` the share of held-out rows
    with a near-duplicate in training, `importance` what is lost without a feature. `reasons` is
    None until the gate has judged; an empty list lets the model pass. `accepted` is a person's
    reason to let it pass in spite of suspicions.
    """

    format: Literal[4]
    metric: str
    sha256: str
    data: str
    model: Scores
    baseline: Scores
    baseline_name: str
    against: str | None
    champion: Comparison | None
    not_compared: str = ""
    recalls: dict[str, Recall]
    slices: dict[str, Slice]
    single_features: Scores
    gaps: float
    twins: float
    folds: Folds
    importance: Scores
    reasons: list[str] | None = None
    accepted: str = ""

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
        It is of another format, or was edited.
    """
    try:
        stored = kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelRefused(
            f"{key} is not of format {FORMAT}: {'.'.join(map(str, first['loc']))}: {first['msg']}. "
            "Run `uv run poe convert`, which converts older records and has the gate judge them "
            "again. If all have this format, the file was changed: train a new version."
        ) from None
    if stored.seal != stored.sealed():
        raise ModelRefused(
            f"{key} was edited after it was written: its seal differs. A version never changes: "
            "bring back the file, or train a new version."
        )
    return stored
