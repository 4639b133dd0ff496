"""A scikit-learn script that regbench runs as it is: one fit, one line of numbers."""

import argparse
import json
import os
from pathlib import Path

from data import errors, tables
from sklearn.ensemble import RandomForestRegressor

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--leaf", type=int, default=5)
asked = parser.parse_args()

parts = tables()
model = RandomForestRegressor(n_estimators=30, min_samples_leaf=asked.leaf, random_state=asked.seed)
model.fit(*parts["train"])
line = {}
for part in ("val", "test"):
    x, y = parts[part]
    line |= errors(y, model.predict(x), part)
with Path(os.environ["REGBENCH_METRICS"]).open("a") as file:
    file.write(json.dumps(line) + "\n")
