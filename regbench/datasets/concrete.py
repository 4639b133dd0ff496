"""Compressive strength of concrete, in megapascal, from what it is mixed of and its age.

Source: Yeh (1998), UCI 165, https://doi.org/10.24432/C5PK67, CC BY 4.0; 1030 rows. Some mixtures were measured more
than once, with other strengths. Nothing is left out.
"""

from regbench.data import UCI, File, Layout, TabularDataset, words
from regbench.datasets.shared.copies import gal

COLUMNS = words("cement blast_furnace_slag fly_ash water superplasticizer coarse_aggregate fine_aggregate age")
UNNAMED = Layout(
    header=False,
    separator=" ",
    names={name: str(place) for place, name in enumerate((*COLUMNS, "concrete_compressive_strength"), start=1)},
)

DATASET = TabularDataset(
    alias="CO",
    columns=COLUMNS,
    target="concrete_compressive_strength",
    inputs=8,
    sizes=(824, 103, 103),
    seen=(5, 3),
    batch_size=64,
    digest="sha256:0471343937f7065422bee7b842eb2ac749eba63f338b4cc6d10d0abc18271885",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/165/concrete+compressive+strength",
    reference="Yeh (1998), https://doi.org/10.24432/C5PK67",
    sources=(
        File(("broad/concrete.txt",), UNNAMED),
        UCI(165),
        gal("concrete", "sha256:43d290fd2c2a399ad7e62c45cab5337ba94ece69ebdcf5875aa668cb886243de", UNNAMED),
    ),
)
