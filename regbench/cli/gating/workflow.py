"""A GitHub Actions workflow that runs a gate, ready to be copied."""

WORKFLOW = """\
# .github/workflows/regbench-gate.yml: results that a pull request makes worse turn it red.
name: regbench gate
on: [pull_request]
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # the baseline's commit is trained too
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install regbench # or `pip install -e .` in regbench's own repository
      - uses: actions/cache@v4 # datasets, and what the baseline's commit gave on such a machine
        with:
          path: ~/.cache/regbench
          key: regbench-${{ runner.os }}-${{ hashFiles('BASELINE') }}
      - run: regbench gate --baseline BASELINE --junit gate.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: regbench-gate
          path: gate.xml
"""


def workflow(baseline: str) -> str:
    """The workflow for a lock file."""
    return WORKFLOW.replace("BASELINE", baseline)
