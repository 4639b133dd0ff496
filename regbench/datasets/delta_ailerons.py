"""Change of the control action on the ailerons of an F16, from five readings of its state.

Source: Camacho (1998) through Torgo's collection of regression data, "Public" according to OpenML. 7129 rows. Targets
are of the order of 1e-4. Nothing is left out. OpenML's 803 has two classes in place of the target, so it is no source.
"""

from regbench.data import File, Layout, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"Sa": "class"})

COLUMNS = words("RollRate PitchRate currPitch currRoll diffRollRate")

DATASET = TabularDataset(
    alias="DA",
    columns=COLUMNS,
    target="Sa",
    inputs=5,
    sizes=(5703, 713, 713),
    batch_size=256,
    digest="sha256:af681bd0317ff10917e82cbf8e12dbdb8a15420ec977fec536c3d6d8fa47ce2a",
    licence="Public",
    url="https://www.dcc.fc.up.pt/~ltorgo/Regression/delta_ailerons.html",
    reference="Camacho (1998), https://www.dcc.fc.up.pt/~ltorgo/Regression/delta_ailerons.html",
    sources=(
        File(("broad/delta_ailerons.arff",), WEKA),
        torgo("delta_ailerons.arff", "sha256:63eb2f1546404eab8edd6ea2855bad832a35fec01d5600044b2821871fcf9351", WEKA),
    ),
)
