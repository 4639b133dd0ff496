"""The page as text: sections into the template, styles, scripts and numbers into the page, nothing from outside."""

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from regbench.addresses import without_password
from regbench.reports.html import library
from regbench.reports.html.parts import Section
from regbench.visible import visible

FILES = Path(__file__).parent / "files"


def page(*, sections: Sequence[Section], data: Mapping[str, Any], **shown: Any) -> str:
    """The whole page. `shown` are further values of the template; `data` is what the scripts read, besides charts."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FILES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = coded
    charts = {chart.name: chart.data() for section in sections for chart in section.charts}
    style, script = (_read(name) for name in ("page.css", "page.js"))
    scripts = {"library": library.bundle() if charts else "", "script": script}
    whole = _clean({"charts": charts, **data})
    return environment.get_template("page.html").render(
        sections=sections,
        style=_inline(style),
        scripts={name: _inline(text) for name, text in scripts.items()},
        hashes={"style": digest(style), **{name: digest(text) for name, text in scripts.items()}},
        data=htmlsafe_json_dumps(whole, separators=(",", ":"), ensure_ascii=False, allow_nan=False),
        **shown,
    )


def coded(text: str) -> Markup:
    """Text with what stands between backquotes as code.

    >>> coded("see `report <b>`")
    Markup('see <code>report &lt;b&gt;</code>')
    """
    parts = [escape(_shown(part)) for part in str(text).split("`")]
    if len(parts) % 2 == 0:
        return Markup("`").join(parts)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def digest(text: str) -> str:
    """The hash of an inline style or script, as the page's policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inline(text: str) -> Markup:
    """Our own style or script, which stands in the page as it is."""
    return Markup(text)  # noqa: S704 - files of the package, no text of a user


def _read(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8").strip()


def _shown(value: Any) -> Any:
    """A text of the template: without passwords, unseen characters spelled out; escaping follows."""
    return visible(without_password(value)) if type(value) is str else value


def _clean(value: Any) -> Any:
    """The same for all texts of the data, and of the keys."""
    if isinstance(value, str):
        return _shown(str(value))
    if isinstance(value, Mapping):
        return {_shown(str(key)): _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value
