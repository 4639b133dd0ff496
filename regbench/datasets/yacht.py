"""Resistance of the hulls of sailing yachts for their displacement, from their shape and speed.

Source: Gerritsma, Onnink and Versluis (1981), UCI 243, https://doi.org/10.24432/C5XG7R, CC BY 4.0; 308 rows, 22 hulls
at 14 speeds each, so that hulls of test rows are among the training rows at other speeds. Nothing is left out.
"""

from regbench.data import File, Layout, TabularDataset, Zip, words
from regbench.datasets.shared.copies import gal

COLUMNS = words("""
    buoyancy_position prismatic_coefficient length_displacement beam_draught length_beam froude_number
""")
UNNAMED = Layout(
    header=False,
    separator=" ",
    names={name: str(place) for place, name in enumerate((*COLUMNS, "residuary_resistance"), start=1)},
)

DATASET = TabularDataset(
    alias="YA",
    columns=COLUMNS,
    target="residuary_resistance",
    inputs=6,
    sizes=(246, 31, 31),
    batch_size=32,
    digest="sha256:d086c2b121ce527f2857ce56da5426229d49fa681ff751765e40f8597470bfe9",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/243/yacht+hydrodynamics",
    reference="Gerritsma, Onnink, Versluis (1981), https://doi.org/10.24432/C5XG7R",
    sources=(
        File(("broad/yacht.txt",), UNNAMED),
        Zip(
            "https://archive.ics.uci.edu/static/public/243/yacht+hydrodynamics.zip",
            ("yacht_hydrodynamics.data",),
            UNNAMED,
        ),
        gal("yacht", "sha256:00dfecc0fc01ddd4c90b558a3ac11b246df8ebcfea130724223475a9a67f0ea1", UNNAMED),
    ),
)
