"""Each gate is broken on purpose: it must turn red, and the champion must stay."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from app import contract, data, evaluate, gate, metrics, registry, schema, train
from app.errors import GateFailed, ModelRefused
from app.storage import open_storage, tables

pytestmark = [pytest.mark.model, pytest.mark.integration]


def retrain(examples, **hyperparameters):
    """Put examples in the table, train and evaluate; give the reasons of the gate."""
    table = pa.Table.from_pandas(
        examples, contract.arrow_schema(), preserve_index=False, safe=False
    )
    open_storage().write(tables.EXAMPLES, table)
    train.train(data.read_examples(), **hyperparameters)
    evaluate.main()
    with pytest.raises(GateFailed) as caught:
        gate.main()
    return "\n".join(caught.value.problems)


def assert_stays(champion):
    with pytest.raises(GateFailed):
        registry.promote()

    assert registry.champion().version == champion


def test_the_champion_passed_the_gate(champion):
    evaluate.main()
    gate.main()

    assert registry.evaluation_of(champion)["reasons"] == []


def test_a_worse_model_is_red(champion):
    reasons = retrain(data.read_examples(), n_estimators=1, max_depth=1)

    assert "below the champion's" in reasons
    assert_stays(champion)


def test_poisoned_labels_are_red(champion):
    examples = data.read_examples()
    shuffled = np.random.default_rng(1).permutation(examples[schema.TARGET].to_numpy())

    reasons = retrain(examples.assign(**{schema.TARGET: shuffled}))

    assert "beyond chance" in reasons
    assert_stays(champion)


def test_a_leaked_target_is_red(champion):
    examples = data.read_examples()
    numbers_first = sorted(contract.features().values(), key=lambda c: not c.numeric)
    feature = next(c for c in numbers_first if c.kind in ("number", "integer", "string"))
    codes = pd.factorize(examples[schema.TARGET], sort=True)[0]
    leak = codes if feature.numeric else [f"class {code}" for code in codes]

    reasons = retrain(examples.assign(**{feature.name: leak}))

    assert f"feature {feature.name!r} alone reaches" in reasons
    assert_stays(champion)


def test_a_model_of_another_schema_is_red(champion):
    key = f"models/{champion}/record.json"
    record = json.loads(open_storage().get(key).data) | {"contract": "of another schema"}
    version = registry.register(open_storage().get(f"models/{champion}/model.onnx").data, record)

    with pytest.raises(ModelRefused, match="trained for another schema.py"):
        evaluate.main()

    assert registry.newest() == version
    assert_stays(champion)


def test_every_reason_is_collected():
    name = metrics.main_name()
    bad = evaluate.Evaluation(
        model={name: 0.4},
        baseline={name: 0.5},
        champion={name: 0.9},
        slices={"island = Nowhere": {"rows": 30, "model": 0.1, "baseline": 0.5}},
        single_features={"oracle": 1.0, "honest": 0.7},
        folds={"model": [0.5, 0.6, 0.4], "baseline": [0.5, 0.5, 0.5]},
        importance={},
    )

    reasons = gate.judge(bad)

    assert len(reasons) == 5
    assert "honest" not in "".join(reasons)


def test_a_score_that_is_not_a_number_is_red():
    name = metrics.main_name()
    odd = evaluate.Evaluation(
        {name: float("nan")},
        {name: 0.5},
        None,
        {},
        {},
        {"model": [float("nan")] * 2, "baseline": [0, 0]},
        {},
    )

    assert len(gate.judge(odd)) == 3
