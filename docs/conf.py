"""Sphinx: pages in Markdown, signatures from docstrings."""

import re
from importlib.metadata import version as installed
from typing import Any

project = "regbench"
author = "The regbench authors"
project_copyright = author
version = release = installed("regbench")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"regbench {version}"
autodoc_typehints = "description"
autodoc_member_order = "bysource"

FIELD = re.compile(r"[a-z_0-9]+(, [a-z_0-9]+)*( \(.*\))?: ")


def fields_as_list(_app: Any, _kind: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Our classes describe their fields as `name: text`, continued on indented lines; here they become a list.

    What stands below `Args:` and its like is napoleon's, and is indented.
    """
    found: list[str] = []
    inside = False
    for line in lines:
        if FIELD.match(line):
            found += ([] if inside else [""]) + [f"* {line}"]
            inside = True
        elif inside and line.startswith("    "):
            found.append(f"  {line.strip()}")
        else:
            found += [""] * (inside and bool(line)) + [line]
            inside = inside and not line
    lines[:] = found


def setup(app: Any) -> None:
    """Before napoleon, whose priority is 500."""
    app.connect("autodoc-process-docstring", fields_as_list, priority=400)
