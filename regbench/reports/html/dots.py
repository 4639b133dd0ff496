"""Dots with their spread in a band of rows for each dataset, on an axis that shows differences of a percent."""

from collections.abc import Mapping
from typing import Any

from regbench.reports.html.parts import coloured, names, quantity, tips

STEP = 13  # pixels from one row to the next within a dataset
BASE = {"strokeDash": [4, 3], "strokeWidth": 1}  # the line of the reference
TICKS = {"tickCount": 6, "labelOverlap": "greedy", "labelSeparation": 6}


def over(
    title: str, colours: Mapping[str, str], domain: list[float], base: float, field: str, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Dots with their spread: a band of rows for each dataset, a dashed line at `base`."""
    scale = {"domain": domain, "clamp": True, "nice": False, "zero": False}
    y = {"y": names("dataset", axis={"tickBand": "extent", "grid": True}), "yOffset": names("row")}
    both = {**y, "color": coloured("row", colours)}
    tip = tips("dataset", "row", field, "low", "high", "N")
    dot: dict[str, Any] = {"mark": {"type": "point", "filled": True, "size": 42, "opacity": 1}}
    shape = {"condition": {"test": "datum.beyond", "value": "triangle-right"}, "value": "circle"}
    bands = len({row["dataset"] for row in rows})
    return {
        "height": 16 + STEP * len(colours) * bands,
        "layer": [
            {"data": {"values": [{}]}, "mark": {"type": "rule", **BASE}, "encoding": {"x": {"datum": base}}},
            {
                "mark": "rule",
                "encoding": {**both, "x": quantity("low", title, scale=scale, axis=TICKS), "x2": {"field": "high"}},
            },
            {
                **dot,
                "encoding": {
                    **both,
                    "x": quantity(field, title, scale=scale, axis=TICKS),
                    "shape": shape,
                    "tooltip": tip,
                },
            },
        ],
    }
