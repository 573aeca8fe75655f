"""Copy a table through each data store, and print the peak memory for few rows and for many.

`uv run poe memory` copies 100,000 and 1,000,000 rows (Firestore: a twentieth, a row is a document).
"""

import json
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import emulators  # noqa: E402
from conftest import TEMPLATE, Project  # noqa: E402

ROWS = (100_000, 1_000_000)
COPY = """
import resource, sys, time
import pyarrow as pa
from app.storage import open_storage

rows = int(sys.argv[1])
schema = pa.schema([("id", pa.string()), ("n", pa.int64()), ("x", pa.float64())])
def pieces():
    for start in range(0, rows, 10_000):
        n = range(start, min(start + 10_000, rows))
        values = {"id": [f"id{i:09d}" for i in n], "n": list(n), "x": [i / 7 for i in n]}
        yield pa.RecordBatch.from_pydict(values, schema)
reader = pa.RecordBatchReader.from_batches
storage, started = open_storage(), time.perf_counter()
storage.write("source", reader(schema, pieces()))
storage.write("copy", reader(schema, storage.stream("source")))
copied = sum(batch.num_rows for batch in storage.stream("copy"))
assert copied == rows, copied
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{peak:.0f} {time.perf_counter() - started:.1f}")
"""


def main() -> None:
    """Print a line for each store: peak for few, peak for many, their ratio."""
    print("store          rows        peak MiB   seconds   peak / peak of a tenth")
    for store in ("laptop", "BigQuery", "Cloud Storage", "Firestore"):
        with tempfile.TemporaryDirectory() as folder:
            _measure(store, Path(folder))


def _measure(store: str, folder: Path) -> None:
    answers = {} if store == "laptop" else {"data_store": store}
    path = cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder, extra_context=answers)
    project = Project(Path(path))
    if store == "laptop":
        return _copy(project, store, {}, ROWS)
    with emulators.running(store, folder) as variables:
        code = "import json, cloud_store; print(json.dumps(cloud_store.make('memory')))"
        made = project.run("python", "-c", code, PYTHONPATH="tests/storage", **variables)
        own = json.loads(made.stdout) | variables | {"APP_ENV": "dev"}
        rows = tuple(n // 20 for n in ROWS) if store == "Firestore" else ROWS
        return _copy(project, store, own, rows)


def _copy(project: Project, store: str, variables: dict[str, str], sizes: tuple[int, ...]) -> None:
    first = None
    for rows in sizes:
        done = project.run("python", "-c", COPY, str(rows), PYTHONPATH="tests/storage", **variables)
        if done.returncode:
            raise SystemExit(f"{store}: {done.stderr[-2000:]}")
        peak, seconds = map(float, done.stdout.split()[-2:])
        first = first or peak
        print(f"{store:14} {rows:9,} {peak:9.0f} {seconds:9.1f} {peak / first:9.2f}", flush=True)


if __name__ == "__main__":
    main()
