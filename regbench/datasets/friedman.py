"""SYNTHETIC: a formula of five inputs and standard normal noise, beside five inputs that say nothing.

Source: Friedman (1991) through Torgo's collection of regression data, OpenML 564, "Public" according to OpenML. 40768
rows. y = 10 sin(π x1 x2) + 20 (x3 - 0.5)² + 10 x4 + 5 x5 + ε; all inputs are uniform in [0, 1]. Nothing is left out.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"y": "class"})

COLUMNS = words("x1 x2 x3 x4 x5 x6 x7 x8 x9 x10")

DATASET = TabularDataset(
    alias="FR",
    columns=COLUMNS,
    target="y",
    inputs=10,
    sizes=(32614, 4077, 4077),
    batch_size=1024,
    digest="sha256:134682dad06c5b43a4a157eb42f3a5cd79b0c9903c38c4951ebc41aa4218868d",
    licence="Public",
    url="https://www.openml.org/d/564",
    reference="Friedman (1991), https://doi.org/10.1214/aos/1176347963",
    sources=(
        File(("broad/friedman.arff",), WEKA),
        OpenML(564),
        torgo("friedman.arff", "sha256:40fd011e420c5f2f42435bdda1f15ca3f9acda67545fef3dd2e3bce41c779498", WEKA),
    ),
    synthetic=True,
)
