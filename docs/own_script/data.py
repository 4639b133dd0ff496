"""The diabetes table that scikit-learn ships, as rows to train, validate and test on."""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


def tables() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Inputs (N, 10) and targets (N,) by part; the split is the same for every seed."""
    x, y = load_diabetes(return_X_y=True)
    x_train, x_rest, y_train, y_rest = train_test_split(x, y, test_size=0.3, random_state=0)
    x_val, x_test, y_val, y_test = train_test_split(x_rest, y_rest, test_size=0.5, random_state=0)
    return {"train": (x_train, y_train), "val": (x_val, y_val), "test": (x_test, y_test)}


def errors(y: np.ndarray, prediction: np.ndarray, part: str) -> dict[str, float]:
    """RMSE and MAE, in units of the target, as regbench calls them."""
    apart = prediction - y
    return {f"{part}/rmse": float(np.sqrt(np.mean(apart**2))), f"{part}/mae": float(np.mean(np.abs(apart)))}
