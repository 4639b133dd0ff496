"""SYNTHETIC: share of customers whom full queues drive from a bank, from eight settings of a simulation.

Source: DELVE (1996) through Torgo's collection of regression data, OpenML 572, "Public" according to OpenML. 8192
rows. A simulator of banks, their queues and the areas that customers come from made them. Moderate noise (DELVE's m),
fairly linear (f). Nothing is left out.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"rej": "class"})

COLUMNS = words("a1cx a1cy b2x b2y a2pop a3pop temp mxql")

DATASET = TabularDataset(
    alias="B8",
    columns=COLUMNS,
    target="rej",
    inputs=8,
    sizes=(6553, 819, 820),
    batch_size=256,
    digest="sha256:f55b22031dfb33dd5dfbc0b1902b5bfe76c3171408ea3a8a8cba7ddd83015fce",
    licence="Public",
    url="https://www.openml.org/d/572",
    reference="DELVE (1996), https://www.cs.toronto.edu/~delve/data/bank/desc.html",
    sources=(
        File(("broad/bank8FM.arff",), WEKA),
        OpenML(572),
        torgo("bank8FM.arff", "sha256:f59e5e3b21a128cf806068e0f782242337f9e2408f48cf7e17829f3a358fb5b9", WEKA),
    ),
    synthetic=True,
    simulated=True,
)
