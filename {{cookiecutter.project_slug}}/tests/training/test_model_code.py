"""Quality of the model, 1: before there are data or a trained model, its code can be judged."""

import numpy as np
import pandas as pd
import pytest

from app.contract import columns
from app.errors import AppError
from app.registry.predictor import Predictor
from app.registry.records import VersionRecord
from app.training import train
from app.training.model import build_model, export_onnx, to_x

pytestmark = [pytest.mark.code, pytest.mark.unit]


@pytest.fixture
def made_up():
    """Make up records within the contract, and a target that depends on the first feature."""
    chance, values = np.random.default_rng(1), {}
    for name, column in columns.features().items():
        low, high = column.minimum or 0, column.maximum or 100
        draw = (
            chance.choice(column.choices, 80) if column.choices else chance.uniform(low, high, 80)
        )
        values[name] = draw.tolist()
    y = pd.Series(pd.factorize(pd.Series(next(iter(values.values()))), sort=True)[0], dtype=float)
    return values, (y > 0).map(str) if columns.task() == "classification" else y


def test_a_forest_can_learn_its_training_data_by_heart(made_up):
    values, y = made_up
    model = build_model(n_estimators=30, min_samples_leaf=1).fit(to_x(values), y)

    assert model.score(to_x(values), y) > 0.8


def test_the_export_is_the_same_twice(made_up):
    values, y = made_up
    model = build_model(n_estimators=3).fit(to_x(values), y)

    assert export_onnx(model) == export_onnx(model)


def test_a_model_that_onnx_answers_differently_is_refused(made_up, monkeypatch):
    values, y = made_up
    model = build_model(n_estimators=2).fit(to_x(values), y)
    content = export_onnx(model)
    classes = list(model.classes_) if columns.task() == "classification" else None
    record = VersionRecord.model_construct(
        version="made up",
        classes=classes,
        contract=columns.fingerprint(),
        sha256=train.hashlib.sha256(content).hexdigest(),
    )
    frame = pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in values.items()})
    predictor = Predictor(content, record)
    assert train.check_parity(model, predictor, frame) <= train.PARITY

    monkeypatch.setattr(train, "PARITY", -1.0)

    with pytest.raises(AppError, match="ONNX differs from scikit-learn"):
        train.check_parity(model, predictor, frame)
