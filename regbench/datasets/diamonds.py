"""Price of round-cut diamonds, as log(1 + dollars), from their weight and five measures of their shape.

Source: Wickham, ggplot2 (2009), MIT; 53940 rows. OpenML's version leaves out cut, colour and clarity, which are
categories, and takes the logarithm of the price. The last source works wherever Python packages can be installed.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, Wheel, words

DOLLARS = Layout(log_target=True)

COLUMNS = words("carat depth table x y z")

DATASET = TabularDataset(
    alias="DM",
    columns=COLUMNS,
    target="price",
    inputs=6,
    sizes=(43152, 5394, 5394),
    seen=(497, 465),
    batch_size=1024,
    digest="sha256:d50b4576bdc233279a613f796c6c4c84e32af229a6ed376ff6faaa96ca130c78",
    licence="MIT",
    url="https://www.openml.org/d/44140",
    reference="Wickham (2009), https://ggplot2.tidyverse.org/reference/diamonds.html",
    sources=(
        File(("diamonds/grinsztajn_diamonds.csv",)),
        File(("diamonds/diamonds.csv",), DOLLARS),
        OpenML(44140),
        OpenML(42225, DOLLARS),
        Wheel(
            "plotnine==0.15.9",
            member="plotnine/data/diamonds.csv",
            checksum="sha256:9574730b03aba241d899c4a97511c5061b19358fab89510774fb6c24168345c4",
            layout=DOLLARS,
        ),
    ),
)
