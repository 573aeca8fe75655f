"""Quality of the model, 1: before there are data or a trained model, its code can be judged."""

import numpy as np
import pandas as pd
import pytest
from onnxruntime import InferenceSession
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from app.contract import columns, model_inputs
from app.errors import AppError
from app.registry.predictor import Predictor
from app.registry.records import VersionRecord
from app.training import train
from app.training.model import build_baseline, build_model, export_onnx, to_x

pytestmark = [pytest.mark.code, pytest.mark.unit]


@pytest.fixture
def made_up():
    """Make up records within the contract, and a target that depends on the first feature."""
    chance = np.random.default_rng(1)
    values = {name: some_of(column, chance) for name, column in columns.features().items()}
    codes = pd.factorize(np.array(next(iter(values.values()))), sort=True)[0]
    if columns.task() == "classification":
        return values, pd.Series(codes * 2 >= codes.max()).map(str)
    return values, pd.Series(codes, dtype=float)


def some_of(column, chance):
    """Make up values of a column: one of its choices, a word, or a number within its limits."""
    options = column.options or (["one", "two", "three"] if not column.numeric else None)
    if options:
        return [options[n % len(options)] for n in chance.permutation(80)]
    low = column.minimum if column.minimum is not None else (column.maximum or 100) - 100
    high = column.maximum if column.maximum is not None else low + 100
    numbers = np.linspace(low, high, 82)[1:-1]  # a limit itself may be excluded
    return chance.permutation(numbers if column.kind == "number" else numbers.round()).tolist()


def test_the_model_learns_more_of_its_training_data_than_the_baseline(made_up):
    values, y = made_up
    x = to_x(values)

    assert build_model().fit(x, y).score(x, y) > build_baseline().fit(x, y).score(x, y)


def test_the_export_is_the_same_twice(made_up):
    values, y = made_up
    model = build_model().fit(to_x(values), y)

    assert export_onnx(model) == export_onnx(model)


def test_a_model_may_take_its_numbers_apart(made_up):
    values, y = made_up
    x = to_x(values)
    numbers = list(x.select_dtypes("number"))
    if not numbers:
        pytest.skip("no feature is a number")
    groups = {"first": numbers[:1], "others": numbers[:0:-1], "together": numbers}
    prepare = ColumnTransformer([(name, SimpleImputer(), group) for name, group in groups.items()])
    model = make_pipeline(prepare, build_model()[-1]).fit(x, y)

    session = InferenceSession(export_onnx(model))
    answers = session.run(None, model_inputs.to_inputs(values))[-1]

    classifies = columns.task() == "classification"
    expected = model.predict_proba(x) if classifies else model.predict(x).reshape(-1, 1)
    assert len(session.get_inputs()) == len(model_inputs.to_inputs(values))
    np.testing.assert_allclose(answers, expected, atol=1e-4)


def test_a_model_that_onnx_answers_differently_is_refused(made_up, monkeypatch):
    values, y = made_up
    model = build_model().fit(to_x(values), y)
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
