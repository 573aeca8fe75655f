"""The dashboard of a generated project in a real browser, beside its running API.

`SCREENSHOTS=folder` keeps what docs/dashboard.md shows; `poe screenshots` puts it there.
"""

import re
import shutil
import time
from contextlib import nullcontext
from datetime import datetime

import pytest
import requests
from conftest import STENCIL, find_ports
from dashboard_page import (
    MODES,
    PAGES,
    ask,
    choose,
    count,
    downloaded,
    heading,
    keep,
    nameless,
    settled,
    shown_count,
    tab_to,
    visit,
)
from dashboard_system import TRAFFIC, System, answering, find_prediction, process, wait_for

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

pytestmark = pytest.mark.full

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SAMPLES = {"online": "penguins", "batch": "delays"}
SIGNALS = {"online": "yes", "batch": "no"}
SEEN = {"wide": (1200, 900, "light"), "dark": (1200, 900, "dark"), "phone": (390, 844, "light")}


@pytest.fixture(scope="module")
def browser():
    """Start a browser without a window."""
    found = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if found is None:
        pytest.skip(
            "no Chromium on this machine: install it, for example by `apt install chromium`"
        )
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def system(bake, browser, request):
    """Make a project of a serving mode, with predictions and what the monitor found."""
    mode, ports = request.param, find_ports()
    project = bake(serving_mode=mode, sample=SAMPLES[mode], golden_signals=SIGNALS[mode])
    for task in ("data", "train", "evaluate", "gate", "promote", "batch"):
        project.poe(task)
    api_url = f"http://127.0.0.1:{ports['PORT']}"
    url = f"http://127.0.0.1:{ports['STREAMLIT_SERVER_PORT']}"
    if mode == "online":
        with answering(project, ports):
            done = project.run("python", "-c", TRAFFIC, api_url)
            assert done.returncode == 0, done.stderr
    project.poe("monitor")
    with process(project, "app.dashboard", API_URL=api_url, **ports):
        wait_for(f"{url}/_stcore/health")
        yield System(mode, project, url, api_url, lambda: answering(project, ports))


def in_modes(*modes):
    """Run a test in these serving modes; all tests of a mode share a project and a process."""
    chosen = [pytest.param(m, marks=pytest.mark.xdist_group(f"browser-{m}")) for m in modes]
    return pytest.mark.parametrize("system", chosen, indirect=True)


@pytest.fixture
def page(browser):
    """Open a tab of its own."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.mark.xdist_group("browser-online")
def test_a_forgotten_page_leaves_and_can_be_opened_again(page):
    """Its connection ends with it, so the container on Google Cloud may stop."""
    script = (STENCIL / "src/app/dashboard/idle.html").read_text(encoding="utf-8")
    page.route("http://dashboard.example/", lambda route: route.fulfill(
        body=f"<h1>Dashboard</h1>{script}", content_type="text/html"
    ))  # fmt: skip
    page.clock.install()
    page.goto("http://dashboard.example/")

    page.clock.run_for("14:00")
    page.mouse.move(100, 100)
    page.clock.run_for("14:00")
    assert page.get_by_role("heading", name="Dashboard").count() == 1, "somebody used it meanwhile"
    page.clock.run_for("01:30")
    link = page.get_by_role("link", name="Open it again")
    link.wait_for()
    assert page.evaluate("location.href").startswith("blob:"), "what was open there is closed"
    link.click()

    page.get_by_role("heading", name="Dashboard").wait_for()


@in_modes("online", "batch")
def test_the_first_page_after_a_warm_start(system, page):
    """No time is asserted: `.ci/run` prints it."""
    started = time.monotonic()
    page.goto(system.url)
    heading(page, PAGES[MODES[system.mode][0]])

    print(f"figure: first page in mode {system.mode} after {time.monotonic() - started:.2f} s")


@in_modes("online", "batch")
def test_the_menu_has_exactly_the_pages_of_the_mode(system, page):
    visit(page, system, MODES[system.mode][0])
    links = page.locator("[data-testid=stSidebarNavLink]")

    assert [link.inner_text() for link in links.all()] == [PAGES[n] for n in MODES[system.mode]]
    for name in MODES[system.mode][::-1]:
        page.get_by_role("link", name=PAGES[name], exact=True).click()
        heading(page, PAGES[name])


@pytest.mark.parametrize("seen", SEEN)
@in_modes("online", "batch")
def test_no_page_fails_or_overflows(system, browser, seen):
    width, height, scheme = SEEN[seen]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    running = system.start_api() if system.mode == "online" else nullcontext()
    with running:
        for name in MODES[system.mode]:
            visit(page, system, name)
            if name == "predict":
                ask(page)
            assert page.locator("[data-testid=stException]").count() == 0, name
            assert page.locator("[data-testid=stAlertContentError]").count() == 0, name
            assert nameless(page) == [], name
            assert keep(page, f"{system.mode}-{name}-{seen}") <= 0, f"{name} is too wide"
            page.set_viewport_size({"width": width, "height": height})
    context.close()
    assert errors == []


@in_modes("online")
def test_the_form_is_filled_and_the_answer_is_that_of_the_api(system, page):
    with system.start_api():
        visit(page, system, "predict")
        mass = page.get_by_role("spinbutton", name="Body mass, g", exact=True)
        expect(mass).not_to_have_value("")
        choose(page, "Species", "Gentoo")
        mass.fill("4400")
        page.get_by_role("spinbutton", name="Bill depth, mm", exact=True).fill("")
        ask(page)
        told = page.get_by_test_id("stMetric").inner_text()
        caption = page.get_by_text("belongs to prediction ").last.inner_text()
        kept = find_prediction(system, caption.split()[-1])

    assert kept["record"] | {"species": "Gentoo", "body_mass_g": 4400.0} == kept["record"]
    assert kept["record"]["culmen_depth_mm"] is None
    assert kept["prediction"] in told
    assert f"{kept['probability']:.0%}" in told
    made = datetime.strptime(kept["model_version"][:15], "%Y%m%dT%H%M%S")
    assert f"{made:%Y-%m-%d %H:%M:%S}" in caption
    assert kept["model_version"] not in caption


@in_modes("online")
def test_a_real_example_is_chosen_and_asked_by_keyboard_alone(system, page):
    with system.start_api():
        visit(page, system, "predict")
        options = page.get_by_role("radiogroup", name="Start from a real example")
        wanted = options.get_by_role("radio").last
        island = wanted.inner_text().split(", ")[1]
        tab_to(page, options.get_by_role("radio").first)
        for _ in range(options.get_by_role("radio").count()):
            if wanted.evaluate("e => e === document.activeElement"):
                break
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        settled(page)
        expect(page.get_by_role("combobox", name="Island of the nest")).to_have_value(island)
        tab_to(page, page.get_by_role("button", name="Predict", exact=True))
        page.keyboard.press("Enter")

        page.get_by_text("Why this answer?").wait_for()
        page.get_by_text("Occlusion: each value in turn").wait_for()


@in_modes("online")
def test_a_table_is_answered_and_its_faulty_rows_are_listed(system, page):
    header, first, *rows = (system.project.path / "data/sample.csv").read_text().splitlines()[:40]
    faulty = first.replace("Torgersen", "Atlantis")
    content = "\n".join([header, first, faulty, *rows]).encode()
    with system.start_api():
        visit(page, system, "table")
        expect(page.get_by_test_id("stSidebar").get_by_text("API is ready")).to_be_visible()
        file = {"name": "penguins.csv", "mimeType": "text/csv", "buffer": content}
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("heading", name="Rows that break a rule").wait_for()
        page.get_by_role("button", name=f"Predict {len(rows) + 1} rows").click()
        page.get_by_role("heading", name="Answers").wait_for()
        settled(page)
        keep(page, f"{system.mode}-table-answered")
        answers = downloaded(page)
        stored = find_prediction(system, answers[-1]["id"])

    assert len(answers) == len(rows) + 1
    assert {row["island"] for row in answers} <= {"Torgersen", "Biscoe", "Dream"}
    assert stored["prediction"] == answers[-1]["prediction"]


@in_modes("online", "batch")
def test_beside_the_menu_stands_whose_it_is_and_how_it_is(system, page):
    visit(page, system, "model")
    beside = page.get_by_test_id("stSidebar")

    beside.get_by_text(system.project.path.name, exact=True).wait_for()
    expect(
        beside.get_by_text(re.compile(r"Champion of \d{4}-\d\d-\d\d: [\w ]+ 0\.\d{3}"))
    ).to_be_visible()
    health = {"online": re.compile("API is (ready|down)"), "batch": "Last batch:"}[system.mode]
    expect(beside.get_by_text(health).first).to_be_visible()


@in_modes("online")
def test_what_if_draws_another_feature_and_is_not_kept(system, page):
    with system.start_api():
        visit(page, system, "predict")
        ask(page)
        caption = page.get_by_text("belongs to prediction ").last.inner_text()
        find_prediction(system, caption.split()[-1])
        url = f"{system.api_url}/past_predictions?limit=1000"
        before = len(requests.get(url, timeout=30).json()["past_predictions"])
        choose(page, "Change", "Body mass, g")
        settled(page)
        page.get_by_text("Body mass, g was").wait_for()
        page.get_by_role("figure", name="The answer for each Body mass, g").or_(
            page.get_by_label("The answer for each Body mass, g")
        ).first.wait_for()
        after = len(requests.get(url, timeout=30).json()["past_predictions"])

    assert after == before


@in_modes("online")
def test_an_api_that_is_killed_is_told_and_its_return_is_noticed(system, page):
    with system.start_api():
        visit(page, system, "predict")
        ask(page)
    page.get_by_role("button", name="Predict", exact=True).click()
    error = page.get_by_text("the API does not answer at")
    error.wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_test_id("stSidebar").get_by_text("API is down").first.wait_for()
    error.wait_for()
    settled(page)
    keep(page, f"{system.mode}-api-down")
    with system.start_api():
        page.get_by_role("button", name="Try again").click()
        page.get_by_text("What if one thing were different?").wait_for()
    visit(page, system, "signals")
    error.wait_for()

    with system.start_api():
        page.get_by_role("button", name="Try again").click()
        page.get_by_text("Traffic: requests since its start").wait_for()

    expect(error).to_have_count(0)


@in_modes("online", "batch")
def test_results_are_filtered_and_downloaded_without_the_api(system, page):
    name, feature, value, column = {
        "online": ("answers", "Species", "Gentoo", "species"),
        "batch": ("batch", "Airport", "JFK", "origin"),
    }[system.mode]
    visit(page, system, name)
    whole = count(page)
    page.get_by_text("Filters").click()
    choose(page, "Feature", feature)
    choose(page, "Its values", value)
    expect(shown_count(page)).not_to_have_text(f"{whole:,}")
    settled(page)

    rows = downloaded(page)

    assert 0 < len(rows) == count(page) < whole
    assert {row[column] for row in rows} == {value}


@in_modes("online")
def test_drift_is_shown_with_the_quality_of_what_was_served(system, page):
    visit(page, system, "drift")

    for kind in ("Data drift", "Target drift", "Concept drift"):
        assert "Quiet" in page.get_by_text(kind).first.inner_text()
    page.get_by_text("Quality of what was served").wait_for()
