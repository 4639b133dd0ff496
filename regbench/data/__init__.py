"""What is common to all datasets: fetch, cache, check, parse, split and scale."""

from regbench.data.preparation import nested_split, prepare, split_rows
from regbench.data.table import Prepared, Table

__all__ = ["Prepared", "Table", "nested_split", "prepare", "split_rows"]
