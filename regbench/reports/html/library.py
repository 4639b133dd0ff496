"""The JavaScript of the charts: Vega, Vega-Lite and Vega-Embed, from the package vl-convert-python, which holds them.

Nothing is downloaded, neither here nor by the page. Bundling them takes a few seconds, and the result depends on the
version of the package alone, so it is kept in the cache folder.
"""

import contextlib
import os
from importlib import metadata
from pathlib import Path

from regbench.data.places import cache_folder
from regbench.errors import NotInstalled

FILES = Path(__file__).parent / "files"
PACKAGE = "vl-convert-python"
ONLY = "window.vegaEmbed = vegaEmbed;"  # of the bundle, all that the page calls


def bundle() -> str:
    """The text of one script that defines `vegaEmbed`, with its licences; `NotInstalled` without the package."""
    try:
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        raise NotInstalled(
            f"the page's charts need {PACKAGE}, which is not installed: `pip install 'regbench[html]'`"
        ) from None
    kept = cache_folder() / "charts" / f"{PACKAGE}-{version}.js"
    end = f"\n/*! {(FILES / 'licence.txt').read_text(encoding='utf-8').strip()} */"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = kept.read_text(encoding="utf-8")
        if text.endswith(end):  # whole: a file that was cut off lacks its end
            return text
    text = f"{_made()}{end}"
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f"{kept.name}.{os.getpid()}")
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(kept)
    return text


def _made() -> str:
    import vl_convert

    # A script ends at its end tag wherever that stands; in strings and expressions the backslash changes nothing.
    return vl_convert.javascript_bundle(ONLY).strip().replace("</script", r"<\/script").replace("<!--", r"<\!--")
