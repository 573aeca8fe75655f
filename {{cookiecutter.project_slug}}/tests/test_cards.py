"""The cards: facts between marks, told from what is there, stale ones refused."""

import pandas as pd
import pytest

from app import cards, data, registry, schema
from app.errors import ConfigError, InvalidData

pytestmark = [pytest.mark.model, pytest.mark.integration]

PAGE = f"# Card\n\n<!-- facts: x -->\n{cards.EMPTY}\n<!-- end of facts -->\n\nOurs.\n"


@pytest.fixture(autouse=True)
def own_pages(tmp_path, monkeypatch):
    for name in ("MODEL", "RESULTS", "DATA"):
        page = tmp_path / f"{name}.md"
        page.write_text(PAGE, encoding="utf-8")
        monkeypatch.setattr(cards, name, page)


def test_facts_are_written_and_what_is_ours_stays(champion):
    cards.main()

    model, told = cards.MODEL.read_text(encoding="utf-8"), cards.DATA.read_text(encoding="utf-8")
    main, score = next(iter(registry.evaluation_of(champion)["model"].items()))
    assert f"{main} {score:.3f}" in model
    assert f"| all held-out examples | {main} | {score:.3f} |" in cards.RESULTS.read_text("utf-8")
    assert data.fingerprint(data.read_source()) in told
    assert model.endswith("\n\nOurs.\n")
    assert told.startswith("# Card\n\n<!-- facts: x -->\n| | |")
    cards.check()


def test_pages_that_are_not_written_yet_are_no_error(champion):
    cards.check()


def test_a_stale_number_is_refused(champion):
    cards.main()
    text = cards.MODEL.read_text(encoding="utf-8")
    score = next(iter(registry.evaluation_of(champion)["model"].values()))
    cards.MODEL.write_text(text.replace(f"{score:.3f}", "0.999"), encoding="utf-8")

    with pytest.raises(InvalidData, match=r"MODEL\.md has facts of another time"):
        cards.check()


def test_other_data_make_the_data_card_stale(tmp_path, monkeypatch):
    cards.main()
    source = pd.read_csv(data.load_settings().source, dtype=str)
    known = source.columns[[name.lower() == schema.TARGET for name in source.columns]]
    half = source.dropna(subset=list(known)).head(len(source) // 2)
    half.to_csv(tmp_path / "other.csv", index=False)
    monkeypatch.setenv("DATA_SOURCE", str(tmp_path / "other.csv"))

    with pytest.raises(InvalidData, match=r"DATA\.md has facts of another time"):
        cards.check()


def test_a_champion_that_learnt_from_other_data_is_told(champion, tmp_path, monkeypatch):
    source = pd.read_csv(data.load_settings().source, dtype=str)
    source.head(len(source) // 2).to_csv(tmp_path / "other.csv", index=False)
    monkeypatch.setenv("DATA_SOURCE", str(tmp_path / "other.csv"))
    cards.check()
    cards.main()

    with pytest.raises(InvalidData, match=r"MODEL\.md: the champion learnt from other data"):
        cards.check()


def test_without_a_champion_only_the_data_are_told():
    cards.main()

    assert cards.EMPTY in cards.MODEL.read_text(encoding="utf-8")
    assert cards.EMPTY not in cards.DATA.read_text(encoding="utf-8")


def test_a_page_without_its_marks_is_told():
    cards.DATA.write_text("# Card\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="has lost its marks"):
        cards.main()
