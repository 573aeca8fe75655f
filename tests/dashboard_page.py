"""A page of the dashboard in a browser: visited, filled in, read and photographed."""

import csv
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import TEMPLATE

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

PAGES = {
    "predict": "Predict",
    "table": "Predict a table",
    "answers": "Past predictions",
    "batch": "Batch results",
    "model": "Model",
    "data": "Data",
    "drift": "Drift and quality",
    "signals": "Golden signals",
}
MODES = {
    "online": [page for page in PAGES if page != "batch"],
    "batch": ["batch", "model", "data", "drift"],
}

TOLD = {"button", "link", "combobox", "textbox", "spinbutton", "radio", "radiogroup", "slider"}
TOLD |= {"checkbox", "switch", "region", "graphics-document"}

SHOWN = (TEMPLATE / "docs/dashboard.md").read_text(encoding="utf-8")
"""The page of the docs whose pictures are kept."""


def heading(page, title):
    page.get_by_role("heading", name=title, exact=True, level=1).wait_for(timeout=30_000)


def settled(page):
    """Wait until Streamlit's script has run and nothing is being computed."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=30_000)
    expect(page.locator("[data-testid=stSpinner]")).to_have_count(0, timeout=30_000)
    page.wait_for_timeout(300)


def visit(page, system, name):
    """Open a page of the dashboard and wait until it stands."""
    page.goto(f"{system.url}/{'' if name == MODES[system.mode][0] else name}")
    heading(page, PAGES[name])
    settled(page)


def ask(page):
    """Send the form as it stands and wait for the answer."""
    expect(page.get_by_role("spinbutton").first).not_to_have_value("")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.get_by_text("What if one thing were different?").wait_for()
    settled(page)


def tab_to(page, wanted):
    """Press Tab until something has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if wanted.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"60 times Tab do not lead to {wanted}")


def nameless(page):
    """List what a screen reader would announce without a name: controls, charts, tables."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    roles = {node["nodeId"]: node.get("role", {}).get("value") for node in tree}
    names = {node["nodeId"]: node.get("name", {}).get("value") for node in tree}
    return [roles[n] for n in roles if roles[n] in TOLD and not names[n]]


def choose(page, label, option):
    """Choose an option of a list by typing its words; a page that is drawn anew closes the list."""
    box, listed = page.get_by_role("combobox", name=label), page.get_by_role("option")
    wanted = listed.filter(has_text=re.compile(f"^{re.escape(option)}$"))
    for _ in range(5):
        box.scroll_into_view_if_needed()
        box.focus()
        box.fill("")
        box.press_sequentially(option)
        with suppress(playwright.TimeoutError):
            wanted.wait_for(timeout=5000)
            break
        settled(page)
    if not box.get_attribute("aria-activedescendant"):
        box.press("ArrowDown")
    box.press("Enter")
    settled(page)
    if listed.count():  # a list of which several can be chosen stays open
        page.keyboard.press("Escape")


def downloaded(page):
    """Press the button and read the file."""
    with page.expect_download() as found:
        page.get_by_role("button", name="Download as CSV", exact=True).click()
    with found.value.path().open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shown_count(page):
    """Find the number of predictions that the page shows."""
    metric = page.get_by_test_id("stMetric").filter(has_text="Predictions")
    return metric.get_by_test_id("stMetricValue")


def count(page):
    """Read how many predictions the page shows."""
    return int(shown_count(page).inner_text().replace(",", ""))


def keep(page, name):
    """Keep a picture of the whole page, if somebody wants it; give how much it overflows."""
    main = page.locator("[data-testid=stMain]")
    width, inside, height = main.evaluate("e => [e.scrollWidth, e.clientWidth, e.scrollHeight]")
    folder = os.environ.get("SCREENSHOTS")
    if folder and f"{name}.png" in SHOWN:
        size = page.viewport_size
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
        page.wait_for_timeout(1500)  # the charts are drawn again
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")
    return width - inside
