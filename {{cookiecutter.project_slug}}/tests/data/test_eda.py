import io

import numpy as np
import pandas as pd
import pytest

from app import docs_page, schema
from app.contract import columns
from app.data import eda, ingest, split

pytestmark = [
    *(pytest.mark.data, pytest.mark.unit),
    pytest.mark.filterwarnings("ignore:Glyph"),  # names may be in a script that the font lacks
]


@pytest.fixture
def examples(sample):
    return split.to_frame(ingest.clean(sample).examples)


def test_the_page_tells_size_and_gaps_of_each_column(examples):
    text = eda.describe(examples)

    assert f"{len(examples)} examples" in text
    assert split.fingerprint(examples) in text
    for name in columns.of():
        assert f"| `{name}` | {examples[name].isna().sum()} |" in text


def test_the_figure_is_drawn_also_with_gaps_and_few_rows(examples, tmp_path):
    gaps = examples.head(30).astype(object)
    for name, column in columns.of().items():
        if column.nullable and name != schema.TARGET:
            gaps.loc[5:9, name] = None

    for rows in (gaps, examples):
        docs_page.write(tmp_path / "EDA.md", "", eda.draw(rows))
        assert (tmp_path / "figures/eda.png").stat().st_size > 1000


def test_a_column_without_any_value_is_described(examples):
    name = next((n for n, column in columns.features().items() if column.nullable), None)
    if name is None:
        pytest.skip("no value may be missing")
    examples[name] = pd.Series([None] * len(examples), dtype=object)

    assert f"| `{name}` | {len(examples)} | 0 |  |" in eda.describe(examples)
    assert eda.draw(examples)


def test_long_names_leave_room_and_no_formula_is_read_from_dollars(examples):
    for name, column in columns.features().items():
        if not column.numeric:
            chosen = np.arange(len(examples)) % 40
            examples[name] = [f"From $1 to $2, {'much ' * 40}{n}" for n in chosen]

    eda.draw(examples).savefig(io.BytesIO(), dpi=40)


def test_of_many_features_those_are_drawn_that_go_best_with_the_target(examples, monkeypatch):
    many, best = {}, pd.factorize(examples[schema.TARGET], sort=True)[0]
    for n in range(64):
        chance = np.random.default_rng(n).normal(size=len(examples))
        column = next(iter(columns.features().values()))._replace(name=f"f{n}", label=f"No {n}")
        many[f"f{n}"] = column._replace(kind="number", choices=())
        examples[f"f{n}"] = chance + (n == 50) * best * 10
    target = columns.target()
    of = many | {schema.TARGET: target}
    monkeypatch.setattr(columns, "target", lambda: target)
    monkeypatch.setattr(columns, "features", lambda: many)
    monkeypatch.setattr(columns, "of", lambda *_: of)

    figure = eda.draw(examples)

    titles = [place.get_title() for place in figure.get_axes()]
    assert titles[1] == "No 50"
    assert len([title for title in titles if title.startswith("No ")]) == eda.DRAWN
    assert figure.get_figheight() < 30
    assert f"{eda.DRAWN} of 64 features" in figure.texts[0].get_text()
