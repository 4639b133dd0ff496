"""Price in dollars of cars of 1985, from their make, body, engine and insurance risk.

Source: Schlimmer (1987), UCI 10, https://doi.org/10.24432/C5B01C, CC BY 4.0. 159 rows: 46 of the 205 have gaps and are
left out, as in the public copies. The target of those copies is the insurance risk, symboling, which is an input here,
as a number. Left out is where the engine is, for it is in front of each of these cars. Columns of text are categories,
of which the make has 18 levels and becomes codes.
"""

from regbench.data import File, Layout, MixedDataset, OpenML, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"symboling": "class"})
WITH_GAPS = Layout(complete=True)

COLUMNS = words("""
    symboling normalized-losses make fuel-type aspiration num-of-doors body-style drive-wheels wheel-base length
    width height curb-weight engine-type num-of-cylinders engine-size fuel-system bore stroke compression-ratio
    horsepower peak-rpm city-mpg highway-mpg
""")

DATASET = MixedDataset(
    alias="AU",
    columns=COLUMNS,
    target="price",
    inputs=46,
    sizes=(127, 16, 16),
    seen=(1, 0),
    batch_size=16,
    digest="coded:a6a6ba710228ee3175ce93bb66a10443009f770a70af9d9be527d84ab5059d79",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/10/automobile",
    reference="Schlimmer (1987), https://doi.org/10.24432/C5B01C",
    sources=(
        File(("broad/autos.arff",), WEKA),
        OpenML(9, WITH_GAPS),
        torgo("autos.arff", "sha256:3dbc35b5a9b0b3d2d3c3cfcf7779628cbfe9aa81785183b9ac1158168d3c100e", WEKA),
    ),
)
