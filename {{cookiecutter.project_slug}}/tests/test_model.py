import pytest

from app import contract, data, registry, train
from app.errors import AppError
from app.model import build_model, export_onnx, to_xy

pytestmark = pytest.mark.model


def test_retraining_on_the_same_data_gives_the_same_model(champion):
    again = train.train(data.read_examples())

    assert again != champion
    assert registry.record_of(again)["sha256"] == registry.record_of(champion)["sha256"]


def test_the_record_tells_where_a_model_comes_from(champion):
    record = registry.record_of(champion)

    assert record["data"]["fingerprint"] == data.fingerprint(data.read_examples())
    assert record["contract"] == contract.fingerprint()
    assert record["parity"] <= train.PARITY
    assert record["git_commit"]
    assert set(record["versions"]) >= {"python", "scikit-learn", "onnxruntime"}


def test_a_model_that_onnx_answers_differently_is_refused(champion, monkeypatch):
    monkeypatch.setattr(train, "PARITY", -1.0)

    with pytest.raises(AppError, match="ONNX differs from scikit-learn"):
        train.train(data.read_examples(), n_estimators=2)

    assert registry.versions() == [champion]


def test_the_model_answers_records_with_everything_missing(champion):
    predictor = registry.load(champion)
    nothing = dict.fromkeys(contract.features())

    assert len(predictor.predict([nothing, contract.example_record()])) == 2


def test_a_small_tree_can_learn_its_training_data_by_heart(champion):
    x, y = to_xy(data.split(data.read_examples()).train.head(40))
    model = build_model(n_estimators=30, min_samples_leaf=1).fit(x, y)

    assert model.score(x, y) > 0.8


def test_the_export_is_the_same_twice(champion):
    x, y = to_xy(data.split(data.read_examples()).train)
    model = build_model(n_estimators=3).fit(x, y)

    assert export_onnx(model) == export_onnx(model)
