"""The page that answers a whole CSV file, without a browser."""

import time

import pandas as pd
import pytest

from app.api import client
from app.contract import columns
from app.errors import InvalidData
from app.history import predictions

pytestmark = [pytest.mark.service, pytest.mark.integration]


@pytest.fixture
def upload(open_page):
    """Open the page and give it a file."""

    def run(content, name="records.csv"):
        page = open_page("table")
        page.file_uploader[0].upload(name, content, "text/csv").run()
        assert not page.exception
        return page

    return run


def file_of(records):
    return pd.DataFrame(records).to_csv(index=False).encode()


def press(page, label):
    next(button for button in page.button if button.label.startswith(label)).click().run()
    assert not page.exception
    return page


def test_each_row_is_answered_with_its_own_columns_kept(upload, api):
    records = [columns.example_record() | {"my note": f"note {n}"} for n in range(3)]

    page = press(upload(file_of(records)), "Predict 3 rows")

    shown = page.dataframe[0].value
    expected = api("/predict?keep=false", columns.example_record())["predictions"][0]
    assert shown["my_note"].tolist() == ["note 0", "note 1", "note 2"]
    assert shown["prediction"].tolist() == pytest.approx([expected["prediction"]] * 3)
    assert [button.label for button in page.get("download_button")][-1] == "Download as CSV"


def test_faulty_rows_are_listed_with_their_reason_and_the_others_answered(upload, api, category):
    records = [columns.example_record() for _ in range(5)]
    records[1] |= {category.name: "Atlantis"}
    records[4] |= {category.name: ""}

    page = upload(file_of(records))
    faulty = page.dataframe[0].value
    press(page, "Predict 3 rows")

    assert faulty["row"].tolist()[0] == 3
    assert "'Atlantis' must be" in faulty["why"].tolist()[0]
    assert (len(faulty) == 2) is not category.nullable
    assert len(page.dataframe[-1].value) == 3


def test_a_file_without_any_sound_row_cannot_be_sent(upload, number):
    page = upload(file_of([columns.example_record() | {number.name: "hello"}]))

    assert "'hello'" in page.dataframe[0].value["why"][0]
    assert page.button[-1].disabled


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"another\n1\n", "has no column"),
        (file_of([columns.example_record()] * 1001), "has 1,001 rows"),
        (file_of([columns.example_record()]).splitlines()[0] + b"\n", "has 0 rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(upload, content, why):
    page = upload(content)

    assert why in page.error[0].value
    assert not page.button


def test_the_api_is_asked_in_parts_and_no_row_twice(upload, api, monkeypatch):
    parts, ask = [], client.ask

    def failing_once(path, body=None, **options):
        parts.append(len(body))
        if len(parts) == 2:
            raise InvalidData("it broke")
        return ask(path, body, **options)

    page = upload(file_of([columns.example_record()] * 150))
    with monkeypatch.context() as patch:
        patch.setattr(client, "ask", failing_once)
        press(page, "Predict 150 rows")
        assert page.error[0].value == "it broke"
        press(page, "Try again")

    assert parts == [100, 50, 50]
    assert len(page.dataframe[-1].value) == 150
    for _ in range(100):
        if len(predictions.latest(1000)) >= 150:
            break
        time.sleep(0.1)
    assert len(predictions.latest(1000)) == 150
