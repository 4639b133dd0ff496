"""benchmarks.yaml → Benchmark → jobs, and every message about a wrong file.

`load()` gives the shipped benchmarks and those of ./benchmarks.yaml, `.variant("bridges-fixed", {"epochs": 20})` is
`bridges-fixed[epochs=20]`, and `filter_jobs(benchmark, k=[25], seeds=[0, 1])` the same benchmark with fewer `jobs`; its
`whole` are still all of them.
"""

from regbench.config.benchmark import Benchmark, Facts, filter_jobs
from regbench.config.file import Benchmarks, load, yaml_value
from regbench.config.methods import Variant, parse_variant, read_method
from regbench.config.names import resolve, resolve_among

__all__ = [
    "Benchmark",
    "Benchmarks",
    "Facts",
    "Variant",
    "filter_jobs",
    "load",
    "parse_variant",
    "read_method",
    "resolve",
    "resolve_among",
    "yaml_value",
]
