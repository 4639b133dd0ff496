"""Miles per gallon of cars of 1970 to 1982, from their engine, weight, year and origin.

Source: Quinlan (1993), UCI 9, https://doi.org/10.24432/C5859H, CC BY 4.0. 392 rows: six of the 398 have no horsepower
and are left out. The name of the car is left out too, for it is another one in nearly every row. The origin (1
America, 2 Europe, 3 Japan) is a category; cylinders and year are numbers.
"""

from regbench.data import File, Layout, MixedDataset, OpenML, Zip, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"mpg": "class"})
UNNAMED = Layout(
    header=False,
    separator=" ",
    complete=True,
    names={
        name: str(place)
        for place, name in enumerate(
            words("mpg cylinders displacement horsepower weight acceleration model origin"), start=1
        )
    },
)

COLUMNS = words("cylinders displacement horsepower weight acceleration model origin")

DATASET = MixedDataset(
    alias="MPG",
    columns=COLUMNS,
    target="mpg",
    categorical=("origin",),
    inputs=9,
    sizes=(313, 39, 40),
    batch_size=64,
    digest="coded:0605e0520b1f3a30e8519306ce7d4329c3d73a539104ab3761629a48be448191",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/9/auto+mpg",
    reference="Quinlan (1993), https://doi.org/10.24432/C5859H",
    sources=(
        File(("broad/autoMpg.arff",), WEKA),
        OpenML(196, Layout(names={"mpg": "class"}, complete=True)),
        Zip("https://archive.ics.uci.edu/static/public/9/auto+mpg.zip", ("auto-mpg.data",), UNNAMED),
        torgo("autoMpg.arff", "sha256:804ca0396035bb99ec08e9b64769a21b8332e2b809731e5f9e8605bd74181b39", WEKA),
    ),
)
