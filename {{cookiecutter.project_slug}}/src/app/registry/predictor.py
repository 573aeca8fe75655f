"""Records in, answers out: the one place that predicts, for requests and for batches."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime

from app.contract import columns, model_inputs
from app.errors import ModelRefused
from app.registry.records import VersionRecord


class Answer(NamedTuple):
    """One prediction; for a class also its probability, from 0 to 1, and that of each class."""

    prediction: Any
    probability: float | None = None
    probabilities: dict[str, float] | None = None


class Predictor:
    """A model in ONNX Runtime, which predicts records of the contract it was trained for.

    Parameters
    ----------
    model
        The ONNX file's bytes.
    record
        What the registry knows of it.

    Raises
    ------
    ModelRefused
        The bytes or the contract differ from the record.
    """

    def __init__(self, model: bytes, record: VersionRecord) -> None:
        self.version = record.version
        self._classes = record.classes
        self._class_names = [str(value) for value in record.classes or ()]
        if hashlib.sha256(model).hexdigest() != record.sha256:
            self._refuse("its file is corrupt: the hash differs from the record")
        if record.contract != columns.fingerprint():
            self._refuse("it was trained for another schema.py")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a served model shares its machine
        try:
            self._session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        except Exception as error:  # pylint: disable=broad-exception-caught # they have no base
            self._refuse(f"ONNX Runtime cannot run it here: {str(error).splitlines()[0]}", error)
        self._output = self._session.get_outputs()[-1].name

    @property
    def classifies(self) -> bool:
        """Say whether the answers are classes; otherwise they are numbers."""
        return self._classes is not None

    def predict(self, records: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """Predict parsed records, in order."""
        values = {name: [record[name] for record in records] for name in columns.features()}
        scores = self.scores(values)
        labels = self.labels(scores)
        if self._classes is None:
            return list(map(Answer, labels))
        shares = [dict(zip(self._class_names, row, strict=True)) for row in scores.tolist()]
        return list(map(Answer, labels, scores.max(axis=1).tolist(), shares))

    def scores(self, values: model_inputs.Values) -> npt.NDArray[np.float32]:
        """Run the model on columns of typed values, or on a frame.

        Returns
        -------
        NDArray[np.float32]
            Probabilities of shape (n_samples, n_classes), in the order of `classes`;
            or for a regression the values, of shape (n_samples, 1).
        """
        (scores,) = self._session.run([self._output], model_inputs.to_inputs(values))
        return np.asarray(scores, dtype=np.float32)

    def labels(self, scores: npt.NDArray[np.float32]) -> list[Any]:
        """Choose the most probable class of each row, or for a regression the value."""
        if self._classes is None:
            return [float(value) for value in scores.ravel()]
        return [self._classes[index] for index in scores.argmax(axis=1)]

    def _refuse(self, why: str, cause: Exception | None = None) -> None:
        raise ModelRefused(
            f"model {self.version} is refused: {why}. Run `uv run poe rollback`, or train again."
        ) from cause
