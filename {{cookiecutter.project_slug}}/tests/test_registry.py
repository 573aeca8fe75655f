import pytest

from app import data, evaluate, gate, registry, train
from app.errors import Conflict, GateFailed, ModelRefused, NotFound
from app.storage import open_storage

pytestmark = pytest.mark.integration


def train_another():
    """Train a second version that passes the gate."""
    version = train.train(data.read_examples())
    evaluate.main()
    gate.main()
    return version


def test_nothing_is_promoted_without_a_model():
    with pytest.raises(NotFound, match="poe train"):
        registry.promote()


def test_nothing_is_promoted_without_an_evaluation(champion):
    train.train(data.read_examples())

    with pytest.raises(GateFailed, match="was not evaluated"):
        registry.promote()

    assert registry.champion().version == champion


def test_a_promotion_can_be_rolled_back(champion):
    second = train_another()
    registry.promote()
    assert registry.champion().version == second

    registry.rollback()

    assert registry.champion().version == champion
    with pytest.raises(NotFound, match="no former champion"):
        registry.rollback()


def test_a_champion_that_is_judged_again_is_served_whatever_comes_out(champion):
    evaluate.main(champion)
    assert registry.load_champion().version == champion
    registry.add_verdict(champion, ["bad on newer data"])

    assert registry.load_champion().version == champion


def test_who_was_champion_once_is_never_pruned(champion):
    second = train_another()
    registry.promote()
    registry.rollback()
    train.train(data.read_examples())

    registry.prune("1")

    assert {champion, second} <= set(registry.versions())


def test_promoting_the_champion_again_changes_nothing(champion):
    registry.promote()

    assert registry.champion().history == [champion]


def test_of_two_promotions_at_once_one_wins_and_the_other_says_so(champion):
    stale = registry.champion()
    train_another()
    registry.promote()

    with pytest.raises(Conflict, match="changed by somebody else"):
        open_storage().put(registry.CHAMPION, b"{}", generation=stale.generation)


def test_a_version_never_changes(champion):
    with pytest.raises(Conflict):
        open_storage().put(f"models/{champion}/model.onnx", b"other", generation=0)


def test_a_corrupt_model_is_refused(champion):
    open_storage().put(f"models/{champion}/model.onnx", b"not a model")

    with pytest.raises(ModelRefused, match="hash differs"):
        registry.load_champion()


def test_a_corrupt_model_is_not_rolled_back_to(champion):
    second = train_another()
    registry.promote()
    open_storage().put(f"models/{champion}/model.onnx", b"not a model")

    with pytest.raises(ModelRefused):
        registry.rollback()

    assert registry.champion().version == second


def test_an_evaluation_of_another_model_does_not_count(champion):
    version = train.train(data.read_examples(), n_estimators=1, max_depth=1)
    good = registry.evaluation_of(champion) | {"sha256": "of another model"}
    open_storage().put(f"models/{version}/evaluation.json", registry.json.dumps(good).encode())

    with pytest.raises(GateFailed):
        registry.promote()
