"""SYNTHETIC: share of customers whom full queues drive from a bank, from 32 settings of a simulation.

Source: DELVE (1996) through Torgo's collection of regression data, OpenML 558, "Public" according to OpenML. 8192
rows. A simulator of banks, their queues and the areas that customers come from made them. Much noise (DELVE's h),
nonlinear (n). Nothing is left out.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"rej": "class"})

COLUMNS = words("""
    a1cx a1cy a1sx a1sy a1rho a1pop a2cx a2cy a2sx a2sy a2rho a2pop a3cx a3cy a3sx a3sy a3rho a3pop temp b1x b1y
    b1call b1eff b2x b2y b2call b2eff b3x b3y b3call b3eff mxql
""")

DATASET = TabularDataset(
    alias="B32",
    columns=COLUMNS,
    target="rej",
    inputs=32,
    sizes=(6553, 819, 820),
    batch_size=256,
    digest="sha256:db1590a86776e679d55f207cacfb209ff28a6c0dac8273a64c59afeed9322a0b",
    licence="Public",
    url="https://www.openml.org/d/558",
    reference="DELVE (1996), https://www.cs.toronto.edu/~delve/data/bank/desc.html",
    sources=(
        File(("broad/bank32NH.arff",), WEKA),
        OpenML(558),
        torgo("bank32NH.arff", "sha256:41dbf7700f195569f3a95d5f60186c17ab51b3f982831f8ae38dd9eb08611ebe", WEKA),
    ),
    synthetic=True,
    simulated=True,
)
