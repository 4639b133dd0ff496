"""SYNTHETIC: a target that rules make of seven numbers and three categories, without noise.

Source: Torgo (1999), OpenML 344, "Public" according to OpenML; 40768 rows. Which of five rules applies depends on the
inputs; x4, x6 and x8 depend on other inputs, and x10 on nothing. Nothing is left out; x7 says yes or no, and is a
number.
"""

from regbench.data import File, Layout, MixedDataset, OpenML, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"y": "class"})

COLUMNS = words("x1 x2 x3 x4 x5 x6 x7 x8 x9 x10")

DATASET = MixedDataset(
    alias="MV",
    columns=COLUMNS,
    target="y",
    inputs=13,
    sizes=(32614, 4077, 4077),
    batch_size=1024,
    digest="coded:3981ab9e3daaea60497ae9d52bdf0d87c60d804b1c854ee46c253ef21a494c7e",
    licence="Public",
    url="https://www.openml.org/d/344",
    reference="Torgo (1999), https://www.dcc.fc.up.pt/~ltorgo/Regression/mv.html",
    sources=(
        File(("broad/mv.arff",), WEKA),
        OpenML(344),
        torgo("mv.arff", "sha256:e80198d3c87706068a0c939f80fe1bae9bee3ad32d7d9e2af6e995fdb4982b2a", WEKA),
    ),
    synthetic=True,
)
