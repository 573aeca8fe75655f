import pandas as pd
import pytest

from app import docs_page, schema
from app.contract import columns
from app.data import eda, ingest, split

pytestmark = [pytest.mark.data, pytest.mark.unit]


@pytest.fixture
def examples(sample):
    return split.to_frame(ingest.clean(sample))


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
    for name, column in columns.features().items():
        if column.nullable:
            examples[name] = pd.Series([None] * len(examples), dtype=object)

    assert "|" in eda.describe(examples)
