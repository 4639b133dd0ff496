"""Median price of houses in places of the United States in 1990, in dollars, from eight numbers of the census.

Source: DELVE (1996) through Torgo's collection of regression data, OpenML 218, "Public" according to OpenML. 22784
rows. Nothing is left out; the target is as it comes, without a logarithm.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"price": "class"})

COLUMNS = words("P3 P6p4 P11p3 P16p2 P19p2 H5p2 H15p1 H40p4")

DATASET = TabularDataset(
    alias="H8",
    columns=COLUMNS,
    target="price",
    inputs=8,
    sizes=(18227, 2278, 2279),
    batch_size=512,
    digest="sha256:e4c6e09de5884afbf87a0c0d7ac1ef54ddd3445db6c43b496eea186c3bb82ff5",
    licence="Public",
    url="https://www.openml.org/d/218",
    reference="DELVE (1996), https://www.cs.toronto.edu/~delve/data/census-house/desc.html",
    sources=(
        File(("broad/house_8L.arff",), WEKA),
        OpenML(218),
        torgo("house_8L.arff", "sha256:e2e34c76ec399c3159af62f3fcee8252fb8b9240253c026f03aa2b4cde9a66fe", WEKA),
    ),
)
