"""Situations of a team's data: what comes in, and what the project says of it.

Each is a contract and a file. `tests/test_doors.py` tries them all; `uv run poe doors` writes them,
with what was said, into docs/doors.md.
"""

import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CHANCE = random.Random(7)
STAGES = ("data", "train", "evaluate", "gate")
SCHEMA = '''"""The one contract: what a record is, and what is predicted from it."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import field_validator, validator


class Record(BaseModel):
    """A record."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    {record}


class Example(Record):
    """An example."""

    {example}


TARGET = "answer"
TIME: str | None = None
{roles}
'''
ANSWER = 'answer: Literal["no", "yes"]'
KIND = 'kind: Literal["a", "b"]'
SIZE = "size: float | None = None"


class Door(NamedTuple):
    """A situation; `says` is a pattern of what the last of `commands` prints, `passes` its end.

    `model` is code that follows that of `model.py`.
    """

    name: str
    says: str
    rows: str | Callable[[], str]
    record: str = f"{KIND}\n{SIZE}"
    example: str = ANSWER
    roles: str = ""
    commands: tuple[str, ...] = ("data",)
    passes: bool = False
    model: str = ""


def table(header: str, rows: list) -> str:
    """Write a CSV file."""
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


def yes(condition: bool) -> str:
    return "yes" if condition else "no"


def points(count: int = 500) -> list[list[float]]:
    """Draw points with three coordinates, the same at each call."""
    chance = random.Random(11)
    return [[round(chance.gauss(0, 1), 5) for _ in range(3)] for _ in range(count)]


NUMBERS = "a: float | None\nb: float | None\nc: float | None"


def good() -> str:
    return table(
        "a,b,c,answer", [[*p, yes(p[0] + p[1] + CHANCE.gauss(0, 0.5) > 0)] for p in points()]
    )


def together() -> str:
    return table("a,b,c,answer", [[p[0], p[0] + (1 if p[1] > 0 else -1), p[2], yes(p[1] > 0)]
                                  for p in points(2000)])  # fmt: skip


def gaps() -> str:
    rows = []
    for a, b, c in points():
        answer = CHANCE.random() < 0.5
        rows.append(["" if CHANCE.random() < (0.75 if answer else 0.05) else a, b, c, yes(answer)])
    return table("a,b,c,answer", rows)


def twins(individuals: int = 250, copies: int = 2) -> str:
    rows = []
    for n, point in enumerate(points(individuals)):
        answer = yes(CHANCE.random() < 0.5)
        near = ([round(x + CHANCE.gauss(0, 0.001), 6) for x in point] for _ in range(copies))
        rows += [[*values, f"p{n}", answer] for values in near]
    return table("a,b,c,who,answer", rows)


def classes_only() -> str:
    rows = []
    for n in range(600):
        kind, deck = "ab"[n % 2], "xyz"[n % 3]
        chance = 0.9 if kind == "a" and deck != "z" else 0.15
        rows.append([kind, deck, yes(CHANCE.random() < chance)])
    return table("kind,deck,answer", rows)


def many_categories() -> str:
    rows = [[f"c{CHANCE.randrange(200)}", round(CHANCE.gauss(0, 1), 4)] for _ in range(500)]
    rows = [[town, size, yes(size + CHANCE.gauss(0, 0.4) > 0)] for town, size in rows]
    return table("town,size,answer", rows)


def in_digits() -> str:
    return good().replace(",yes", ",1").replace(",no", ",0")


def signed() -> str:
    return good().replace(",yes", ",1").replace(",no", ",-1")


def built(estimator: str, imports: str) -> str:
    """Write a `build_model` that gives an estimator."""
    head = f"\n\nfrom sklearn.{imports}\n\n\n"
    return f"{head}def build_model(*, c: float = 1.0):\n    return {estimator}\n"


SCALED = built(
    "Pipeline([('s', StandardScaler()), ('e', LogisticRegression(C=c))])",
    "linear_model import LogisticRegression\nfrom sklearn.preprocessing import StandardScaler",
)


def trend() -> str:
    rows = [[f"{2001 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}", n + CHANCE.gauss(0, 3),
             CHANCE.gauss(0, 1), 0, n + 1 + CHANCE.gauss(0, 3)] for n in range(500)]  # fmt: skip
    return table("day,a,b,c,answer", rows)


def skewed() -> str:
    return table("a,b,c,answer", [[*p, 2.718 ** CHANCE.gauss(10, 1.5)] for p in points()])


def years(last: str = "2023") -> str:
    """Make four years of a hundred rows, each with the first of January as its day."""
    return table("day,a,b,c,answer", [
        [f"{min(str(2020 + n // 100), last)}-01-01", *p, yes(p[0] + CHANCE.gauss(0, 0.4) > 0)]
        for n, p in enumerate(points(400))
    ])  # fmt: skip


def late_class() -> str:
    return table("day,a,b,c,answer", [
        [f"{2020 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}", *p, yes(n >= 340)]
        for n, p in enumerate(points(400))
    ])  # fmt: skip


DAY = f"{ANSWER}\nday: date"
TIMED = {"record": NUMBERS, "example": DAY, "roles": 'TIME = "day"'}
WHO = {"record": NUMBERS, "example": f"{ANSWER}\nwho: str"}
JUDGED = {"commands": STAGES}
SMALL = "Kind,Size,Answer\na,1.5,no\nb,2.5,yes\na,3.5,no\nb,4.5,yes\n"

DOORS = [
    Door("an ordinary file", "4 examples", SMALL, passes=True),
    # what a file may hold
    Door("a header that comes twice", "two columns that read as 'size'",
         "Kind,Size,Size,Answer\na,,1.5,no\n"),
    Door("a row with too few cells", "row 3: it has 2 cells, the header 3",
         "Answer,Kind,Size\nno,a,1.5\nyes,b\n"),
    Door("a row with too many cells", "row 2: it has 4 cells, the header 3.*write 12.5, not 12,5",
         "Answer,Kind,Size\nno,a,1,5\n"),
    Door("two cells that open with a quote", "row 3: a quote opens or closes where it cannot",
         'Kind,Size,Note,Answer\na,1,x,no\nb,2,"12 inch,yes\na,3,x,no\na,5,"14 inch,no\n'),
    Door("a quote that swallows whole rows", "row 2: a quote opens here and closes 2 lines below",
         'Kind,Size,Note,Answer\nb,2,"12 inch,yes\na,3,x,no\na,5,14",no\n'),
    Door("a quote that swallows rows and a blank line", "row 2: a quote opens here and closes 3",
         'Kind,Size,Note,Answer\nb,2,"12 inch,yes\n\na,3,x,no\na,5,14",no\n'),
    Door("a quote that never closes", "row 3: a quote opens or closes",
         'Kind,Size,Note,Answer\na,1,x,no\nb,2,"12 inch,yes\na,3,x,no\n'),
    Door("a line break in a quoted cell", "1 examples",
         'Kind,Size,Note,Answer\na,1,"two\nlines",no\n', passes=True),
    Door("a title above the header", "is row 1, 'Export of May', a title",
         "Export of May\nKind,Size,Answer\na,1,no\n"),
    Door("a title with commas above the header", "or is row 1 a title",
         "Export, May\nKind,Size,Answer\na,1,no\n"),
    Door("a title above the header, with empty cells", "Row 1 must be the header",
         "Export of May;;\nKind;Size;Answer\na;1;no\n"),
    Door("sep=; above the header", "row 1 is 'sep=;'", "sep=;\nKind;Size;Answer\na;1;no\n"),
    Door("a blank first line", "row 1 is blank", "\nKind;Size;Answer\na;1;no\n"),
    Door("commas in a quoted header of a file with semicolons", "1 examples",
         '"Kind, of, it, all";Size;Answer\na;1;no\n', "kind_of_it_all: str\n" + SIZE, passes=True),
    Door("commas in a header and in numbers of a file with semicolons",
         "'size_cm', row 2: '1,5' must be a number such as 12.5",
         "Size, cm;Answer\n1,5;no\n", "size_cm: float"),
    Door("an empty file", "it is empty", "\n\n"),
    Door("old line ends", "2 examples", "Kind,Size,Answer\ra,1,no\rb,2,yes\r", passes=True),
    Door("a space before a quote", "1 examples", '"Kind", "Size", "Answer"\n"a", "1", "no"\n',
         passes=True),
    Door("a cell of 200,000 letters", "1 examples", f"Text,Answer\n{'x' * 200_000},no\n",
         "text: str", passes=True),
    Door("an accent in two pieces in a cell", "1 examples", "Town,Answer\nLie\u0301ge,no\n",
         'town: Literal["Li\u00e9ge", "Gent"]', passes=True),
    # names
    Door("a header with a square metre", "1 examples", "Area (m²),Answer\n2.5,no\n",
         "area_m2: float", passes=True),
    Door("a header with a micro sign", "1 examples", "Conc (µg/L),Answer\n2.5,no\n",
         "conc_ug_l: float", passes=True),
    Door("the same with a Greek mu, and an accent in two pieces", "1 examples",
         "Conc (μg/L),E\u0301te\u0301,Answer\n2.5,1,no\n", "conc_ug_l: float\nete: int",
         passes=True),
    Door("a header without Latin letters", "'温度' has letters that are not Latin",
         "温度,Answer\n2.5,no\n", "column_1: float"),
    Door("a field with a micro sign", "name the field 'conc_ug_l'", SMALL, "conc_µg_l: float"),
    Door("fields in capitals and with accents", "name the field 'grosse'.*|'size'", SMALL,
         "Size: float\ngröße: float"),
    Door("fields named as BaseModel's own", "name the field 'copy_'", SMALL,
         "copy: float\njson: int\nschema: int"),
    Door("a header that is a symbol, of a column that nobody asks for", "4 examples",
         "#," + SMALL.replace("\na", "\n1,a").replace("\nb", "\n2,b"), passes=True),
    # missing values
    Door("None that is a class", "2 examples", "Kind,Answer\na,None\nb,Apnea\n", KIND,
         'answer: Literal["None", "Apnea"]', passes=True),
    Door("NA and N/A that are classes", "3 examples", "Kind,Answer\na,NA\nb,N/A\na,yes\n", KIND,
         'answer: Literal["NA", "N/A", "yes"]', passes=True),
    Door("padded texts that mean a missing value", "2 cells of town read as missing",
         "Town, Size, Answer\n ?, 1.5, no\n NA, 2.5, yes\n North, 3.5, no\n",
         f"town: str | None = None\n{SIZE}", passes=True),
    Door("an empty cell of a required text", "'town', row 3: is empty",
         "Town,Answer\nNorth,no\n,yes\n", "town: str"),
    Door("rows without a target", "1 rows without answer left out", SMALL + "a,1.5,\n",
         passes=True),
    Door("equal rows, which are facts", "6 examples", SMALL + "a,1.5,no\na,1.5,no\n", passes=True),
    Door("equal rows under a KEY", "1 rows that repeat another left out",
         "Id,Kind,Answer\n1,a,no\n2,b,yes\n2,b,yes\n", KIND, f"{ANSWER}\nid: int", 'KEY = "id"',
         passes=True),
    Door("two rows of one KEY that differ", "row 4: the id '2' is there twice",
         "Id,Kind,Answer\n1,a,no\n2,b,yes\n2,b,no\n", KIND, f"{ANSWER}\nid: int", 'KEY = "id"'),
    Door("one KEY in two forms", "row 3: the id '1' is there twice",
         "Id,Kind,Answer\n1,a,no\n1.0,a,yes\n", KIND, f"{ANSWER}\nid: int", 'KEY = "id"'),
    # values
    Door("whole numbers over 64 bits", "'100000000000000000000' must be less than",
         "Serial,Answer\n100000000000000000000,no\n", "serial: int"),
    Door("numbers over float32", "'1e39' must be less than or equal to 34028",
         "Size,Answer\n1e39,no\n", "size: float"),
    Door("1.0 for a whole number, a choice and a boolean", "2 examples",
         "Class,Flag,Count,Answer\n1.0,1.0,3.0,0.0\n2.0,0.0,4.0,1.0\n",
         "class_: Literal[1, 2]\nflag: bool\ncount: int", "answer: Literal[0, 1]", passes=True),
    Door("1.00 and 1 for choices that are numbers", "2 examples",
         "Class,Dose,Answer\n1.00,1,no\n2,0.5,yes\n",
         "class_: Literal[1, 2]\ndose: Literal[0.5, 1.0]", passes=True),
    Door("a number written 1_000", "'size', row 2: '1_000' must be a number such as 12.5",
         "Size,Answer\n1_000,no\n", "size: float"),
    Door("a rule in a type", "'size', row 2: .* must be even", "Size,Answer\n3,no\n",
         "size: Annotated[int, AfterValidator(even)] = Field(examples=[2])"),
    Door("a rule that raises something else", "a rule of a type raises AttributeError", SMALL,
         "size: Annotated[float, BeforeValidator(lambda v: float(v.replace(',', '.')))]"),
    # dates
    *(Door(f"a date written {text}", f"{re.escape(repr(text))} must be a date or time in ISO 8601",
           f"Day,Size,Answer\n{text},1,no\n", SIZE, f"{ANSWER}\nday: {kind}", 'TIME = "day"')
      for text, kind in [("20240131", "datetime"), ("31122024", "date"), ("45292", "datetime"),
                         ("2024", "date"), ("31/12/2024", "datetime"), ("31.12.2024", "date")]),
    Door("a row without its time", "'day', row 3: is empty",
         "Day,Size,Answer\n2024-01-31,1,no\n,2,yes\n", SIZE, DAY, 'TIME = "day"'),
    Door("whole years as TIME", "passes the gate", years, **TIMED, **JUDGED, passes=True),
    Door("one time for all rows", "1 different times for 400 examples",
         lambda: years("2020"), **TIMED, commands=("data", "train")),
    # the contract
    Door("a syntax error in schema.py", "schema.py, line 21: SyntaxError", SMALL, "size: float("),
    Door("a type that is not there", "schema.py, line 21: NameError", SMALL, "size: flot"),
    Door("an empty Literal", "schema.py, line .*cannot be empty", SMALL, "size: Literal[()]"),
    Door("an empty Record", "Record has no field", SMALL, "pass"),
    Door("an alias", "'size' has an alias", SMALL, 'size: float = Field(alias="Size")'),
    Door("an argument that Field does not have", "'size': Field has no argument 'minimum'", SMALL,
         "size: float = Field(minimum=0)"),
    Door("bounds that are swapped", "'size' has no value from 10 to 5", SMALL,
         "size: float = Field(ge=10, le=5)"),
    Door("a TIME that is not there", "TIME is 'day', but it must be a field", SMALL,
         roles='TIME = "day"'),
    Door("a KEY of two columns", "KEY is ..kind..: name one column", SMALL,
         roles='KEY = ["kind"]'),
    Door("a validator of pydantic 1", "even.. is a validator", SMALL,
         'size: float | None\n\n@validator("size")\ndef even(cls, value):\n    return value'),
    Door("strict types", "Record is strict", SMALL,
         'model_config = ConfigDict(strict=True)\nsize: float'),
    Door("no TARGET", "it has no TARGET", SMALL, roles="del TARGET"),
    Door("a target named as a column of predictions", "'label' is a name that tables", SMALL,
         example="label: int", roles='TARGET = "label"'),
    Door("a bound above 2^53", "'count' has the bound 1152921504606846976", SMALL,
         "count: int = Field(ge=0, le=2**60)"),
    Door("a validator that files would pass by", "even.. is a validator", SMALL,
         'size: int\n\n@field_validator("size")\n@classmethod\ndef even(cls, value):\n'
         "    return value"),
    # what cannot be learnt
    Door("one class only", "have answer = 'no': there is nothing to tell apart",
         table("kind,size,answer", [["ab"[n % 2], n, "no"] for n in range(60)]),
         commands=("data", "train")),
    Door("a class that comes after the cut in time", "The latest by day are held out", late_class,
         **TIMED, commands=("data", "train")),
    Door("too few rows", "are too few", "".join(good().splitlines(True)[:9]), NUMBERS,
         commands=("data", "train")),
    Door("training before the data", "run `uv run poe data`", SMALL, commands=("train",)),
    # what the gate sees
    Door("a model that learnt something", "passes the gate", good, NUMBERS, **JUDGED, passes=True),
    Door("two columns that give the target together", "too good to be true", together, NUMBERS,
         **JUDGED),
    Door("gaps that tell the class", "where values are missing tells the target", gaps, NUMBERS,
         **JUDGED),
    Door("near-duplicates with random labels", "have near-duplicates in training", twins, **WHO,
         **JUDGED),
    Door("twenty rows of each individual", "have near-duplicates in training",
         lambda: twins(25, 20), **WHO, **JUDGED),
    Door("the same with GROUP", "not beyond chance|does not exceed", lambda: twins(60, 9), **WHO,
         roles='GROUP = "who"', **JUDGED),
    Door("a trend", "does not exceed that of the last known value", trend, NUMBERS,
         "answer: float\nday: date", 'TIME = "day"', **JUDGED),
    Door("a skewed price without relation", "does not exceed that of the baseline", skewed, NUMBERS,
         "answer: float", **JUDGED),
    Door("categories only, so that few records are different", "passes the gate", classes_only,
         'kind: Literal["a", "b"]\ndeck: Literal["x", "y", "z"]', **JUDGED, passes=True),
    Door("two hundred categories beside one number", "passes the gate", many_categories,
         "town: str\nsize: float", **JUDGED, passes=True),
    # models of a team's own
    Door("classes that are written as digits", "passes the gate", in_digits, NUMBERS,
         'answer: Literal["0", "1"]', **JUDGED, passes=True),
    Door("classes that have a sign", "passes the gate", signed, NUMBERS,
         "answer: Literal[-1, 1]", **JUDGED, passes=True),
    Door("LinearSVC, which gives no probabilities", "LinearSVC gives no probabilities", good,
         NUMBERS, commands=("data", "train"),
         model=built("with_preprocessing(LinearSVC())", "svm import LinearSVC")),
    Door("RidgeClassifier, which gives none", "RidgeClassifier gives no probabilities", good,
         NUMBERS, commands=("data", "train"),
         model=built("with_preprocessing(RidgeClassifier())",
                     "linear_model import RidgeClassifier")),
    Door("a scaler without an imputer, where nothing is missing", "passes the gate", good,
         NUMBERS.replace(" | None", ""), **JUDGED, passes=True, model=SCALED),
    Door("the same, where something is", "fit or predict: ValueError: Input X contains",
         gaps, NUMBERS, commands=("data", "train"), model=SCALED),
    Door("a syntax error in model.py", "SyntaxError: .*model.py", good, NUMBERS,
         commands=("data", "train"), model="\n\ndef broken(:\n"),
]  # fmt: skip


def make(door: Door, project: Path, folder: Path) -> None:
    """Put contract and file of a situation beside a copy of a project's code."""
    shutil.copytree(project / "src", folder / "src")
    (folder / "data").mkdir()
    text = door.rows if isinstance(door.rows, str) else door.rows()
    (folder / "data/sample.csv").write_bytes(text.encode())
    contract = SCHEMA.format(
        record=door.record.replace("\n", "\n    "),
        example=door.example.replace("\n", "\n    "),
        roles=door.roles,
    ).replace("class Record(", EVEN + "class Record(")
    (folder / "src/app/schema.py").write_text(contract, encoding="utf-8")
    with (folder / "src/app/training/model.py").open("a", encoding="utf-8") as file:
        file.write(door.model)


EVEN = """def even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


"""


def tell(door: Door, project: Path, folder: Path, python: Path) -> tuple[int, str]:
    """Run the commands of a situation, and give the end and the words of the last that ran."""
    make(door, project, folder)
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONUTF8": "1"}
    environment |= {"LOCAL_STORE": str(folder / "local")}
    for name in door.commands:
        command = [str(python), "-m", "app", name]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                              encoding="utf-8", check=False)  # fmt: skip
        if done.returncode:
            break
    return done.returncode, done.stdout + done.stderr
