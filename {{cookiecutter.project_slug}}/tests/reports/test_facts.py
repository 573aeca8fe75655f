"""The cards: facts between marks, told from what is there, stale ones refused."""

import pandas as pd
import pytest

from app import schema
from app.data import ingest, split
from app.errors import ConfigError, InvalidData
from app.registry import versions
from app.reports import facts

pytestmark = [pytest.mark.model, pytest.mark.integration]

PAGE = f"# Card\n\n<!-- facts: x -->\n{facts.EMPTY}\n<!-- end of facts -->\n\nOurs.\n"


@pytest.fixture(autouse=True)
def own_pages(tmp_path, monkeypatch):
    for name in ("MODEL", "RESULTS", "DATA"):
        page = tmp_path / f"{name}.md"
        page.write_text(PAGE, encoding="utf-8")
        monkeypatch.setattr(facts, name, page)


def test_facts_are_written_and_what_is_ours_stays(champion):
    facts.main()

    model, told = facts.MODEL.read_text(encoding="utf-8"), facts.DATA.read_text(encoding="utf-8")
    evaluation = versions.evaluation_of(champion)
    main, score = evaluation.metric, evaluation.score
    assert f"{main} {score:.3f}" in model
    assert f"| all held-out examples | {main} | {score:.3f} |" in facts.RESULTS.read_text("utf-8")
    assert split.fingerprint(split.to_frame(ingest.read_source().examples)) in told
    assert model.endswith("\n\nOurs.\n")
    assert told.startswith("# Card\n\n<!-- facts: x -->\n| | |")
    facts.check()


def test_pages_that_are_not_written_yet_are_no_error(champion):
    facts.check()


def test_a_stale_number_is_refused(champion):
    facts.main()
    text = facts.MODEL.read_text(encoding="utf-8")
    score = versions.evaluation_of(champion).score
    facts.MODEL.write_text(text.replace(f"{score:.3f}", "0.999"), encoding="utf-8")

    with pytest.raises(InvalidData, match=r"MODEL\.md has facts of another time"):
        facts.check()


def test_other_data_make_the_data_card_stale(tmp_path, monkeypatch):
    facts.main()
    source = pd.read_csv(ingest.default_source(), dtype=str)
    known = source.columns[[name.lower() == schema.TARGET for name in source.columns]]
    half = source.dropna(subset=list(known)).head(len(source) // 2)
    half.to_csv(tmp_path / "other.csv", index=False)
    monkeypatch.setenv("DATA_SOURCE", str(tmp_path / "other.csv"))

    with pytest.raises(InvalidData, match=r"DATA\.md has facts of another time"):
        facts.check()


def test_a_champion_that_learnt_from_other_data_is_told(champion, tmp_path, monkeypatch):
    source = pd.read_csv(ingest.default_source(), dtype=str)
    source.head(len(source) // 2).to_csv(tmp_path / "other.csv", index=False)
    monkeypatch.setenv("DATA_SOURCE", str(tmp_path / "other.csv"))
    facts.check()
    facts.main()

    with pytest.raises(InvalidData, match=r"MODEL\.md: the champion learnt from other data"):
        facts.check()


def test_without_a_champion_only_the_data_are_told():
    facts.main()

    assert facts.EMPTY in facts.MODEL.read_text(encoding="utf-8")
    assert facts.EMPTY not in facts.DATA.read_text(encoding="utf-8")


def test_a_page_without_its_marks_is_told():
    facts.DATA.write_text("# Card\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="has lost its marks"):
        facts.main()
