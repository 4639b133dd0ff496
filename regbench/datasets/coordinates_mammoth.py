"""The position of a point of a mammoth's skeleton, from sums of coordinates among 96 distractors; the inputs are made.

Source: the Smithsonian Institution's 3-D scan of a woolly mammoth, reduced to 50000 points for Understanding UMAP,
https://github.com/PAIR-code/understanding-umap, Apache-2.0. The positions are those of the scan. The inputs are made
as described in `shared/coordinates.py`: each row holds 25 points, drawn by keyed random numbers. 3000 rows, of which
the first 100 are for training, the next 100 for validation and 2800 for the test, as in PH-Reg and in *Improving Deep
Regression with Tightness*, Table 3, whose own file of the scan is not public.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from regbench.data import Address, File, Layout, TabularDataset
from regbench.data.contents import text
from regbench.data.raw import Raw, Refused
from regbench.datasets.shared.coordinates import COLUMNS, ROWS, TARGETS, Float64, Points, columns

if TYPE_CHECKING:
    from regbench.random import Stream

SCAN = (50000, 3)


def make(files: Sequence[Raw]) -> dict[str, Float64]:
    """The columns (N,) from the JSON file of the scan, a list of points; raises `Refused` for any other file."""
    try:
        scan = np.array(json.loads(text(files[0])), dtype=np.float64)
    except (ValueError, TypeError, RecursionError):
        raise Refused(f"{files[0].name} is no list of points in JSON") from None
    if scan.shape != SCAN:
        raise Refused(f"{files[0].name} holds numbers of shape {scan.shape}, not {SCAN}")
    return columns("coordinates_mammoth", 1, partial(_some, scan))


def _some(scan: Float64, stream: "Stream") -> Points:
    """Random points of the scan, each at most once."""
    x, y, z = scan[stream.permutation(len(scan))[:ROWS].numpy()].T
    return x, y, z


LAYOUT = Layout(derive=make, exact=True)

DATASET = TabularDataset(
    alias="MAM",
    columns=COLUMNS,
    target="position",
    targets=TARGETS,
    inputs=100,
    sizes=(100, 100, 2800),
    batch_size=100,
    official=True,
    digest="sha256:0f95fb48907cd4b895bba990cd206c57b2c002dd4756202ad92f29649b232f87",
    licence="Apache-2.0",
    url="https://github.com/PAIR-code/understanding-umap",
    reference="Coenen, Pearce (2019), https://pair-code.github.io/understanding-umap/; task of Zhang et al. (2024)",
    sources=(
        File(("mammoth/mammoth_3d_50k.json",), LAYOUT),
        Address(
            "https://raw.githubusercontent.com/PAIR-code/understanding-umap/"
            "1ff6f3a1aa3c036b7f4153862c5d95186dddb2f4/raw_data/mammoth_3d_50k.json",
            filename="mammoth_3d_50k.json",
            checksum="sha256:b8bdcc83e775a17e2b62701d6acc75bce457546275859ac2faf2ea1d0e27bb1e",
            layout=LAYOUT,
        ),
    ),
)
