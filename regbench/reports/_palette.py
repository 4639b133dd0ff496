"""One colour and one label per method, the same in every figure.

The colours of the first paper's six are Okabe and Ito's (2008), told apart with any common colour blindness; least
squares is grey. Other heads have what is left of those, and Paul Tol's muted ones. Reference models are shades of one
brown from light to dark, one family that stands apart from the methods.
"""

from collections import Counter
from collections.abc import Hashable, Iterable

COLOURS = {
    "lsq": "#8C8C8C",
    "lsq_softmax": "#E69F00",
    "hard_binning": "#56B4E9",
    "soft_binning": "#0072B2",
    "pretrained_encoder": "#009E73",
    "end2end": "#D55E00",
    "quantile_bins": "#332288",
    "two_hot": "#88CCEE",
    "hl_gauss": "#117733",
    "cross_entropy_plus_mse": "#882255",
    "coral": "#DDCC77",
    "corn": "#999933",
    "pinball": "#F0E442",
    "gaussian_nll": "#CC79A7",
    "beta_nll": "#AA4499",
    "l1": "#000000",
    "huber": "#44AA99",
    "train_mean": "#EADFD3",
    "train_median": "#DCCBB8",
    "ridge": "#CDB59B",
    "knn": "#BC9D7D",
    "random_forest": "#A88662",
    "hist_gradient_boosting": "#8D6D4B",
    "xgboost": "#735639",
    "lightgbm": "#594129",
    "catboost": "#3F2D1B",
}
SPARE = ("#CC79A7", "#F0E442", "#000000")  # methods of neither paper, in the order they come
LABELS = {
    "lsq": "least squares",
    "lsq_softmax": "LS with softmax",
    "hard_binning": "hard binning",
    "soft_binning": "soft binning",
    "pretrained_encoder": "pre-trained encoder",
    "end2end": "end to end",
    "quantile_bins": "equal-mass bins",
    "two_hot": "two-hot",
    "hl_gauss": "HL-Gauss",
    "cross_entropy_plus_mse": "cross-entropy + MSE",
    "coral": "CORAL",
    "corn": "CORN",
    "pinball": "pinball",
    "gaussian_nll": "Gaussian NLL",
    "beta_nll": "β-NLL",
    "l1": "least deviations",
    "huber": "Huber",
    "train_mean": "training mean",
    "train_median": "training median",
    "ridge": "ridge",
    "knn": "nearest neighbours",
    "random_forest": "random forest",
    "hist_gradient_boosting": "gradient boosting",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
}
SYMBOLS = {
    "lambda_sigma": ("λσ", r"$\lambda_\sigma$"),
    "lambda_kl": ("λKL", r"$\lambda_\mathrm{KL}$"),
    "lambda_auto": ("λauto", r"$\lambda_\mathrm{auto}$"),
    "lambda_pred": ("λpred", r"$\lambda_\mathrm{pred}$"),
    "alpha": ("α", r"$\alpha$"),
}  # of a setting in a label, and by itself at an axis
MARKERS = "osD^vP*X<>ph"  # of datasets, in their order


def marker(place: int) -> str:
    """The mark of the dataset at that place in their order."""
    return MARKERS[place % len(MARKERS)]


def colours(lines: Iterable[tuple[str, Hashable]]) -> dict[tuple[str, Hashable], str]:
    """A colour for each line (method, what tells it from others); further lines of a method are darker.

    >>> colours([("lsq", "lsq"), ("lsq", "lsq[x=1]")])
    {('lsq', 'lsq'): '#8C8C8C', ('lsq', 'lsq[x=1]'): '#4D4D4D'}
    """
    lines = sorted(dict.fromkeys(lines), key=str)
    others = [method for method in dict.fromkeys(method for method, _ in lines) if method not in COLOURS]
    base = {**COLOURS, **{method: SPARE[i % len(SPARE)] for i, method in enumerate(others)}}
    found: dict[tuple[str, Hashable], str] = {}
    seen: Counter[str] = Counter()
    for method, rest in lines:
        found[method, rest] = _darker(base[method], seen[method])
        seen[method] += 1
    return found


def shades(method: str, count: int) -> list[str]:
    """A method's colour in so many shades, the darkest first: lines of one method that are told apart by their marks.

    >>> shades("lsq", 2)
    ['#464646', '#C6C6C6']
    """
    return [_mixed(COLOURS[method], 0.5 - number / max(1, count - 1)) for number in range(count)]


def _mixed(colour: str, dark: float) -> str:
    """The colour mixed with black, or with white where `dark` is negative."""
    channels = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    towards = 0 if dark > 0 else 255
    return "#" + "".join(f"{round(each + (towards - each) * abs(dark)):02X}" for each in channels)


def _darker(colour: str, steps: int) -> str:
    """The colour itself, or with every step nearer to black."""
    channels = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(each * 0.55**steps):02X}" for each in channels)


def label(method: str, variant: str) -> str:
    """A method as figures name it, with what its variant changes.

    >>> label("soft_binning", "soft_binning[lambda_sigma=1]")
    'soft binning [λσ=1]'
    """
    changed = variant.removeprefix(method)
    for name, (symbol, _) in SYMBOLS.items():
        changed = changed.replace(name, symbol)
    return f"{LABELS.get(method, method)} {changed}".strip()
