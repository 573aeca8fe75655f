"""Labels that come late: a file of them is stored whole, or refused whole."""

import pytest
from history.served import like_training, serve

from app.errors import InvalidData
from app.history import frames, labels, predictions

pytestmark = [pytest.mark.model, pytest.mark.integration]


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_labels_of_a_file_are_joined_to_predictions(champion, tmp_path):
    truths = serve(champion, like_training(champion, 2))
    rows = "\n".join(f"{id_},{truth}" for id_, truth in truths.items())

    labels.main(write(tmp_path / "labels.csv", f"id,label\n{rows}\n"))

    assert {row["id"]: row["label"] for row in predictions.latest(10)} == truths


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,label\n0,x\n", "needs the columns id and label, but id is missing"),
        ("id,label\n0,{}\n0,{}\n", "the id '0' is there twice"),
        ("id,label\nnobody,{}\n", "no prediction has the id 'nobody'"),
        ("id,label\n0,{}\n1,\n", "row 3: is empty"),
        ("id,label\n", "has no row"),
    ],
)
def test_labels_that_cannot_be_are_refused_together(champion, tmp_path, text, problem):
    truths = serve(champion, like_training(champion, 2))
    truth = next(iter(truths.values()))

    with pytest.raises(InvalidData, match=problem):
        labels.main(write(tmp_path / "labels.csv", text.replace("{}", str(truth))))

    assert all(row["label"] is None for row in predictions.latest(10))


def test_a_file_of_labels_that_is_absent_is_told():
    with pytest.raises(InvalidData, match="absent.csv cannot be read"):
        labels.main("absent.csv")


def test_whole_numbers_stay_whole_beside_gaps():
    assert frames.from_rows([{"a": 1}, {"a": None}])["a"].tolist() == [1, None]
