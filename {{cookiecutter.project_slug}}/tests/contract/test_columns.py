from datetime import date
from typing import Literal

import pyarrow as pa
import pytest
from pydantic import BaseModel, Field

from app import schema
from app.contract import columns, parsing
from app.errors import ConfigError, InvalidData

pytestmark = [pytest.mark.code, pytest.mark.unit]


class Odd(BaseModel):
    share: float | None = Field(None, ge=0, le=1)
    stars: Literal[1, 2, 3]
    seen: bool
    day: date


def test_the_example_keeps_the_contract():
    assert len(parsing.parse_records(columns.example_record())) == 1


def test_each_feature_has_a_label_for_people():
    for column in columns.features().values():
        assert column.label != column.name, f"{column.name}: give it a description in schema.py"


def test_the_target_is_not_a_feature():
    assert schema.TARGET not in columns.features()
    assert columns.target().name == schema.TARGET


def test_columns_are_read_from_the_model():
    odd = columns.of(Odd)

    assert [c.kind for c in odd.values()] == ["number", "integer", "boolean", "date"]
    assert (odd["share"].minimum, odd["share"].maximum) == (0, 1)
    assert odd["share"].nullable
    assert odd["stars"].choices == (1, 2, 3)
    assert not odd["stars"].numeric


def test_texts_become_typed_values():
    raw = {
        "share": ["0.5", " NA "],
        "stars": ["1", "3.0"],
        "seen": ["Yes", "0.0"],
        "day": ["2026-02-02"] * 2,
    }

    parsed = parsing.parse_columns(raw, Odd)

    assert parsed["share"] == [0.5, None]
    assert parsed["stars"] == [1, 3]
    assert parsed["seen"] == [True, False]
    assert parsed["day"] == [date(2026, 2, 2)] * 2


def test_each_broken_rule_is_told_with_its_row():
    raw = {"share": ["2", "x"], "stars": ["4", None], "seen": ["1", "1"], "day": ["2026-02-02"] * 2}

    with pytest.raises(InvalidData) as caught:
        parsing.parse_columns(raw, Odd, rows=[2, 3])

    told = "\n".join(caught.value.problems)
    assert "'share', row 2: '2' must be less than or equal to 1" in told
    assert "'share', row 3: 'x' must be a valid number" in told
    assert "'stars', row 2: '4' must be 1, 2 or 3" in told
    assert "'stars', row 3: is empty" in told


def test_a_thousand_broken_rows_are_told_in_a_few_sentences():
    raw = {
        "share": ["9"] * 1000,
        "stars": ["1"] * 1000,
        "seen": ["1"] * 1000,
        "day": ["2026-02-02"] * 1000,
    }

    with pytest.raises(InvalidData) as caught:
        parsing.parse_columns(raw, Odd, rows=range(1000))

    assert len(caught.value.problems) == parsing.SHOWN + 1
    assert "995 more" in caught.value.problems[-1]


def test_a_type_that_no_model_can_read_is_refused():
    class Strange(BaseModel):
        tags: list[str]

    with pytest.raises(ConfigError, match="the type is not supported"):
        columns.of(Strange)


def test_a_value_that_no_table_can_hold_is_named_with_its_column(monkeypatch):
    monkeypatch.setattr(parsing, "parse_columns", lambda *_, **__: {"good": [1], "bad": ["a"]})
    both = pa.schema([("good", pa.int64()), ("bad", pa.int64())])
    monkeypatch.setattr(columns, "arrow_schema", lambda: both)

    with pytest.raises(InvalidData, match="column 'bad' must hold only int64"):
        parsing.parse_table({}, [])


def test_a_choice_is_never_missing():
    class Sleeper(BaseModel):
        disorder: Literal["None", "Apnea"]
        town: str | None

    parsed = parsing.parse_columns({"disorder": ["None", "Apnea"], "town": ["None", ""]}, Sleeper)

    assert parsed == {"disorder": ["None", "Apnea"], "town": [None, None]}


@pytest.mark.parametrize(
    "day", ["20240131", "31122024", "45292", "2024", "31/12/2024", "31.12.2024"]
)
def test_a_date_that_is_not_iso_is_refused(day):
    with pytest.raises(InvalidData, match=f"'{day}' must be a date or time in ISO 8601"):
        parsing.parse_columns({"day": [day]}, Odd)


class Wide(BaseModel):
    count: int
    size: float
    stars: Literal[1, 2]


@pytest.mark.parametrize(
    ("name", "value"), [("count", 2**63), ("count", -(2**64)), ("size", 1e39), ("stars", 3)]
)
def test_files_and_requests_have_one_rule_for_numbers(name, value, monkeypatch):
    monkeypatch.setattr(schema, "Record", Wide)
    columns.features.cache_clear()
    parsing._record_list.cache_clear()  # pylint: disable=protected-access # the contract changed
    good = {"count": 7.0, "size": 1, "stars": 2.0}

    assert parsing.parse_records(good) == [{"count": 7, "size": 1.0, "stars": 2}]
    texts = {name: [str(value)] for name, value in good.items()}
    assert parsing.parse_columns(texts, Wide) == {"count": [7], "size": [1.0], "stars": [2]}
    with pytest.raises(InvalidData, match=f"'{name}'"):
        parsing.parse_records(good | {name: value})
    with pytest.raises(InvalidData, match=f"'{name}'"):
        parsing.parse_columns(texts | {name: [str(value)]}, Wide)


@pytest.fixture(autouse=True)
def fresh_contract():
    """Forget what a test made of the contract."""
    yield
    columns.features.cache_clear()
    parsing._record_list.cache_clear()  # pylint: disable=protected-access # the contract changed


def test_the_fingerprint_is_of_what_a_model_needs(monkeypatch):
    class Told(schema.Record):
        """Described in other words."""

    before = columns.fingerprint()
    monkeypatch.setattr(schema, "Record", Told)
    columns.features.cache_clear()
    assert columns.fingerprint() == before

    class Wider(schema.Record):
        one_more: float | None = None

    monkeypatch.setattr(schema, "Record", Wider)
    columns.features.cache_clear()
    assert columns.fingerprint() != before
