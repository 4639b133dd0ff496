"""Hourly output of a gas and steam power plant at full load, in megawatt, from the air and the exhaust vacuum.

Source: Tüfekci (2014), UCI 294, https://doi.org/10.24432/C5002N, CC BY 4.0; 9568 rows. UCI publishes them in five
random orders, so they are sorted here, by the columns from left to right. Nothing is left out.
"""

from regbench.data import UCI, File, Layout, TabularDataset, words
from regbench.datasets.shared.copies import gal

COLUMNS = words("AT V AP RH")
UNNAMED = Layout(
    header=False,
    separator=" ",
    names={name: str(place) for place, name in enumerate((*COLUMNS, "PE"), start=1)},
    order_by=words("1 2 3 4 5"),
)
SORTED = Layout(order_by=words("AT V AP RH PE"))

DATASET = TabularDataset(
    alias="PP",
    columns=COLUMNS,
    target="PE",
    inputs=4,
    sizes=(7654, 957, 957),
    seen=(5, 9),
    batch_size=256,
    digest="sha256:7f42add394a8839beb66288df811fd192a046b6da4a7dcd9607d14bea2d4db34",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/294/combined+cycle+power+plant",
    reference="Tüfekci (2014), https://doi.org/10.24432/C5002N",
    sources=(
        File(("broad/power-plant.txt",), UNNAMED),
        UCI(294, SORTED),
        gal("power-plant", "sha256:daebd20c408dfc5c4979604f240e891be162c3a5d00d662380aa669044a1fb31", UNNAMED),
    ),
)
