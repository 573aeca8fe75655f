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


PATIENTS_SCHEMA = '''"""The one contract: what a record is, and what is predicted from it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A patient who comes to the hospital."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    age: float | None = Field(None, ge=0, le=100, description="Age, years")
    visits: int | None = Field(None, ge=0, le=30, description="Visits last year")
    ward: Literal["surgery", "medicine", "children"] = Field(description="Ward")
    place: str | None = Field(None, description="Where the patient comes from")


class Example(Record):
    """A patient who went home."""

    again: Literal["came back", "stayed at home"] = Field(description="Within a month")


TARGET = "again"
TIME: str | None = None
'''

KUBEFLOW = ("same_file_runs_here", "job_has_its_own_identity_root_and_parameters")
WITHOUT_KUBEFLOW = [f"--deselect=tests/pipeline/test_run.py::test_the_{name}" for name in KUBEFLOW]
"""What compiles and submits the pipeline takes half a minute, and does not look at the data."""

OTHER_MODEL = '''
SEARCH: dict[str, list[Any]] = {"strength": [0.1, 1.0]}
"""Values of `build_model`'s parameters that `uv run poe tune` tries, each with each."""


def build_model(*, strength: float = 0.1) -> Pipeline:
    """Build an unfitted linear model, for the task of the columns."""
    if columns.task() == "classification":
        return with_preprocessing(LogisticRegression(C=strength, max_iter=5000))
    return with_preprocessing(Ridge(alpha=1000 / strength))


'''
SENSORS = [f"sensor_{n:02d}" for n in range(30)]


def sensors_schema():
    """Write a contract of 30 measurements."""
    fields = [
        f'    {name}: float = Field(ge=-9, le=9, description="Sensor {name[-2:]}, V")'
        for name in SENSORS
    ]
    start, rest = PATIENTS_SCHEMA.split("    age:")
    end = rest[rest.index("\n\n\nclass Example") :]
    return start + "\n".join(fields) + end


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
    """Make 400 days of a bakery, in time order, with whole numbers.

    Without a trend: trees do not go beyond what they learnt, so the gate refuses one.
    """
    chance, sold = random.Random(2), []
    yield "Day\tWeekday\tSold last week\tSold"
    for n in range(400):
        sold.append(80 + 60 * (n % 7 == 5) + chance.randint(0, 40))
        day = f"{2024 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}"
        yield f"{day}\t{n % 7 + 1}\t{sold[n - 7] if n >= 7 else ''}\t{sold[n]}"


def patients():
    """Make 500 patients of whole years, many of them unknown, from places with long names."""
    chance = random.Random(3)
    yield "Age,Visits,Ward,Place,Again"
    for _ in range(500):
        age, visits = chance.choice([*range(90), 30.5, 41.5]), chance.randint(0, 12)
        again = age / 10 + visits + chance.gauss(0, 2) > 10
        places = [f"Somewhere in the {n} hills, behind the $1 and the $2 shop" for n in range(30)]
        known = [x if chance.random() > 0.3 else "" for x in (age, visits, chance.choice(places))]
        ward = chance.choice(["surgery", "medicine", "children"])
        row = [*known[:2], ward, f'"{known[2]}"', "came back" if again else "stayed at home"]
        yield ",".join(map(str, row))


def sensors():
    """Make 400 rows of 30 measurements, many of which say the same."""
    chance = random.Random(4)
    yield ",".join([*SENSORS, "again"])
    for _ in range(400):
        hidden = [chance.gauss(0, 1) for _ in range(4)]
        row = [max(-9, min(9, hidden[n % 4] + chance.gauss(0, 0.5))) for n in range(30)]
        again = hidden[0] + hidden[1] + chance.gauss(0, 0.5) > 0
        yield ",".join([*(f"{x:.3f}" for x in row), "came back" if again else "stayed at home"])


@pytest.mark.parametrize(
    ("sample", "rows", "schema"),
    [
        ("penguins", machines, MACHINES_SCHEMA),
        ("delays", orders, ORDERS_SCHEMA),
        ("penguins", patients, PATIENTS_SCHEMA),
        ("penguins", sensors, sensors_schema()),
    ],
    ids=["machines", "orders", "patients", "sensors"],
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
    if rows in (machines, orders):  # a classification and a regression
        project.poe("check")
    project.poe("test", *WITHOUT_KUBEFLOW)
    answer = project.demo(free_ports)

    expected = {machines: bool, orders: float}.get(rows, str)
    assert type(answer["predictions"][0]["prediction"]) is expected


@pytest.mark.parametrize("sample", ["penguins", "delays"])
def test_another_model_needs_an_edit_of_one_file(bake, sample):
    """Replace the forest, its hyper-parameters and what is searched, in model.py alone."""
    project = bake(sample=sample)
    module = project.path / "src/app/training/model.py"
    code = module.read_text(encoding="utf-8")
    start, end = code.index("SEARCH:"), code.index("def build_baseline")
    code = code[:start] + OTHER_MODEL.lstrip() + code[end:]
    old = "from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor\n"
    assert old in code
    code = code.replace(old, "").replace(
        "from sklearn.pipeline import",
        "from sklearn.linear_model import LogisticRegression, Ridge\nfrom sklearn.pipeline import",
    )
    module.write_text(code, encoding="utf-8")

    if sample == "penguins":
        project.poe("check")
    project.poe("test", *WITHOUT_KUBEFLOW)
