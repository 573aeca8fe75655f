"""Rows of the history as a frame."""

from typing import Any

import pandas as pd


def from_rows(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a frame of rows in which whole numbers stay whole, also beside gaps."""
    frame = pd.DataFrame(rows, dtype=object)
    return frame.astype(
        {name: frame[name].infer_objects().dtype for name in frame if frame[name].notna().all()}
    )
