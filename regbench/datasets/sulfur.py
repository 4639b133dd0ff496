"""Hydrogen sulphide in the tail gas of a sulphur recovery unit, from five flows and the sulphur dioxide in it.

Source: Fortuna et al. (2007), OpenML 44145, "Public" according to OpenML; 10081 rows in order of time, scaled to [0,
1] by its authors. y2, the other of the two measured targets, is an input in OpenML's version, and stays one.
"""

from regbench.data import File, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import grinsztajn

COLUMNS = words("a1 a2 a3 a4 a5 y2")

DATASET = TabularDataset(
    alias="SU",
    columns=COLUMNS,
    target="y1",
    inputs=6,
    sizes=(8064, 1008, 1009),
    batch_size=256,
    digest="sha256:ffe9933b675a68973c2d15c89f8630875ee593a834a29a578ba179138755aead",
    licence="Public",
    url="https://www.openml.org/d/44145",
    reference="Fortuna, Graziani, Rizzo, Xibilia (2007), https://doi.org/10.1007/978-1-84628-480-9",
    sources=(
        File(("broad/sulfur.csv",)),
        OpenML(44145),
        OpenML(23515),
        grinsztajn("sulfur.csv", "sha256:dfe6566aa5474c06701545363507ece75dc5b8cf7d41e95c250e003ba76f9ff5"),
    ),
)
