import json
from pathlib import Path

import pandas as pd
import pytest

from app import schema
from app.contract import columns, parsing
from app.data import ingest, reading, split
from app.errors import ConfigError, InvalidData
from app.storage import open_storage, tables

pytestmark = [pytest.mark.data, pytest.mark.unit]


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
    table = ingest.clean(sample.assign(extra_thing="x")).examples

    assert "extra_thing" not in table.column_names
    assert "extra_thing" in caplog.text


def labelled(sample):
    """Give the numbers of the rows whose target is known."""
    present = parsing.present(columns.target(), sample[schema.TARGET])
    return [row for row, value in zip(sample.index, present, strict=True) if value is not None]


@pytest.mark.parametrize("value", ["many", "1e999", "inf", "-99999999"])
def test_a_wrong_number_is_named_with_its_row(sample, number, value):
    row = labelled(sample)[3]
    sample.loc[row, number.name] = value

    with pytest.raises(InvalidData, match=f"'{number.name}', row {row + 2}: '{value}' must be"):
        ingest.clean(sample)


def test_an_unknown_category_is_named_with_the_known_ones(sample, category):
    row = labelled(sample)[0]
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


def test_equal_rows_stay_unless_the_contract_has_a_key(sample, monkeypatch):
    twice = pd.concat([sample, sample], ignore_index=True)
    once = ingest.clean(sample).examples.num_rows
    assert ingest.clean(twice).examples.num_rows == 2 * once

    key, *others = columns.of()
    monkeypatch.setattr(schema, "KEY", key, raising=False)
    two = sample.loc[labelled(sample)].drop_duplicates(others).head(2)

    with pytest.raises(InvalidData, match="is there twice, with other values"):
        ingest.clean(two.assign(**{key: two[key].iloc[0]}))


def test_of_rows_with_one_key_one_stays(sample, monkeypatch):
    monkeypatch.setattr(schema, "KEY", next(iter(columns.of())), raising=False)
    one = sample.loc[labelled(sample)[:1]]

    cleaned = ingest.clean(pd.concat([one, one, one], ignore_index=True))

    assert cleaned.examples.num_rows == 1
    assert cleaned.changes["rows that repeat another left out"] == 2


def test_what_is_changed_on_reading_is_told_and_kept(sample, caplog):
    before = ingest.clean(sample).changes
    sample.loc[labelled(sample)[0], schema.TARGET] = "?"
    changes = ingest.clean(sample).changes

    for what in (
        f"cells of {schema.TARGET} read as missing",
        f"rows without {schema.TARGET} left out",
    ):
        assert changes[what] == before.get(what, 0) + 1
    key = ingest.ingest()["key"]
    ingest.validate(key)
    kept = json.loads(open_storage().get(key.replace(".csv", ".json")).data)
    assert kept == ingest.read_source().changes
    for what in kept:
        assert what in caplog.text


def test_rows_without_a_target_are_dropped(sample):
    sample[schema.TARGET] = None

    with pytest.raises(InvalidData, match="no row to learn from"):
        ingest.clean(sample)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a CSV file with a header"),
        ("name,größe\n".encode("latin-1"), "not UTF-8: byte 7 is 0xf6"),
        (b"a,b\n1,2\n1,2,3\n", "row 3: it has 3 cells, the header 2"),
        (b"id,label\nx,12,5\n", "row 2: .* write 12.5, not 12,5"),
        (b"a,b,c\n1,2,3\n4,5\n", "row 3: it has 2 cells, the header 3"),
        (b"a b,a-b\n1,2\n", "two columns that read as 'a_b'"),
        (b"a,a\n1,2\n", "two columns that read as 'a'"),
        (b"\na,b\n1,2\n", "row 1 is blank: delete it"),
        (b"sep=;\na;b\n1;2\n", "row 1 is 'sep=;'"),
        (b"Export of May\na,b\n1,2\n", "is row 1, 'Export of May', a title"),
        (b'a,b\n"1 inch,2\n3,"4 inch,5\n', "row 2: a quote opens or closes"),
        (b'a,b,c\n1,"2 inch,3\n4,5,6\n7,8 inch",9\n', "row 2: a quote opens here"),
        (b'a,b\n1,"2\n3,4\n', "row 2: a quote opens or closes"),
        ("温度,b\n1,2\n".encode(), "'温度' has letters that are not Latin: .* column_1"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, message):
    with pytest.raises(InvalidData, match=message):
        reading.parse_csv(content, "bad.csv")


@pytest.mark.parametrize(
    ("content", "names", "row"),
    [
        ("Body Mass (g);class;2nd\n1; a ;NA\n", ["body_mass_g", "class_", "column_2nd"], "1|a|NA"),
        ("Conc (µg/L),Area (m²),Größe\n1,2,3\n", ["conc_ug_l", "area_m2", "grosse"], "1|2|3"),
        ("e\u0301te\u0301,Copy\n1,2\n", ["ete", "copy_"], "1|2"),
        ('"Kind, of it, all";Size\na;1\n', ["kind_of_it_all", "size"], "a|1"),
        ('a,b,\n1,"2 ""inch"",\nnew line",\n\n', ["a", "b", "column_3"], '1|2 "inch",\nnew line|'),
        ("a\tb\r\n1\t2\r\n", ["a", "b"], "1|2"),
    ],
)
def test_headers_and_cells_are_read_as_they_are_meant(content, names, row):
    frame = reading.parse_csv(content.encode(), "odd.csv")

    assert list(frame) == names
    assert "|".join(frame.iloc[0]) == row
    assert len(frame) == 1


def test_rows_are_numbered_as_a_spreadsheet_does():
    frame = reading.parse_csv(b'a,b\n1,2\n\n3,"4\n5"\n6,7\n', "odd.csv")

    assert (frame.index + 2).tolist() == [2, 4, 5]


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
    assert split.fingerprint(split.to_frame(ingest.read_source().examples)) == split.fingerprint(
        split.read_examples()
    )


def test_the_split_keeps_every_row_on_one_side(sample):
    examples = split.to_frame(ingest.clean(sample).examples)

    train, test = split.hold_out(examples)

    assert len(train) + len(test) == len(examples)
    assert 0.1 < len(test) / len(examples) < 0.35
    names = list(columns.of() if schema.TIME else columns.features())
    assert pd.merge(train, test, on=names).empty, "equal rows are on both sides"


def test_equal_times_are_on_one_side_or_refused(sample, monkeypatch):
    examples = split.to_frame(ingest.clean(sample).examples)
    monkeypatch.setattr(schema, "TIME", "day")
    early = int(0.7 * len(examples))
    late = len(examples) - early
    days = pd.Series(pd.to_datetime(["2024-01-01"] * early + ["2024-01-02"] * late))

    train, test = split.hold_out(examples.assign(day=days))

    assert (len(train), len(test)) == (early, late)
    with pytest.raises(InvalidData, match=f"1 different times for {len(examples)} examples"):
        split.hold_out(examples.assign(day=days[0]))


def test_a_group_is_on_one_side(sample, monkeypatch):
    examples = split.to_frame(ingest.clean(sample).examples)
    monkeypatch.setattr(schema, "TIME", None)
    monkeypatch.setattr(schema, "GROUP", "owner", raising=False)
    owners = [f"owner {n % 20}" for n in range(len(examples))]

    train, test = split.hold_out(examples.assign(owner=owners))

    assert not set(train["owner"]) & set(test["owner"])
    assert "a hash of owner" in split.rule(examples)


def test_the_future_is_held_out_or_held_out_rows_stay_so(sample):
    examples = split.to_frame(ingest.clean(sample).examples)
    train, test = split.hold_out(examples)

    if schema.TIME:
        assert train[schema.TIME].max() < test[schema.TIME].min()
    else:
        shuffled = split.hold_out(examples.sample(frac=1, random_state=1)).test
        assert split.fingerprint(shuffled) == split.fingerprint(test)


def test_the_fingerprint_changes_with_the_data_but_not_with_their_order(sample):
    examples = split.to_frame(ingest.clean(sample).examples)

    assert split.fingerprint(examples[::-1]) == split.fingerprint(examples)
    assert split.fingerprint(examples[1:]) != split.fingerprint(examples)
