"""Simpler models: what is made of which, and that a candidate meets the gate as any other."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from app.contract import columns, model_inputs
from app.data import ingest, split
from app.errors import ConfigError, Conflict, GateFailed
from app.optimisation import candidates, measuring, optimise, page
from app.registry import versions
from app.training import evaluate, gate, train
from app.training.model import export_onnx, to_xy, with_preprocessing

WAYS = [candidates.int8, candidates.float16]


def of_task(classifier, regressor):
    return classifier if columns.task() == "classification" else regressor


@pytest.fixture
def rows():
    """Give examples to learn from."""
    ingest.main()
    return split.hold_out(split.read_examples()).train


@pytest.fixture
def forest(rows):
    kind = of_task(RandomForestClassifier, RandomForestRegressor)
    return with_preprocessing(kind(8, random_state=1)).fit(*to_xy(rows))


@pytest.fixture
def network(rows):
    kind = of_task(MLPClassifier, MLPRegressor)
    dense = kind(hidden_layer_sizes=(64, 64), solver="lbfgs", max_iter=20, random_state=1)
    scaled = make_pipeline(StandardScaler(), dense)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # it need not converge
        return with_preprocessing(scaled).fit(*to_xy(rows))


@pytest.mark.parametrize("recipe", WAYS)
def test_a_forest_has_no_matrices_to_write_shorter(forest, rows, recipe):
    with pytest.raises(
        candidates.NotApplicable, match=r"RandomForest\w+ has no product of matrices"
    ):
        recipe(forest, rows)


@pytest.mark.parametrize("recipe", WAYS)
def test_a_network_with_shorter_numbers_is_smaller_and_answers_nearly_the_same(
    network, rows, recipe
):
    content, exported = recipe(network, rows), export_onnx(network)
    inputs = model_inputs.to_inputs(rows.head(50))

    assert len(content) < 0.8 * len(exported)
    ours, own = (answers(model, inputs) for model in (content, exported))
    assert not np.array_equal(ours, own)
    assert np.abs(ours - own).max() < 0.1 * np.abs(own).max()


def answers(content, inputs):
    session = measuring.open_session(content)
    return np.asarray(session.run(None, inputs)[-1], float)


def test_a_network_has_no_trees_to_prune(network, rows):
    for recipe in (candidates.fewer_trees, candidates.shallower_trees, candidates.pruned_trees):
        with pytest.raises(candidates.NotApplicable, match=r"MLP\w+ has no trees with"):
            recipe(network, rows)


@pytest.mark.parametrize(
    "recipe",
    [
        candidates.fewer_trees,
        candidates.shallower_trees,
        candidates.pruned_trees,
        candidates.distilled,
    ],
)
def test_what_is_made_of_a_forest_is_smaller(forest, rows, recipe):
    assert len(recipe(forest, rows)) < len(export_onnx(forest))


def test_the_small_tree_learns_the_answers_of_the_large_model(forest, rows):
    inputs = model_inputs.to_inputs(rows)
    ours, own = (
        answers(model, inputs)
        for model in (candidates.distilled(forest, rows), export_onnx(forest))
    )

    assert np.corrcoef(ours[:, 0], own[:, 0])[0, 1] > 0.8


@pytest.mark.integration
def test_a_candidate_becomes_a_version_and_meets_the_gate(champion, monkeypatch):
    optimise.main(register="distilled")

    version = versions.newest()
    record = versions.record_of(version)
    assert version != champion
    assert record.hyperparameters["candidate"] == "distilled"
    assert record.hyperparameters["of"] == champion
    folds, former = record.cross_validation, versions.record_of(champion).cross_validation
    assert len(folds.model) == train.FOLDS
    assert folds.model != former.model
    assert folds.baseline == former.baseline
    with pytest.raises(GateFailed, match="was not evaluated"):
        gate.promote()
    evaluate.main()
    assert versions.evaluation_of(version).against == champion
    monkeypatch.setattr(gate, "judge", lambda _: ["it is worse."])
    with pytest.raises(GateFailed, match="it is worse"):
        gate.main()
    with pytest.raises(GateFailed, match="did not pass"):
        gate.promote()
    assert versions.champion().version == champion


def test_what_is_no_candidate_is_refused(champion):
    with pytest.raises(ConfigError, match="--register=smaller: there are fewer-trees"):
        optimise.main(register="smaller")


@pytest.mark.integration
def test_a_model_is_measured_in_a_process_of_its_own(champion):
    inputs = model_inputs.to_inputs(split.read_examples())

    measured = measuring.alone(versions.model_of(champion), inputs, runs=20)

    for median, late in measured.latency.values():
        assert 0 < median <= late
    assert measured.start > 0


def test_a_command_writes_between_its_marks_only(monkeypatch, tmp_path):
    monkeypatch.setattr(page, "PAGE", tmp_path / "PAGE.md")
    text = "Ours.\n\n<!-- flops -->\nNothing.\n<!-- end of flops -->\n\nOurs too.\n"
    page.PAGE.write_text(text, encoding="utf-8")

    page.write("flops", page.table("a", [[1234], [0.01234]]))

    table = "| a |\n| --- |\n| 1,234 |\n| 0.0123 |"
    assert page.PAGE.read_text(encoding="utf-8") == text.replace("Nothing.", table)
    with pytest.raises(ConfigError, match="lost its marks `<!-- load -->`"):
        page.write("load", "x")


def test_rows_that_a_champion_did_not_learn_from_are_refused(champion, monkeypatch):
    examples = split.read_examples()
    monkeypatch.setattr(split, "read_examples", lambda: pd.concat([examples, examples.head(1)]))

    with pytest.raises(Conflict, match="was trained on other data"):
        candidates.refit()


@pytest.mark.integration
def test_a_candidate_that_became_champion_is_no_source_of_others(champion):
    optimise.main(register="distilled")
    evaluate.main()
    versions.add_verdict(versions.newest(), [])
    gate.promote()

    with pytest.raises(Conflict, match=f"is a candidate itself, made from {champion}"):
        candidates.refit()


def test_a_champion_that_other_code_made_is_refused(champion, monkeypatch):
    kind = of_task(DecisionTreeClassifier, DecisionTreeRegressor)
    monkeypatch.setattr(
        candidates, "build_model", lambda **_: with_preprocessing(kind(max_depth=2))
    )

    with pytest.raises(Conflict, match="cannot be made again here"):
        candidates.refit()
