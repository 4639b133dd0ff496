"""benchmarks.yaml → Benchmark → jobs, and the error messages for a wrong file.

`load()` gives the shipped benchmarks and those of ./benchmarks.yaml, `.variant("bridges-fixed", {"epochs": 20})` is
`bridges-fixed[epochs=20]`, and `filter_jobs(benchmark, k=[25], seeds=[0, 1])` the same benchmark with fewer `jobs`; its
`whole` still has all of them.
"""

from regbench.config.amounts import whole_numbers
from regbench.config.benchmark import Benchmark, Choosing, filter_jobs, lacking
from regbench.config.commands import commands_in
from regbench.config.file import Benchmarks, load, yaml_value
from regbench.config.methods import Variant, parse_variant, read_method
from regbench.config.names import resolve, resolve_among
from regbench.config.own import AD_HOC, Own, written
from regbench.config.sweep import Stage, Values, values_of, with_values
from regbench.config.tables import TableEntry, own_table, read_entry
from regbench.config.tables import add as add_table

__all__ = [
    "AD_HOC",
    "Benchmark",
    "Benchmarks",
    "Choosing",
    "Own",
    "Stage",
    "TableEntry",
    "Values",
    "Variant",
    "add_table",
    "commands_in",
    "filter_jobs",
    "lacking",
    "load",
    "own_table",
    "parse_variant",
    "read_entry",
    "read_method",
    "resolve",
    "resolve_among",
    "values_of",
    "whole_numbers",
    "with_values",
    "written",
    "yaml_value",
]
