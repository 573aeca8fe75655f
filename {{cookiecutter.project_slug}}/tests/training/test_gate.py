"""Each gate is broken on purpose: it must turn red, and the champion must stay."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from app import schema
from app.contract import columns
from app.data import split
from app.errors import GateFailed, ModelRefused
from app.registry import versions
from app.registry.records import FORMAT, Evaluation, Folds, Slice
from app.storage import open_storage, tables
from app.training import evaluate, gate, metrics, train

pytestmark = [pytest.mark.model, pytest.mark.integration]


def retrain(examples, **hyperparameters):
    """Put examples in the table, train and evaluate; give the reasons of the gate."""
    table = pa.Table.from_pandas(examples, columns.arrow_schema(), preserve_index=False, safe=False)
    open_storage().write(tables.EXAMPLES, table)
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
    return Evaluation(format=FORMAT, **good | fields)


def test_nothing_against_a_good_model():
    assert gate.judge(an_evaluation()) == []


def test_every_reason_is_collected():
    name = metrics.main_name()
    bad = an_evaluation(
        model={name: 0.4},
        champion={name: 0.9},
        slices={"island = Nowhere": Slice(rows=30, model=0.1, baseline=0.5)},
        single_features={"oracle": 1.0, "honest": 0.7},
        folds=Folds(model=[0.5, 0.6, 0.4], baseline=[0.5, 0.5, 0.5]),
    )

    reasons = gate.judge(bad)

    assert len(reasons) == 5
    assert "honest" not in "".join(reasons)


def test_a_score_that_is_not_a_number_is_red():
    nan = float("nan")
    odd = an_evaluation(
        model={metrics.main_name(): nan}, folds=Folds(model=[nan] * 2, baseline=[0, 0])
    )

    assert len(gate.judge(odd)) == 3
    assert Evaluation.model_validate_json(odd.to_json()).model.keys() == odd.model.keys()
