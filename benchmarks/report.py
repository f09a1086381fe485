"""Results as a table in Markdown, as JSON, and as RESULTS.md."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from harness import LIMIT, OURS, PEERS, Row

TITLES = {
    OURS: "torchfits",
    "fitsio": "fitsio",
    "astropy": "astropy",
    "cpp": "C++ torchfits",
    LIMIT: "read()",
}
COLUMNS = (OURS, *PEERS, LIMIT)
HEAD = ("case", "unit", *TITLES.values(), "vs best peer", "of read()", "goal")


def machine() -> dict[str, str]:
    """What the run ran on."""
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "CPU": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load at the end": f"{os.getloadavg()[0]:.1f}",
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown")


def table(rows: list[Row]) -> list[str]:
    """Lines of an aligned Markdown table."""
    cells = [list(HEAD), *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = [_line(line, widths) for line in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:]]


def _line(cells: list[str], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def _cells(row: Row) -> list[str]:
    ratio, part = row.ratio(), row.part_of_limit()
    return [
        row.name,
        row.unit.name,
        *(_value(row, library) for library in COLUMNS),
        "-" if ratio is None else f"{ratio:.2f}x",
        "-" if part is None else f"{part:.0%}",
        _goal(row),
    ]


def _value(row: Row, library: str) -> str:
    outcome = row.outcomes.get(library)
    if outcome is None:
        return "-"
    if outcome.problem is not None:
        return "WRONG" if outcome.problem.startswith("WRONG") else "error"
    value = row.value(library)
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _goal(row: Row) -> str:
    met = row.goal_met()
    if met is None:
        return "-"
    text = f"{row.goal_ratio:g}x" if row.goal_ratio is not None else f"<= {row.goal_value:g}"
    return f"{text} {'met' if met else 'MISSED'}"


def progress(row: Row) -> str:
    """Short line for the terminal while the run goes on."""
    values = "  ".join(f"{TITLES[name]} {_value(row, name)}" for name in row.outcomes)
    return f"{row.name} [{row.unit.name}]: {values}"


def problems(rows: list[Row]) -> list[str]:
    """One line for each problem of a library, with the cases in which it came up."""
    cases: dict[str, list[str]] = {}
    for row in rows:
        for library, outcome in row.outcomes.items():
            if outcome.problem is not None:
                problem = " ".join(outcome.problem.split())
                cases.setdefault(f"{TITLES[library]}: {problem}", []).append(row.name)
    return [f"- {problem} ({'; '.join(names)})" for problem, names in cases.items()]


def as_json(rows: list[Row], versions: dict[str, str]) -> dict[str, Any]:
    """Everything that was measured, with every round."""
    cases = [
        {
            "name": row.name,
            "unit": row.unit.name,
            "ratio": row.ratio(),
            "part_of_limit": row.part_of_limit(),
            "goal_met": row.goal_met(),
            "libraries": {
                library: {**asdict(outcome), "median": outcome.median} for library, outcome in row.outcomes.items()
            },
        }
        for row in rows
    ]
    return {"machine": machine(), "versions": versions, "cases": cases}


def results_page(rows: list[Row], versions: dict[str, str]) -> str:
    """RESULTS.md."""
    losses = [f"- {row.name}: {row.ratio():.2f}x" for row in rows if (row.ratio() or 1.0) < 1.0]
    missed = [f"- {row.name}: {_goal(row)}" for row in rows if row.goal_met() is False]
    sections = [
        "# Benchmark results",
        "Written by `.venv/bin/python benchmarks/run.py --write-results`. How it is measured, and"
        " what the rows mean: [README.md](README.md).",
        "\n".join(f"- {name}: {value}" for name, value in {**machine(), **versions}.items()),
        "\n".join(table(rows)),
        "## Slower than the best peer\n\n" + ("\n".join(losses) or "None."),
        "## Goals missed\n\n" + ("\n".join(missed) or "None."),
        "## Errors and wrong answers\n\n" + ("\n".join(problems(rows)) or "None."),
    ]
    return "\n\n".join(sections) + "\n"
