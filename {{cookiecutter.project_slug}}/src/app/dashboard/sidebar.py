"""Beside the menu: whose dashboard this is, where, who is champion, and whether all is well."""

import tomllib
from pathlib import Path

import streamlit as st

from app.api import client  # >>> serving_mode = both | online
from app.config import load_cloud
from app.dashboard import cached_reads
from app.errors import AppError


def show() -> None:
    """Show project, environment, champion and health; a failure is a badge, never an end."""
    cloud = load_cloud()
    st.markdown(f"**{project()}**")
    st.badge(cloud.app_env if cloud else "local", color="blue")
    try:
        champion()
        # >>> serving_mode = both | batch
        batch()
        # <<<
    except AppError as error:
        _badge(" ".join(error.problems), "Storage is down")
    # >>> serving_mode = both | online
    _badge(api_problem(), "API is down", "API is ready")
    # <<<


@st.cache_data
def project() -> str:
    """Read the project's name, which stands beside `src/` on a laptop as in an image."""
    content = Path("pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(content)["project"]["name"])


def champion() -> None:
    """Say how good the champion is, and since when there is such a version."""
    names = cached_reads.champions()
    if not names:
        st.caption("No champion yet")
        return
    evaluation = cached_reads.version(names[0])[1]
    metric = evaluation.metric.replace("_", " ")
    st.caption(f"Champion of {cached_reads.dated(names[0])[:10]}: {metric} {evaluation.score:.3f}")


# >>> serving_mode = both | batch
def batch() -> None:
    """Say when the newest run of `batch` was finished."""
    runs = cached_reads.batches()
    st.caption(f"Last batch: {runs[0].finished_at[:10]}" if runs else "No batch yet")


# <<<
# >>> serving_mode = both | online
@st.cache_data(ttl=5, show_spinner=False)
def api_problem() -> str:
    """Ask the API why it cannot predict; empty if it can. A page waits for it, so not for long."""
    try:
        client.ask("/ready", seconds=2)
    except AppError as error:
        return " ".join(error.problems)
    return ""


# <<<
def _badge(problem: str, unwell: str, well: str = "") -> None:
    """Show how it is in words, with a sign and a colour; the reason for who points at it."""
    if problem:
        st.badge(unwell, color="red", icon=":material/error:", help=problem)
    else:
        st.badge(well, color="green", icon=":material/check_circle:")
