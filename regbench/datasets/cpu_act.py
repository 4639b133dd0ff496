"""Share of time, in percent, that a computer's processors run in user mode, from 21 measures of its activity.

Source: the DELVE repository (1996) through Torgo's collection of regression data, "Public" according to OpenML. 8192
rows. The test part has 820 rows; the first paper prints 819, but then its parts add up to one row too few.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words

ORIGINAL = Layout(names={"usr": "class"})  # name of the target in the ARFF file of Torgo's collection

COLUMNS = words("""
    lread lwrite scall sread swrite fork exec rchar wchar pgout ppgout pgfree pgscan atch pgin ppgin pflt vflt
    runqsz freemem freeswap
""")

DATASET = TabularDataset(
    alias="CA",
    columns=COLUMNS,
    target="usr",
    inputs=21,
    sizes=(6553, 819, 820),
    batch_size=256,
    digest="sha256:f3169cf756bb67709ae62fdd3b764b142af18cf7c7230430023d5e3f9a284b48",
    licence="Public",
    url="https://www.openml.org/d/44132",
    reference="DELVE (1996), https://www.cs.toronto.edu/~delve/data/comp-activ/desc.html",
    sources=(
        File(("cpu_act/grinsztajn_cpu_act.csv",)),
        File(("cpu_act/cpu_act.arff",), ORIGINAL),
        OpenML(44132),
        OpenML(197),
    ),
)
