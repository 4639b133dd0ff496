"""Control action on the elevators of an F16 from 16 readings of its state.

Source: Camacho (1998) through Torgo's collection of regression data, "Public" according to OpenML. 16599 rows. Two of
the original 18 inputs have fewer than 10 distinct values and are left out: diffSaTime2 and diffSaTime4.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words

ORIGINAL = Layout(names={"Goal": "class"})  # name of the target in the ARFF file of Torgo's collection

COLUMNS = words("""
    climbRate Sgz p q curRoll absRoll diffClb diffRollRate diffDiffClb SaTime1 SaTime2 SaTime3 SaTime4 diffSaTime1
    diffSaTime3 Sa
""")

DATASET = TabularDataset(
    alias="EL",
    columns=COLUMNS,
    target="Goal",
    inputs=16,
    sizes=(13279, 1660, 1660),
    batch_size=512,
    digest="sha256:3770c6cd8195da4f2b7f47d819c54a04f8268c68a822d42ad51a488f8c797dea",
    licence="Public",
    url="https://www.openml.org/d/44134",
    reference="Camacho (1998), https://www.dcc.fc.up.pt/~ltorgo/Regression/elevators.html",
    sources=(
        File(("elevators/grinsztajn_elevators.csv",)),
        File(("elevators/elevators.arff",), ORIGINAL),
        OpenML(44134),
        OpenML(216),
    ),
)
