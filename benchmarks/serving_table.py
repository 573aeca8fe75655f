"""What `api_serving.py` measured: as lines, as ratios, and as the table of a project's page."""

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "{{cookiecutter.project_slug}}/docs/SERVING.md"
FIGURES = "{:>11} {:>7} {:>7} {:>7}"
PER_COUNT = ("p50 ms", "p99 ms", "CPU ms")
HEAD = f"{'':14}  start s   MiB"
HEAD += "".join(" | " + FIGURES.format(f"{n}: per s", *PER_COUNT) for n in (1, 100))
ROW = "| {} | {} | {} | {} | {} | {} | {} | {} |"
COLUMNS = ("server", "1 record: a second", "CPU ms", "100 records: a second", "CPU ms")
COLUMNS += ("lost", "MiB", "start, s")


def print_line(name: str, figures: dict[str, Any]) -> None:
    """Print the figures of a server."""
    line = f"{name:14} {figures['start']:8.2f} {figures['memory']:5.0f}"
    for measured in (figures["1"], figures["100"]):
        line += f" | {measured.rate:11.0f} {measured.p50:7.2f} {measured.p99:7.2f}"
        line += f" {measured.cpu:7.3f}"
    print(line, flush=True)


def print_ratios(figures: dict[str, dict[str, Any]]) -> None:
    """Print each ratio of this API to a peer, beside the ratio that is wanted."""
    ours = figures["this API"]
    for count, wanted in (("1", 20), ("100", 8)):
        peers = [server[count] for server in figures.values() if server["peer"]]
        if not peers:
            continue
        wall = ours[count].rate / max(peer.rate for peer in peers)
        work = min(peer.cpu for peer in peers) / ours[count].cpu
        ratios = f"{wall:.1f} times the best peer, by CPU {work:.1f} (wanted {wanted})"
        print(f"{count:>3} records: {ratios}")
    constant = figures["constant Flask"]["1"]
    wall, work = ours["1"].rate / constant.rate, constant.cpu / ours["1"].cpu
    print(f"of a constant Flask: {wall:.2f}, by CPU {work:.2f} (wanted 0.6)")
    share = ours["memory"] / figures["naive Flask"]["memory"]
    print(f"start {ours['start']:.2f} s (wanted 1.5)")
    print(f"memory {share:.2f} of the naive one (wanted 0.7)")


def write(figures: dict[str, dict[str, Any]]) -> None:
    """Write the table into the page, between its marks."""
    rows = [ROW.format(*COLUMNS), "|---" * len(COLUMNS) + "|"]
    for name, of in figures.items():
        one, many = of["1"], of["100"]
        speeds = (f"{one.rate:,.0f}", f"{one.cpu:.2f}", f"{many.rate:,.0f}", f"{many.cpu:.2f}")
        rows.append(
            ROW.format(name, *speeds, of["lost"], f"{of['memory']:.0f}", f"{of['start']:.2f}")
        )
    write_between("measured", rows)


def write_between(mark: str, rows: list[str]) -> None:
    """Write a table into the page, between marks of this name."""
    text, table = PAGE.read_text(encoding="utf-8"), "\n".join(rows)
    marked = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)", re.DOTALL)
    PAGE.write_text(marked.sub(rf"\1{table}\n\2", text), encoding="utf-8")
