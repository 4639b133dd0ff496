"""SYNTHETIC: time that a simulated servo takes to reach a new position, from its motor, its screw and two gains.

Source: Ulrich (1986), UCI 87, https://doi.org/10.24432/C5Q30F, CC BY 4.0; 167 rows, 17 of them to test. Motor and
screw, A to E, are categories, the gains numbers. Nothing is left out. UCI's file has more digits than this one, which
is WEKA's, so it is no source.
"""

from regbench.data import File, Layout, MixedDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"rise_time": "class"})

COLUMNS = words("motor screw pgain vgain")

DATASET = MixedDataset(
    alias="SV",
    columns=COLUMNS,
    target="rise_time",
    inputs=12,
    sizes=(133, 17, 17),
    batch_size=32,
    digest="coded:1451eca8e74debc6abb847dbc71f51347b41381a0550f53590b6f2fc41c126dc",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/87/servo",
    reference="Ulrich (1986), https://doi.org/10.24432/C5Q30F",
    sources=(
        File(("broad/servo.arff",), WEKA),
        torgo("servo.arff", "sha256:91b8564a23c92519f27fd78c125d37d130fceba7140fbd52fb6c19100aa43ffe", WEKA),
    ),
    synthetic=True,
    simulated=True,
)
