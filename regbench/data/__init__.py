"""The handling of datasets: fetch, cache, check, parse, split and scale.

`load(dataset, name)` returns the canonical `Table` of a dataset; `prepared(table)` splits and scales it.
"""

from regbench.data.canonical import digest
from regbench.data.dataset import Dataset, ImageDataset, TabularDataset, words
from regbench.data.depth import DepthFolder
from regbench.data.folder import ByHand, ImageFolder
from regbench.data.loading import is_here, load
from regbench.data.mixed import MixedDataset
from regbench.data.own import Coded, OwnDataset, column_names, describe, from_file, prepared
from regbench.data.preparation import prepare
from regbench.data.seen import count_seen, seen_rows
from regbench.data.shelf import Check, Fetched, Item, fetch, import_file, inventory, verify, verify_one
from regbench.data.sources import UCI, Address, File, Generated, Layout, MedMNIST, OpenML, OwnFile, Source, Wheel, Zip
from regbench.data.splits import nested_split, split_rows
from regbench.data.table import Prepared, Table

__all__ = [
    "UCI",
    "Address",
    "ByHand",
    "Check",
    "Coded",
    "Dataset",
    "DepthFolder",
    "Fetched",
    "File",
    "Generated",
    "ImageDataset",
    "ImageFolder",
    "Item",
    "Layout",
    "MedMNIST",
    "MixedDataset",
    "OpenML",
    "OwnDataset",
    "OwnFile",
    "Prepared",
    "Source",
    "Table",
    "TabularDataset",
    "Wheel",
    "Zip",
    "column_names",
    "count_seen",
    "describe",
    "digest",
    "fetch",
    "from_file",
    "import_file",
    "inventory",
    "is_here",
    "load",
    "nested_split",
    "prepare",
    "prepared",
    "seen_rows",
    "split_rows",
    "verify",
    "verify_one",
    "words",
]
