"""The README that an export brings along: what its files are, and how pandas reads them."""

TEXT = """# An export of regbench

Written by `regbench db export`. `regbench report --from FOLDER` shows it without a database, and
`regbench db import FOLDER` adds it to one, to the last bit. `about.json` says what was left out.
pandas reads each file: `pandas.read_parquet("runs.parquet")`.

| file | one row per | columns of note |
|---|---|---|
| `jobs.parquet` | job | `key`; `config`, JSON with every setting; dataset, method, `k`, seed |
| `runs.parquet` | run of a job | `uuid`; `job`, its key; `status`; `code_digest`; seconds; `diverged_at`, an epoch |
| `metrics.parquet` | run, metric and epoch | `run`, a uuid; `name`; `value`; empty if not finite |
| `predicted.parquet` | run, split, row, dimension | `prediction` in units of the target, or empty; `row` of the split |
| `parameters.parquet` | run and parameter | `data`: little-endian float64 of shape `shape` |
| `recorded.parquet`, if any | run, epoch and array | `data`: zlib-compressed little-endian float32 of `shape` |
| `predictions.parquet` | run and split | what an import reads: zlib-compressed little-endian float32, scaled |
| `datasets.parquet` | dataset | `digest`; `target_low`, `target_high`: scaled = (y - low) / (high - low) |
| `benchmarks.parquet`, `benchmark_jobs.parquet` | benchmark; job in it | `config`; `row`, its label in tables |
| `choices.parquet` | cell whose values a sweep chose | `chosen`, and the jobs that were compared |
| `environments.parquet` | environment | `config`: versions, machine, commit |
| `adoptions.parquet` | two versions of the code | the evidence that they compute the same |

Targets, and with them errors and predictions, are scaled unless `config` of the job has `protocol.targets`: `raw`.
Arrays of `recorded.parquet` are of the first test rows: `features`, their `targets` and `predictions`, and `weight`.
The epoch that counts is the one of lowest `val/rmse`, unless `config` has another `protocol.decide`.
"""
