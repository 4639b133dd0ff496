"""Price of the stock of one aerospace company, from the prices of nine others on the same day.

Source: StatLib through Torgo's collection of regression data, OpenML 223, "Public" according to OpenML; 950 rows, the
days of January 1988 to October 1991 in order. As any random split, ours asks for days between known days. Nothing is
left out.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"company10": "class"})

COLUMNS = words("company1 company2 company3 company4 company5 company6 company7 company8 company9")

DATASET = TabularDataset(
    alias="ST",
    columns=COLUMNS,
    target="company10",
    inputs=9,
    sizes=(760, 95, 95),
    batch_size=64,
    digest="sha256:772befea5fdf69bf4cc023a38127bbdf96dc6aee792eb977f9f75428ebbd5186",
    licence="Public",
    url="https://www.openml.org/d/223",
    reference="StatLib (1991), https://www.dcc.fc.up.pt/~ltorgo/Regression/stock.html",
    sources=(
        File(("broad/stock.arff",), WEKA),
        OpenML(223),
        torgo("stock.arff", "sha256:0497a34f1ab6dd88f8b87247a003bbe493597b3c6e2b1dd90fd0596749c72866", WEKA),
    ),
)
