"""SYNTHETIC: heating load of simulated buildings, in kilowatt hours a square metre, from their shape.

Source: Tsanas and Xifara (2012), UCI 242, https://doi.org/10.24432/C51307, CC BY 4.0. 768 rows: Ecotect simulated
twelve shapes of buildings with several windows. The cooling load, the other target, is left out.
"""

from regbench.data import UCI, File, Layout, TabularDataset, words
from regbench.datasets.shared.copies import gal

COLUMNS = words("""
    relative_compactness surface_area wall_area roof_area overall_height orientation glazing_area
    glazing_area_distribution
""")
UNNAMED = Layout(
    header=False,
    separator=" ",
    names={name: str(place) for place, name in enumerate((*COLUMNS, "heating_load"), start=1)},
)
COUNTED = Layout(names={**{name: f"X{place}" for place, name in enumerate(COLUMNS, start=1)}, "heating_load": "Y1"})

DATASET = TabularDataset(
    alias="EN",
    columns=COLUMNS,
    target="heating_load",
    inputs=8,
    sizes=(614, 77, 77),
    batch_size=64,
    digest="sha256:8b04918f61014cc12624baaf0683943431f5674f4493c997c3607c8f33eca5d3",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/242/energy+efficiency",
    reference="Tsanas, Xifara (2012), https://doi.org/10.24432/C51307",
    sources=(
        File(("broad/energy.txt",), UNNAMED),
        UCI(242, COUNTED),
        gal("energy", "sha256:7f8bf024cea437267d56be99b7af7bb3faebec8a7bccfbb20d06d52d9372a950", UNNAMED),
    ),
    synthetic=True,
    simulated=True,
)
