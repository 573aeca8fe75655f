"""Score large tables in a generated project, and print rows per second and peak memory.

`uv run poe batch` scores 500,000 rows, or as many as you say, and then ten times as many. Four
tasks together score the smaller table once more; they must give the same rows.
"""

import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from conftest import TEMPLATE, Project  # noqa: E402

FILL = """
import sys
import numpy as np, pyarrow as pa
from app.contract import columns
from app.storage import open_storage, tables
rows, chance = int(sys.argv[1]), np.random.default_rng(1)
def piece(n):
    values = {}
    for name, column in columns.of().items():
        low, high = column.minimum or 0, column.maximum or 1
        if column.choices:
            values[name] = chance.choice(column.choices, n).tolist()
        elif column.kind == "boolean":
            values[name] = chance.choice([True, False], n).tolist()
        else:
            values[name] = chance.uniform(low, high, n).tolist()
    return pa.RecordBatch.from_pydict(values, columns.arrow_schema())
pieces = (piece(min(50_000, rows - start)) for start in range(0, rows, 50_000))
reader = pa.RecordBatchReader.from_batches(columns.arrow_schema(), pieces)
open_storage().write(tables.EXAMPLES, reader)
"""
SCORE = """
import resource, sys, time
from app.pipeline import batch
started = time.perf_counter()
batch.main(sys.argv[1])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{peak:.0f} {time.perf_counter() - started:.1f}")
"""
SAME = """
import duckdb
columns = "* EXCLUDE (scored_at, share, id)"
one, four = (f"SELECT {columns} FROM batch_predictions_{run}" for run in ("one", "four"))
with duckdb.connect("local/tables.duckdb") as database:
    database.execute("SET enable_progress_bar = false")
    query = f"SELECT count(*) FROM (({one} EXCEPT ALL {four}) UNION ALL ({four} EXCEPT ALL {one}))"
    print(database.execute(query).fetchone()[0])
"""


def main() -> None:
    """Print a line for each size, then how many rows differ between one task and four."""
    few = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder)))
        for stage in ("data", "train", "evaluate", "gate", "promote"):
            project.poe(stage)
        print("      rows   tasks   rows/s   peak MiB   of the first peak", flush=True)
        first = _score(project, few, "one", None)
        for index in range(4):
            shared = {"CLOUD_RUN_TASK_INDEX": str(index), "CLOUD_RUN_TASK_COUNT": "4"}
            _score(project, None, "four", first, **shared)
        print("rows that differ between one task and four:", _run(project, SAME), flush=True)
        _score(project, few * 10, "ten", first)


def _score(project: Project, rows: int | None, run: str, first: float | None, **task: str) -> float:
    if rows:
        _run(project, FILL, str(rows))
    peak, seconds = map(float, _run(project, SCORE, run, **task).split()[-2:])
    speed = f"{rows / seconds:8,.0f}" if rows else f"{seconds:6.0f} s"
    tasks, of_first = task.get("CLOUD_RUN_TASK_COUNT", "1"), peak / (first or peak)
    print(f"{rows or '':>10} {tasks:>7} {speed} {peak:10.0f} {of_first:19.2f}", flush=True)
    return peak


def _run(project: Project, code: str, *arguments: str, **variables: str) -> str:
    done = project.run("python", "-c", code, *arguments, **variables)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout.strip()


if __name__ == "__main__":
    main()
