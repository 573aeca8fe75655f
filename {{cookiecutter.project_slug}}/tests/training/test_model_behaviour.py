"""Quality of the model, 2: a trained model must behave, whatever its scores are.

These are examples that ask the contract and the data what to expect, so they survive other data;
add those that only you can know: which change of a record must never change the answer?
"""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from app import schema
from app.contract import columns
from app.data import split
from app.errors import Conflict
from app.registry import versions
from app.training import train

pytestmark = [pytest.mark.model, pytest.mark.integration]


@pytest.fixture
def predictor(champion):
    return versions.load(champion)


@pytest.fixture
def parts(champion):
    return split.hold_out(split.read_examples())


def scores(predictor, frame):
    """Give the values of a regression, or the probability of the last class."""
    return predictor.scores(frame)[:, -1]


def test_retraining_on_the_same_data_gives_the_same_model(champion):
    again = train.train(split.read_examples())

    assert again != champion
    assert versions.record_of(again).sha256 == versions.record_of(champion).sha256


def test_every_process_exports_the_same_bytes():
    """Sets of texts have another order in each process, unless the seed of their hash is given."""
    code = (
        "import hashlib; from app.data import ingest, split; from app.training import model; "
        "ingest.main(); "
        "found = model.build_model().fit(*model.to_xy(split.read_examples())); "
        "print(hashlib.sha256(model.export_onnx(found)).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "11", "15")
    }

    assert len(hashes) == 1


def test_the_record_tells_where_a_model_comes_from(champion):
    record = versions.record_of(champion)

    assert record.data.fingerprint == split.fingerprint(split.read_examples())
    assert record.contract == columns.fingerprint()
    assert record.parity <= train.PARITY
    assert record.git_commit
    assert set(record.libraries) >= {"python", "scikit-learn", "onnxruntime"}


def test_data_that_changed_meanwhile_are_not_trained_on(champion):
    with pytest.raises(Conflict, match="run this again"):
        train.main(fingerprint="of other data")

    assert versions.versions() == [champion]


def test_records_with_everything_missing_are_answered(predictor):
    nothing = dict.fromkeys(columns.features())

    assert len(predictor.predict([nothing, columns.example_record()])) == 2


def test_invariance_an_answer_does_not_depend_on_its_neighbours(predictor, parts):
    alone = [scores(predictor, parts.test.iloc[[n]])[0] for n in range(10)]
    together = scores(predictor, parts.test)
    rounding = 1e-6 * float(np.abs(together).max())  # many rows may be summed in another order

    assert together[:10] == pytest.approx(alone, rel=1e-5, abs=rounding)


def test_invariance_a_hair_of_a_measurement_hardly_matters(predictor, parts, number):
    known = parts.test[parts.test[number.name].notna()]

    assert share_of_jumps(lambda frame: scores(predictor, frame), known, number) < 0.1


def test_a_model_that_jumps_at_every_hair_is_noticed(parts, number):
    known = parts.test[parts.test[number.name].notna()]

    def jumpy(frame):
        return pd.util.hash_array(frame[number.name].to_numpy(float)) / 2.0**64

    assert share_of_jumps(jumpy, known, number) > 0.5


def share_of_jumps(score, known, number):
    """Give the share of rows whose score jumps by a hair up and by a hair down.

    Trees jump between two values that were learnt from, and a third may lie just there, as whole
    numbers and their halves do: then only one of the two hairs crosses over.
    """
    values, hair = known[number.name].astype(float), (number.maximum - number.minimum) * 1e-6
    before = score(known)
    moved = [score(known.assign(**{number.name: values + step})) for step in (hair, -hair)]
    least = np.abs(np.subtract(moved, before)).min(axis=0)
    return (least > 0.1 * max(before.std(), 1e-6)).mean()


def test_direction_the_answers_follow_the_numbers_that_go_with_the_target(predictor, parts):
    """Raise what goes with the target and lower what goes against it: the answers must rise.

    All at once: of numbers that say the same, a linear model may turn one against the others.
    """
    quantities = [n for n, c in columns.features().items() if c.quantity]
    numbers = parts.train[quantities].astype(float)
    target = target_as_number(predictor, parts.train)
    together = numbers.rank().corrwith(target.rank())
    low, high = numbers.quantile(0.1), numbers.quantile(0.9)
    going = together[(together.abs() >= 0.2) & (low < high)]
    if going.empty:
        pytest.skip("no number goes with the target on its own")
    for_less, for_more = low.where(together > 0, high), high.where(together > 0, low)

    lowered = scores(predictor, parts.test.assign(**for_less[going.index])).mean()
    raised = scores(predictor, parts.test.assign(**for_more[going.index])).mean()

    assert raised > lowered


def target_as_number(predictor, frame):
    """Give the target as scores() means it: the value, or 1 for the last class."""
    if not predictor.classifies:
        return frame[schema.TARGET].astype(float)
    last = predictor.labels(np.eye(len(versions.record_of(predictor.version).classes)))[-1]
    return (frame[schema.TARGET].map(str) == str(last)).astype(float)
