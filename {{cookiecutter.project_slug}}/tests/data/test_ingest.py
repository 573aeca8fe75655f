from pathlib import Path

import pandas as pd
import pytest

from app import schema
from app.contract import columns
from app.data import ingest, split
from app.errors import ConfigError, InvalidData
from app.storage import open_storage, tables

pytestmark = [pytest.mark.data, pytest.mark.unit]


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def test_the_sample_becomes_a_table(sample):
    ingest.main()

    table = open_storage().read(tables.EXAMPLES)
    assert 0 < table.num_rows <= len(sample)
    assert table.schema.equals(columns.arrow_schema())


def test_ingesting_twice_changes_nothing():
    ingest.main()
    first = open_storage().read(tables.EXAMPLES)
    ingest.main()

    assert open_storage().read(tables.EXAMPLES).equals(first)


def test_a_missing_column_is_named(sample):
    name = list(columns.of())[0]

    with pytest.raises(InvalidData, match=f"column '{name}' is missing"):
        ingest.clean(sample.drop(columns=name))


def test_an_extra_column_is_named_and_left_out(sample, caplog):
    table = ingest.clean(sample.assign(extra_thing="x"))

    assert "extra_thing" not in table.column_names
    assert "extra_thing" in caplog.text


@pytest.mark.parametrize("value", ["many", "1e999", "nan", "-99999999"])
def test_a_wrong_number_is_named_with_its_row(sample, number, value):
    row = sample.index[sample[schema.TARGET].notna()][3]
    sample.loc[row, number.name] = value

    with pytest.raises(InvalidData, match=f"'{number.name}', row {row + 2}: '{value}' must be"):
        ingest.clean(sample)


def test_an_unknown_category_is_named_with_the_known_ones(sample, category):
    row = sample.index[sample[schema.TARGET].notna()][0]
    sample.loc[row, category.name] = "Atlantis"

    with pytest.raises(
        InvalidData, match=f"row {row + 2}: 'Atlantis' must be .*{category.choices[0]}"
    ):
        ingest.clean(sample)


def test_a_failed_ingest_leaves_the_old_table(tmp_path, monkeypatch, sample):
    ingest.main()
    before = open_storage().read(tables.EXAMPLES)
    bad = sample.drop(columns=list(columns.of())[0])
    bad.to_csv(tmp_path / "bad.csv", index=False)
    monkeypatch.setenv("DATA_SOURCE", str(tmp_path / "bad.csv"))

    with pytest.raises(InvalidData):
        ingest.main()

    assert open_storage().read(tables.EXAMPLES).equals(before)


def test_duplicate_rows_are_counted_and_dropped(sample, caplog):
    twice = pd.concat([sample, sample], ignore_index=True)

    assert ingest.clean(twice).num_rows == ingest.clean(sample).num_rows
    assert "repeat another row" in caplog.text


def test_rows_without_a_target_are_dropped(sample):
    sample[schema.TARGET] = None

    with pytest.raises(InvalidData, match="no row to learn from"):
        ingest.clean(sample)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a CSV file with a header"),
        ("name,größe\n".encode("latin-1"), "not UTF-8: byte 7 is 0xf6"),
        (b"a,b\n1,2\n1,2,3\n", "Expected 2 fields in line 3, saw 3"),
        (b"a b,a-b\n1,2\n", "two columns that read as 'a_b'"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, content, message):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)

    with pytest.raises(InvalidData, match=message):
        ingest.parse_csv(path.read_bytes(), str(path))


def test_a_row_with_more_values_than_the_header_is_refused():
    with pytest.raises(InvalidData, match=r"more values than its header: .* write 12\.5, not 12,5"):
        ingest.parse_csv(b"id,label\nx,12,5\n", "labels.csv")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(InvalidData, match="absent.csv cannot be read"):
        ingest.ingest(str(tmp_path / "absent.csv"))


def test_an_object_of_another_bucket_is_refused():
    with pytest.raises(ConfigError, match="gs://elsewhere/x.csv is not in this environment's"):
        ingest.ingest("gs://elsewhere/x.csv")


def test_the_raw_file_is_kept_as_it_came():
    key = ingest.ingest()["key"]

    assert open_storage().get(key).data == Path(ingest.default_source()).read_bytes()
    assert ingest.validate(key)["fingerprint"] == split.fingerprint(split.read_examples())
    assert split.fingerprint(ingest.read_source()) == split.fingerprint(split.read_examples())


def test_headers_become_identifiers(tmp_path):
    path = write(tmp_path / "odd.csv", "Body Mass (g);class;2nd\n1; a ;NA\n")

    frame = ingest.parse_csv(path.read_bytes(), str(path))

    assert list(frame) == ["body_mass_g", "class_", "column_2nd"]
    assert frame.iloc[0].tolist() == ["1", "a", None]


def test_the_split_keeps_every_row_on_one_side(sample):
    examples = split.to_frame(ingest.clean(sample))

    train, test = split.hold_out(examples)

    assert len(train) + len(test) == len(examples)
    assert 0.1 < len(test) / len(examples) < 0.35
    both = pd.merge(train, test, on=list(columns.of()))
    assert both.empty, "the same row is on both sides"


def test_the_future_is_held_out_or_held_out_rows_stay_so(sample):
    examples = split.to_frame(ingest.clean(sample))
    train, test = split.hold_out(examples)

    if schema.TIME:
        assert train[schema.TIME].max() < test[schema.TIME].min()
    else:
        shuffled = split.hold_out(examples.sample(frac=1, random_state=1)).test
        assert split.fingerprint(shuffled) == split.fingerprint(test)


def test_the_fingerprint_changes_with_the_data_but_not_with_their_order(sample):
    examples = split.to_frame(ingest.clean(sample))

    assert split.fingerprint(examples[::-1]) == split.fingerprint(examples)
    assert split.fingerprint(examples[1:]) != split.fingerprint(examples)
