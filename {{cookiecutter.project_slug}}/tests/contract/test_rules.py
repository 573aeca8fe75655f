"""Each rule for `schema.py` is broken once; the sentence names the field and the remedy."""

import re
import sys
from datetime import date, datetime
from types import SimpleNamespace
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, field_validator

from app.contract import columns, parsing, rules
from app.errors import ConfigError

pytestmark = [pytest.mark.code, pytest.mark.unit]


@pytest.fixture
def require(monkeypatch):
    """Check a contract with these fields, and give the sentences."""

    def check(features, own, *bases, **roles):
        space = {"__annotations__": {n: kind for n, (kind, _) in features.items()}}
        space |= {n: field for n, (_, field) in features.items() if field is not None}
        record = type("Record", (*bases, BaseModel), space)
        example = type("Example", (record,), {"__annotations__": own})
        roles = {"TARGET": "answer"} | roles
        made = SimpleNamespace(Record=record, Example=example, **roles)
        monkeypatch.setitem(sys.modules, "app.schema", made)
        with pytest.raises(ConfigError) as caught:
            rules.require_valid()
        return "\n".join(caught.value.problems)

    return check


GOOD = {"size": (float, None)}
ANSWER = {"answer": Literal["no", "yes"]}


def test_the_contract_keeps_the_rules():
    rules.require_valid()


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        ({}, "Record has no field"),
        ({"Size": (float, None)}, "name the field 'size'"),
        ({"conc_μg": (float, None)}, "name the field 'conc_ug'"),
        ({"温度": (float, None)}, "in Latin letters"),
        (
            {"class_name": (float, None), "schema_json": (int, None)},
            "name the field 'schema_json_'",
        ),
        ({"size": (float, Field(alias="Size"))}, "'size' has an alias"),
        ({"label": (float, None)}, "'label' is a name that tables of predictions use"),
        ({"day": (date, None)}, "'day' in Record is a time"),
        ({"tags": (list[str], None)}, "'tags': the type is not supported"),
        ({"both": (int | str, None)}, "'both': the type is not supported"),
        ({"kind": (Literal[" a", "b"], None)}, "'kind' has the choice ' a'"),
        ({"count": (int, Field(le=2**60))}, "'count' has the bound 1152921504606846976"),
        ({"size": (float, Field(ge=3, le=1))}, "'size' has no value from 3 to 1"),
        ({"size": (float, Field(json_schema_extra={"least": 0}))}, "has no argument 'least'"),
        ({"odd": (int, Field(multiple_of=7))}, "'odd': 1 breaks a rule: .* examples="),
    ],
)
def test_a_field_that_cannot_be_is_named(require, features, sentence):
    assert re.search(sentence, require(features, ANSWER))


@pytest.mark.parametrize(
    ("own", "roles", "sentence"),
    [
        (ANSWER, {"TARGET": "size"}, "TARGET is 'size', but it must be a field of Example"),
        (ANSWER, {"TIME": "day"}, "TIME is 'day', but it must be a field of Example"),
        (ANSWER | {"day": int}, {"TIME": "day"}, "'day', which is no time"),
        (ANSWER | {"day": datetime | None}, {"TIME": "day"}, "each row needs it"),
        ({"answer": date}, {}, "TARGET is 'answer', a time"),
        ({"label": int}, {"TARGET": "label"}, "'label' is a name that tables"),
        (ANSWER, {"GROUP": "answer"}, "must not be the TARGET"),
        (ANSWER | {"who": str | None}, {"KEY": "who"}, "each row needs it"),
        (ANSWER | {"day": date, "who": str}, {"TIME": "day", "GROUP": "who"}, "set one of them"),
    ],
)
def test_a_role_that_cannot_be_is_named(require, own, roles, sentence):
    assert re.search(sentence, require(GOOD, own, **roles))


def test_a_record_that_is_no_model_is_told(monkeypatch):
    class Record:
        size: float

    class Example(Record):
        answer: bool

    made = SimpleNamespace(Record=Record, Example=Example, TARGET="answer")
    monkeypatch.setitem(sys.modules, "app.schema", made)

    with pytest.raises(ConfigError, match="a class Record that inherits from BaseModel"):
        rules.require_valid()


def test_all_are_told_together(require):
    sentences = require({"Size": (float, None), "label": (int, None)}, ANSWER, TIME="day")

    assert sentences.count("schema.py: ") == 3


def test_a_validator_that_files_would_pass_by_is_refused(require):
    class Even(BaseModel):
        @field_validator("*")
        @classmethod
        def even(cls, value):
            return value

    assert "even() is a validator" in require(GOOD, ANSWER, Even)


def test_a_rule_in_a_type_holds_for_files():
    class Checked(BaseModel):
        size: Annotated[int, AfterValidator(lambda value: value // 2)]

    assert parsing.parse_columns({"size": ["8"]}, Checked) == {"size": [4]}


@pytest.mark.parametrize(
    "bounds", [{"ge": 0.0001, "le": 0.0009}, {"lt": 0}, {"gt": 0, "lt": 1}, {"ge": 5}, {}]
)
def test_the_example_keeps_its_range(bounds):
    class Small(BaseModel):
        size: float = Field(**bounds)

    Small(size=columns.of(Small)["size"].example)
