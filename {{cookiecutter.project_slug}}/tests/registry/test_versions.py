import json

import pytest

from app.contract import columns
from app.data import split
from app.errors import Conflict, GateFailed, ModelRefused, NotFound, StorageUnavailable
from app.registry import reference, versions
from app.storage import open_storage
from app.training import evaluate, gate, train

pytestmark = pytest.mark.integration


def train_another():
    """Train a second version that passes the gate."""
    version = train.train(split.read_examples())
    evaluate.main()
    gate.main()
    return version


def test_nothing_is_promoted_without_a_model():
    with pytest.raises(NotFound, match="poe train"):
        gate.promote()


def test_nothing_is_promoted_without_an_evaluation(champion):
    train.train(split.read_examples())

    with pytest.raises(GateFailed, match="was not evaluated"):
        gate.promote()

    assert versions.champion().version == champion


def test_a_promotion_can_be_rolled_back(champion):
    second = train_another()
    gate.promote()
    assert versions.champion().version == second

    versions.rollback()

    assert versions.champion().version == champion
    with pytest.raises(NotFound, match="no former champion"):
        versions.rollback()


def test_a_champion_that_is_judged_again_is_served_whatever_comes_out(champion):
    evaluate.main(champion)
    assert versions.load_champion().version == champion
    versions.add_verdict(champion, ["bad on newer data"])

    assert versions.load_champion().version == champion


def test_who_was_champion_once_is_never_pruned(champion):
    second = train_another()
    gate.promote()
    versions.rollback()
    train.train(split.read_examples())

    versions.prune("1")

    assert {champion, second} <= set(versions.versions())


def test_promoting_the_champion_again_changes_nothing(champion):
    gate.promote()

    assert versions.champion().history == [champion]


def test_of_two_promotions_at_once_one_wins_and_the_other_says_so(champion):
    stale = versions.champion()
    train_another()
    gate.promote()

    with pytest.raises(Conflict, match="changed by somebody else"):
        open_storage().put(versions.CHAMPION, b"{}", generation=stale.generation)


def test_a_version_never_changes(champion):
    with pytest.raises(Conflict):
        open_storage().put(f"models/{champion}/model.onnx", b"other", generation=0)


def test_a_corrupt_model_is_refused(champion):
    open_storage().put(f"models/{champion}/model.onnx", b"not a model")

    with pytest.raises(ModelRefused, match="hash differs"):
        versions.load_champion()


def test_a_corrupt_model_is_not_rolled_back_to(champion):
    second = train_another()
    gate.promote()
    open_storage().put(f"models/{champion}/model.onnx", b"not a model")

    with pytest.raises(ModelRefused):
        versions.rollback()

    assert versions.champion().version == second


def test_an_evaluation_of_another_model_does_not_count(champion, small_tree):
    version = train.train(split.read_examples(), gain=1e9)
    passed = {"sha256": "of another model", "reasons": []}
    versions.add_evaluation(version, versions.evaluation_of(champion).model_copy(update=passed))

    with pytest.raises(GateFailed):
        gate.promote()


@pytest.mark.parametrize("name", ["record.json", "passed.json"])
def test_what_was_edited_is_refused(champion, name):
    key = f"models/{champion}/{name}"
    text = open_storage().get(key).data.decode()
    folds = text.replace('"model": [', '"model": [\n      0.123456,', 1)
    assert folds != text
    open_storage().put(key, folds.encode())

    with pytest.raises(ModelRefused, match=f"{name} was edited after it was written"):
        versions.load_champion()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"history": 7}', b"\xff"])
def test_a_broken_pointer_is_told(champion, content):
    open_storage().put(versions.CHAMPION, content)

    with pytest.raises(StorageUnavailable, match="champion.json is broken"):
        versions.load_champion()


@pytest.mark.parametrize("name", ["record.json", "passed.json", "model.onnx"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe"])
def test_a_broken_file_of_the_champion_is_refused(champion, name, content):
    open_storage().put(f"models/{champion}/{name}", content)

    with pytest.raises(ModelRefused):
        versions.load_champion()


def test_a_clock_that_goes_back_makes_no_older_version_the_newest(champion):
    future = f"29990101T000000000000-{champion[-8:]}"
    open_storage().put(f"models/{future}/record.json", b"{}")

    version = versions.register(b"", versions.record_of(champion))

    assert versions.newest() == version > future


@pytest.mark.parametrize("change", [{"format": 1}, {"classes": 7}, {"colour": "red"}])
def test_a_record_of_another_format_is_refused_with_the_command_that_converts_it(champion, change):
    key = f"models/{champion}/record.json"
    fields = json.loads(open_storage().get(key).data) | change
    open_storage().put(key, json.dumps(fields).encode())

    with pytest.raises(ModelRefused, match="is not of format 4: .*`uv run poe convert`"):
        versions.load_champion()


def test_an_evaluation_without_its_metric_is_refused(champion):
    open_storage().put(f"models/{champion}/evaluation.json", b'{"model": {"accuracy": 1.0}}')

    with pytest.raises(ModelRefused, match="evaluation.json is not of format 4: "):
        versions.evaluation_of(champion)


def test_the_reference_holds_the_examples_with_the_version_s_answers(champion):
    found = reference.read(champion)

    assert set(found) == {*columns.of(), "prediction", "held_out"}
    assert found["prediction"].notna().all()
    assert 0 < found["held_out"].sum() < len(found)


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "does not say what"), (b"PAR1", "reference.parquet is broken")]
)
def test_a_version_without_a_reference_is_told(champion, content, sentence):
    open_storage().put(f"models/{champion}/reference.parquet", content)

    with pytest.raises(ModelRefused, match=sentence):
        reference.read(champion)
