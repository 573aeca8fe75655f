"""A team's own data in place of the example, as docs/YOUR_DATA.md says."""

import random

import pytest

pytestmark = pytest.mark.full

MACHINES_SCHEMA = '''"""The one contract: what a record is, and what is predicted from it."""

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A machine at the start of a shift."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    class_: int = Field(ge=1, le=3, description="Class of the machine, 1 to 3")
    maker: str | None = Field(None, description="Maker")
    age_years: float | None = Field(None, ge=0, le=60, description="Age, years")
    overhauled: bool | None = Field(None, description="Overhauled this year")
    load: float = Field(gt=0, le=150, description="Load, % of nominal")


class Example(Record):
    """A machine at the end of a shift."""

    failure: bool = Field(description="Failed during the shift")


TARGET = "failure"
TIME: str | None = None
'''

ORDERS_SCHEMA = '''"""The one contract: what a record is, and what is predicted from it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A bakery in the evening, before it bakes for tomorrow."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    weekday: Literal[1, 2, 3, 4, 5, 6, 7] = Field(description="Day of the week, Monday is 1")
    sold_last_week: int | None = Field(None, ge=0, description="Loaves sold a week ago")


class Example(Record):
    """A bakery a day later."""

    day: date = Field(description="Day")
    sold: int = Field(ge=0, description="Loaves sold")


TARGET = "sold"
TIME: str | None = "day"
'''


def machines():
    """Make 600 machines: semicolons, odd headers, yes and no, many makers, gaps."""
    chance = random.Random(1)
    yield "Class;Maker;Age (years);Overhauled?;Load;Serial No;Failure"
    for n in range(600):
        age, load = chance.uniform(0, 40), chance.uniform(20, 140)
        fails = age * 2 + load + chance.gauss(0, 20) > 130
        gaps = [f"Maker No {chance.randint(1, 80)}", f"{age:.1f}"]
        row = [cell if chance.random() > 0.08 else "?" for cell in gaps]
        row = [chance.randint(1, 3), *row, chance.choice(["yes", "no", "NA"]), f"{load:.2f}"]
        yield ";".join(map(str, [*row, f"S{n}", "Yes" if fails else "No"]))


def orders():
    """Make 400 days of a bakery, in time order, with whole numbers."""
    chance, sold = random.Random(2), []
    yield "Day\tWeekday\tSold last week\tSold"
    for n in range(400):
        sold.append(80 + 30 * (n % 7 == 5) + n // 10 + chance.randint(0, 40))
        day = f"{2024 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}"
        yield f"{day}\t{n % 7 + 1}\t{sold[n - 7] if n >= 7 else ''}\t{sold[n]}"


@pytest.mark.parametrize(
    ("sample", "rows", "schema"),
    [("penguins", machines, MACHINES_SCHEMA), ("delays", orders, ORDERS_SCHEMA)],
    ids=["machines", "orders"],
)
def test_your_own_data_need_a_file_and_a_schema(bake, free_ports, sample, rows, schema):
    """Do exactly what docs/YOUR_DATA.md says, with data that the samples do not resemble."""
    project = bake(sample=sample)
    (project.path / "data/sample.csv").write_text("\n".join(rows()) + "\n", encoding="utf-8")
    (project.path / "src/app/schema.py").write_text(schema, encoding="utf-8")

    stale = project.run("poe", "check")
    assert stale.returncode == 1
    assert "run `uv run poe openapi`" in stale.stderr
    project.poe("openapi")
    project.poe("data")
    project.poe("check")
    project.poe("test", "--deselect", "tests/pipeline/test_run.py::test_the_same_file_runs_here")
    answer = project.demo(free_ports)

    expected = bool if rows is machines else float
    assert type(answer["predictions"][0]["prediction"]) is expected
