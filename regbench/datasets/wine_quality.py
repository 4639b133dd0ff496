"""Sensory quality, 3 to 9, of Portuguese red and white wines from eleven measurements.

Source: Cortez et al. (2009), https://doi.org/10.24432/C56S3T, CC BY 4.0; 6497 rows, the red wines first. The first
paper prints 7 inputs, but nothing public has 7: UCI's and OpenML's versions have these 11.
"""

from regbench.data import UCI, File, Layout, OpenML, TabularDataset, Zip, words

RED_THEN_WHITE = Layout(order_by=("color",))  # UCI's joint file has both colours in one table
MEMBERS = ("winequality-red.csv", "winequality-white.csv")
CHECKSUMS = (
    "sha256:4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e",
    "sha256:76c3f809815c17c07212622f776311faeb31e87610d52c26d87d6e361b169836",
)

COLUMNS = words("""
    fixed.acidity volatile.acidity citric.acid residual.sugar chlorides free.sulfur.dioxide total.sulfur.dioxide
    density pH sulphates alcohol
""")

DATASET = TabularDataset(
    alias="WN",
    columns=COLUMNS,
    target="quality",
    inputs=11,
    sizes=(5197, 650, 650),
    seen=(188, 179),
    batch_size=256,
    digest="sha256:d684984fb79732869bd366cbd4e767ca5621af3890582f445795af508bc56dab",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/186/wine+quality",
    reference="Cortez et al. (2009), https://doi.org/10.24432/C56S3T",
    sources=(
        File(("wine_quality/grinsztajn_wine_quality.csv",)),
        File(tuple(f"wine_quality/{member}" for member in MEMBERS)),
        OpenML(44136),
        UCI(186, RED_THEN_WHITE),
        Zip("https://archive.ics.uci.edu/static/public/186/wine+quality.zip", MEMBERS, checksums=CHECKSUMS),
        OpenML(287),
    ),
)
