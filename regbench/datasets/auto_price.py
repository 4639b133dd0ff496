"""Price in dollars of cars of 1985, from fifteen numbers on their size, engine and insurance risk.

Source: Schlimmer (1987), OpenML 207, CC BY 4.0; 159 rows, those of `autos`, whose columns of text are left out. As
these are the same cars, the benchmark `broad` has only `autos`.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"price": "class"})

COLUMNS = words("""
    symboling normalized-losses wheel-base length width height curb-weight engine-size bore stroke compression-ratio
    horsepower peak-rpm city-mpg highway-mpg
""")

DATASET = TabularDataset(
    alias="AP",
    columns=COLUMNS,
    target="price",
    inputs=15,
    sizes=(127, 16, 16),
    seen=(1, 0),
    batch_size=16,
    digest="sha256:f6f2459317e3f2dd0ff43d5871ebdc76f4937e193e63196fb707e549816758c7",
    licence="CC BY 4.0",
    url="https://www.openml.org/d/207",
    reference="Schlimmer (1987), https://doi.org/10.24432/C5B01C",
    sources=(
        File(("broad/autoPrice.arff",), WEKA),
        OpenML(207, WEKA),
        torgo("autoPrice.arff", "sha256:510a4ad2c02b945aafe60144181bf93f932c92133b2320b5fb8edef36f6806fb", WEKA),
    ),
)
