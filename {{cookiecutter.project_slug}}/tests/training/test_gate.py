"""Each gate is broken on purpose: it must turn red, and the champion must stay."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from app import schema
from app.contract import columns
from app.data import split
from app.errors import Conflict, GateFailed, ModelRefused
from app.registry import versions
from app.registry.records import FORMAT, Comparison, Evaluation, Folds, Recall, Slice
from app.storage import open_storage, tables
from app.training import evaluate, gate, metrics, train

pytestmark = [pytest.mark.model, pytest.mark.integration]


def store(examples):
    """Put examples in the table."""
    table = pa.Table.from_pandas(examples, columns.arrow_schema(), preserve_index=False, safe=False)
    open_storage().write(tables.EXAMPLES, table)


def retrain(examples, **hyperparameters):
    """Put examples in the table, train and evaluate; give the reasons of the gate."""
    store(examples)
    train.train(split.read_examples(), **hyperparameters)
    evaluate.main()
    with pytest.raises(GateFailed) as caught:
        gate.main()
    return "\n".join(caught.value.problems)


def assert_stays(champion):
    with pytest.raises(GateFailed):
        gate.promote()

    assert versions.champion().version == champion


def test_the_champion_passed_the_gate(champion):
    evaluate.main()
    gate.main()

    assert versions.evaluation_of(champion).reasons == []


def test_a_worse_model_is_red(champion, small_tree):
    reasons = retrain(split.read_examples(), gain=1e9)

    assert "below the champion's" in reasons
    assert_stays(champion)


def test_a_version_is_judged_on_its_own_data_only(champion):
    store(split.read_examples()[:-30])

    with pytest.raises(Conflict, match="was trained on data .*, but the table holds"):
        evaluate.main(champion)


def test_the_champion_is_compared_on_rows_that_neither_learnt_from(champion):
    store(split.read_examples()[:-30])
    train.train(split.read_examples())
    evaluate.main()

    beside = versions.evaluation_of(versions.newest()).champion
    held_out = len(split.hold_out(split.read_examples()).test)
    assert beside.version == champion
    assert 0 < beside.rows <= held_out
    assert schema.TIME or beside.rows == held_out


def test_a_champion_that_cannot_be_compared_with_stops_the_next(champion, monkeypatch):
    monkeypatch.setattr(split, "rule", lambda _: "drawn by lot")
    version = train.train(split.read_examples())
    evaluate.main()

    with pytest.raises(GateFailed, match="could not be compared with the champion: it learnt from"):
        gate.main()
    assert_stays(champion)
    gate.main(accept="we hold out other rows now")
    gate.promote()

    assert versions.champion().version == version
    assert versions.load_champion().version == version
    assert versions.evaluation_of(version).accepted == "we hold out other rows now"


def test_poisoned_labels_are_red(champion):
    examples = split.read_examples()
    shuffled = np.random.default_rng(1).permutation(examples[schema.TARGET].to_numpy())

    reasons = retrain(examples.assign(**{schema.TARGET: shuffled}))

    assert "beyond chance" in reasons
    assert_stays(champion)


def test_a_leaked_target_is_red(champion):
    examples = split.read_examples()
    numbers_first = sorted(columns.features().values(), key=lambda c: not c.numeric)
    feature = next(c for c in numbers_first if c.kind in ("number", "integer", "string"))
    codes = pd.factorize(examples[schema.TARGET], sort=True)[0]
    leak = codes if feature.numeric else [f"class {code}" for code in codes]

    reasons = retrain(examples.assign(**{feature.name: leak}))

    assert f"feature {feature.name!r} alone reaches" in reasons
    assert_stays(champion)


def test_a_model_of_another_schema_is_red(champion):
    record = versions.record_of(champion).model_copy(update={"contract": "of another schema"})
    version = versions.register(versions.model_of(champion), record)

    with pytest.raises(ModelRefused, match="trained for another schema.py"):
        evaluate.main()

    assert versions.newest() == version
    assert_stays(champion)


def an_evaluation(**fields):
    """Give an evaluation with nothing to complain of but what is given."""
    metric = metrics.main_name()
    good = {"model": {metric: 0.9}, "baseline": {metric: 0.5}, "champion": None, "against": None}
    good |= {"slices": {}, "single_features": {}, "importance": {}, "metric": metric}
    good |= {"folds": Folds(model=[0.8, 0.9, 0.9], baseline=[0.5] * 3), "sha256": "of a model"}
    good |= {"baseline_name": "the mean", "recalls": {}, "gaps": 0.5, "twins": 0.1, "data": "some"}
    return Evaluation(format=FORMAT, **good | fields)


def test_nothing_against_a_good_model():
    assert gate.judge(an_evaluation()) == []


def test_every_reason_is_collected():
    name = metrics.main_name()
    bad = an_evaluation(
        model={name: 0.4},
        champion=Comparison(version="v", rows=9, model={name: 0.899}, champion={name: 0.9}),
        recalls={
            "rare": Recall(learnt=40, rows=9, recall=0),
            "few": Recall(learnt=2, rows=1, recall=0),
        },
        slices={"island = Nowhere": Slice(rows=30, model=0.1, baseline=0.5)},
        single_features={"oracle": 1.0, "honest": 0.7},
        folds=Folds(model=[0.5, 0.6, 0.4], baseline=[0.5, 0.5, 0.5]),
    )

    reasons = gate.judge(bad)

    assert len(reasons) == 6
    assert "honest" not in "".join(reasons)
    assert "Class 'few' has only 2 rows to learn from" in "".join(reasons)


@pytest.mark.parametrize(
    ("suspicious", "sentence"),
    [
        ({"model": {metrics.main_name(): 0.995}}, "too good to be true"),
        ({"single_features": {"oracle": 1.0}}, "feature 'oracle' alone"),
        ({"gaps": 0.83}, "where values are missing tells the target"),
        ({"twins": 0.8}, "near-duplicates in training"),
        ({"not_compared": "it is of another schema."}, "could not be compared"),
    ],
)
def test_what_is_suspicious_is_red_until_a_person_says_why(suspicious, sentence):
    (reason,) = gate.judge(an_evaluation(**suspicious))

    assert sentence in reason
    assert "--accept=" in reason
    assert gate.judge(an_evaluation(**suspicious, accepted="it is known by then")) == []


def test_a_fault_cannot_be_accepted():
    assert gate.judge(an_evaluation(model={metrics.main_name(): 0.4}, accepted="please"))


def test_below_zero_is_red_though_the_baseline_is_worse():
    name = metrics.main_name()

    (reason,) = gate.judge(an_evaluation(model={name: -0.005}, baseline={name: -0.1}, gaps=-0.1))

    assert "is not above 0" in reason


def test_a_score_that_is_not_a_number_is_red():
    nan = float("nan")
    odd = an_evaluation(
        model={metrics.main_name(): nan}, folds=Folds(model=[nan] * 2, baseline=[0, 0])
    )

    assert len(gate.judge(odd)) == 4
    assert Evaluation.model_validate_json(odd.to_json()).model.keys() == odd.model.keys()
