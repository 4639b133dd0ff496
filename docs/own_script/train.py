"""A plain PyTorch script that regbench runs as it is: a line of numbers after each epoch, and a checkpoint."""

import argparse
import json
import os
from pathlib import Path

import torch
from data import errors, tables

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=20)
asked = parser.parse_args()

torch.set_num_threads(1)
torch.manual_seed(asked.seed)
parts = {
    part: (torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None])
    for part, (x, y) in tables().items()
}
x, y = parts["train"]
mean, std = y.mean(), y.std()
model = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
first = 1

# An attempt that was interrupted left its state in this folder. A script that ignores it starts again.
state = Path(os.environ["REGBENCH_CHECKPOINT"], "state.pt")
if state.exists():
    saved = torch.load(state)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"])
    first = saved["epoch"] + 1

for epoch in range(first, asked.epochs + 1):
    for rows in torch.randperm(len(x)).split(32):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x[rows]), (y[rows] - mean) / std)
        loss.backward()
        optimizer.step()
    line = {"epoch": epoch, "train/loss": loss.item()}
    for part in ("val", "test"):
        with torch.no_grad():
            prediction = model(parts[part][0]) * std + mean
        line |= errors(parts[part][1].numpy(), prediction.numpy(), part)
    with Path(os.environ["REGBENCH_METRICS"]).open("a") as file:
        file.write(json.dumps(line) + "\n")
    saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}
    torch.save({**saved, "epoch": epoch}, state)
