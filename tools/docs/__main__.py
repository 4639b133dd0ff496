"""Build the documentation: `make docs`, or `python -m tools.docs` where the extra `docs` is installed.

The pages of the catalog are written anew below docs/catalog; then Sphinx makes build/docs/index.html. A warning of
Sphinx, such as a broken reference, is an error.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.docs import catalog, places

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def main(out: Path = ROOT / "build" / "docs") -> int:
    """Write the generated pages, build, and say where the result is."""
    write(DOCS / "catalog")
    # -E: no page of an earlier build is kept, or its warnings would not be shown again.
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-E", "-q", "-d", out / "doctrees"]
    code = subprocess.run([*map(str, [*command, DOCS, out / "html"])], cwd=ROOT, check=False).returncode
    if not code:
        print(f"the documentation is {out / 'html' / 'index.html'}")
    return code


def write(folder: Path) -> None:
    """Write the pages of the catalog; what is there of earlier ones goes."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in catalog.pages(places.tables(ROOT)):
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
