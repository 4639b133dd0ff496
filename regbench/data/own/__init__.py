"""Users' own tables: files as people have them, read by stated rules; what was understood is said before training."""

from regbench.data.own.coded import Coded, digest_of, prepared
from regbench.data.own.table import OwnDataset, batch_size, column_names, describe, from_file

__all__ = ["Coded", "OwnDataset", "batch_size", "column_names", "describe", "digest_of", "from_file", "prepared"]
