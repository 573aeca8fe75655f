"""Each data store, by the genuine clients against emulators: the project's tests and its demo."""

import ast
import json
import re

import emulators
import pytest

pytestmark = pytest.mark.full

STORES = ["BigQuery", "Firestore", "Cloud Storage"]


@pytest.fixture
def cloud(request, tmp_path):
    """Start the emulators of a data store, and give the variables by which clients find them."""
    try:
        with emulators.running(request.param, tmp_path) as variables:
            yield variables
    except emulators.Missing as missing:
        pytest.skip(str(missing))


def each_store():
    return pytest.mark.parametrize(
        ("cloud", "store"), [(store, store) for store in STORES], indirect=["cloud"], ids=STORES
    )


@each_store()
def test_the_contract_holds_and_the_demo_runs(bake, cloud, store, free_ports):
    project = bake(data_store=store)
    assert "rated at 10.00/10" in project.poe("check")
    tested = project.poe("test", "tests/storage/test_store.py", **cloud)
    assert re.search(r"\d+ passed", tested)
    assert "skipped" not in tested
    code = "import json, cloud_store; print(json.dumps(cloud_store.make('demo')))"
    done = project.run("python", "-c", code, PYTHONPATH="tests/storage", **cloud)
    own = json.loads(done.stdout) | cloud | {"APP_ENV": "dev"}

    first = examples(project, own)
    second = examples(project, own)
    printed = project.poe("demo", "--once", **own, **free_ports)

    assert first == second
    assert len(first) > 100
    assert "from start to prediction" in printed
    assert not (project.path / "local").exists()
    examined = project.run("poe", "doctor", **own).stdout
    assert "does not exist" not in examined, "the doctor looks where the project writes"
    assert f"bucket {own['GCS_BUCKET']}: in" in examined


def examples(project, variables):
    """Run `data`, and give the rows of its table and the keys of its objects, in order."""
    project.poe("data", **variables)
    code = (
        "from app.storage import open_storage as o; s = o(); "
        "print(sorted(map(str, s.read('examples').to_pylist())) + s.keys())"
    )
    listed = ast.literal_eval(project.run("python", "-c", code, **variables).stdout)
    assert re.fullmatch(r"raw/[0-9a-f]{12}\.csv", listed[-2])
    assert listed[-1] == listed[-2].replace(".csv", ".json"), "what was changed on reading"
    return listed


GUARDS = """
import cloud_store
from datetime import UTC, datetime, timedelta
from app import schema
from app.errors import StorageUnavailable
from app.storage import open_storage, tables
from google.cloud import bigquery
storage = open_storage()
row = {"id": "id", "model_version": "v", "record": {}, "prediction": 1, "probability": None}
storage.append(tables.PREDICTIONS, [row | {"predicted_at": datetime.now(UTC)}])
found = storage._client.get_table(storage._name(tables.PREDICTIONS))
print("partitioned by", found.time_partitioning.field)
before = [job.job_id for job in storage._client.list_jobs()]
storage.write("copy", storage.read(tables.EXAMPLES))
jobs = [job for job in storage._client.list_jobs() if job.job_id not in before]
print("load jobs", len([job for job in jobs if job.job_type == "load"]))
asked, ask = [], storage._ask
storage._ask = lambda query, values: asked.append(len(values)) or ask(query, values)
def read(limit, **equals):
    asked.clear()
    found = storage.find(tables.PREDICTIONS, equals=equals, newest_by="predicted_at", limit=limit)
    print("of", limit, equals, [row["id"] for row in found], "asked since", asked)
for days in (10, 100):
    at = datetime.now(UTC) - timedelta(days)
    storage.append(tables.PREDICTIONS, [row | {"id": f"{days} days", "predicted_at": at}])
for limit in (1, 2, 3, 9):
    read(limit)
read(1, id="10 days")
read(1, id="absent")
storage._ask = ask
storage._max_bytes = -1
try:
    storage.find("copy", limit=1, newest_by=schema.TARGET)
except StorageUnavailable as refused:
    print(refused)
"""


@pytest.mark.parametrize("cloud", ["BigQuery"], indirect=True)
def test_bigquery_is_asked_with_care(bake, cloud):
    """One load job a table, days kept apart, and no query above the limit."""
    project = bake()
    code = "import json, cloud_store; print(json.dumps(cloud_store.make('care')))"
    done = project.run("python", "-c", code, PYTHONPATH="tests/storage", **cloud)
    own = json.loads(done.stdout) | cloud | {"APP_ENV": "dev", "PYTHONPATH": "tests/storage"}
    for stage in ("data", "train", "evaluate", "gate", "promote", "batch"):
        project.poe(stage, **own)

    done = project.run("python", "-c", GUARDS, **own)

    assert "partitioned by predicted_at" in done.stdout, done.stderr
    assert "load jobs 1" in done.stdout
    assert "more than BQ_MAX_BYTES=-1" in done.stdout
    for line in (
        "of 1 {} ['id'] asked since [1]",
        "of 2 {} ['id', '10 days'] asked since [1, 1]",
        "of 3 {} ['id', '10 days', '100 days'] asked since [1, 1, 0]",
        "of 9 {} ['id', '10 days', '100 days'] asked since [1, 1, 0]",
        "of 1 {'id': '10 days'} ['10 days'] asked since [2, 2]",
        "of 1 {'id': 'absent'} [] asked since [2, 2, 1]",
    ):
        assert line in done.stdout, "the newest are looked for in the last days first"


def test_a_file_chooses_the_environment_of_commands_but_not_of_tests(bake):
    project = bake()
    (project.path / ".env").write_text("APP_ENV=prd\nGCP_PROJECT_ID=moon base\n", encoding="utf-8")

    done = project.run("poe", "data")
    project.poe("test", "tests/registry/test_versions.py")

    assert done.returncode == 1
    assert "GCP_PROJECT_ID='moon base' is not the id" in done.stderr


def test_without_the_cloud_packages_a_laptop_still_works(bake):
    project = bake()

    without = ("--no-group", "cloud", "--no-group", "pipeline")
    done = project.run(*without, "python", "-m", "app", "data")

    assert done.returncode == 0, done.stderr
    check = "import importlib.util as u; print(u.find_spec('google.cloud'))"
    assert project.run(*without, "python", "-c", check).stdout.strip() == "None"
