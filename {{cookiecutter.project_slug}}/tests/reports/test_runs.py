"""The registry as the record of experiments: compare, search, tidy up."""

import pytest

from app.data import split
from app.errors import ConfigError, GateFailed, NotFound
from app.registry import versions
from app.reports import runs
from app.training import evaluate, gate, train, tune

pytestmark = [pytest.mark.model, pytest.mark.integration]


@pytest.fixture
def small(champion, small_tree):
    """Train a second version, much smaller than the champion."""
    version = train.train(split.read_examples(), depth=1)
    evaluate.main(version)
    return version


def test_runs_are_compared_in_a_table_and_a_plot(champion, small, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "PAGE", tmp_path / "RUNS.md")

    runs.main()

    found = runs.table().set_index("version")
    assert found.loc[champion, "gate"] == "champion"
    assert found.loc[small, "gate"] == "not judged"
    assert found.loc[small, "depth"] == 1
    assert found.loc[small, "gain"] == 0, "defaults are recorded too"
    assert found.loc[champion, "folds"] != found.loc[small, "folds"]
    page = (tmp_path / "RUNS.md").read_text(encoding="utf-8")
    assert champion in page
    assert small in page
    assert (tmp_path / "figures/runs.png").stat().st_size > 5000


def test_two_versions_differ_in_what_was_changed(champion, small):
    found = runs.diff(champion, small)

    assert found["hyperparameters.depth"][1] == 1
    assert "sha256" in found
    assert "data.fingerprint" not in found
    assert "contract" not in found


def test_without_versions_there_is_nothing_to_compare():
    with pytest.raises(NotFound, match="poe train"):
        runs.table()


def test_a_search_is_recorded_and_its_choice_reproducible(champion, small_tree, monkeypatch):
    monkeypatch.setattr(tune.model, "SEARCH", {"depth": [1, None], "gain": [0.0, 1e9]})

    name = tune.main()

    record = versions.tuning_of(name)
    assert len(record["tried"]) == 4
    best = max(record["tried"], key=lambda candidate: candidate["mean"])
    assert record["chosen"] == best["hyperparameters"]
    first, second = (versions.record_of(train.main(name)["version"]) for _ in range(2))
    assert first.tuning == name
    assert first.cross_validation.model == best["folds"]
    assert first.sha256 == second.sha256


def test_all_that_is_searched_is_a_choice_of_the_model():
    assert set(tune.model.SEARCH) <= set(tune.model.build_model.__kwdefaults__ or {})


def test_a_search_for_another_model_is_refused(champion):
    name = versions.add_tuning({"chosen": {"of_another_model": 1}})

    with pytest.raises(ConfigError, match="chose of_another_model, which build_model"):
        train.main(name)


def test_an_unknown_search_is_named(champion):
    with pytest.raises(NotFound, match="tuning/none"):
        train.main("none")


def test_pruning_keeps_the_newest_and_the_champions(champion):
    model = versions.model_of(champion)
    others = [versions.register(model, versions.record_of(champion)) for _ in range(3)]

    assert versions.prune("1") == others[:2]

    assert versions.versions() == [champion, others[2]]
    assert versions.load_champion().version == champion


@pytest.mark.parametrize("keep", ["0", "-1", "all"])
def test_a_number_to_keep_is_one_or_more(champion, keep):
    with pytest.raises(ConfigError, match="1 or more"):
        versions.prune(keep)

    assert versions.versions() == [champion]


def test_a_comparison_with_a_former_champion_does_not_count(champion, small):
    versions.add_verdict(small, [])
    model = versions.model_of(champion)
    third = versions.register(model, versions.record_of(champion))
    evaluate.main(third)
    gate.main(third)
    gate.promote(third)

    with pytest.raises(GateFailed, match="was compared with"):
        gate.promote(small)

    assert versions.champion().version == third
