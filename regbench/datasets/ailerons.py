"""Control action on the ailerons of an F16 from 33 readings of its state.

Source: Camacho (1998) through Torgo's collection of regression data, "Public" according to OpenML. 13750 rows. Seven of
the original 40 inputs have fewer than 10 distinct values and are left out: diffSeTime2, 4, 6, 8, 10, 12 and 14.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words

ORIGINAL = Layout(names={"goal": "class"})  # name of the target in the ARFF file of Torgo's collection

COLUMNS = words("""
    climbRate Sgz p q curPitch curRoll absRoll diffClb diffRollRate diffDiffClb SeTime1 SeTime2 SeTime3 SeTime4
    SeTime5 SeTime6 SeTime7 SeTime8 SeTime9 SeTime10 SeTime11 SeTime12 SeTime13 SeTime14 diffSeTime1 diffSeTime3
    diffSeTime5 diffSeTime7 diffSeTime9 diffSeTime11 diffSeTime13 alpha Se
""")

DATASET = TabularDataset(
    alias="AE",
    columns=COLUMNS,
    target="goal",
    inputs=33,
    sizes=(11000, 1375, 1375),
    batch_size=512,
    digest="sha256:da7727eee79f78b905354a8b5b17d00f4c7c2f1f3df723ec4c6501fa1e939604",
    licence="Public",
    url="https://www.openml.org/d/44137",
    reference="Camacho (1998), https://www.dcc.fc.up.pt/~ltorgo/Regression/ailerons.html",
    sources=(
        File(("ailerons/grinsztajn_Ailerons.csv",)),
        File(("ailerons/ailerons.arff",), ORIGINAL),
        OpenML(44137),
        OpenML(296),
    ),
)
