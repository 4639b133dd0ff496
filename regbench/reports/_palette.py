"""One colour and one label per method, the same in every figure.

The colours are Okabe and Ito's (2008), told apart with any common colour blindness; the baseline is grey.
"""

COLOURS = {
    "lsq": "#8C8C8C",
    "lsq_softmax": "#E69F00",
    "hard_binning": "#56B4E9",
    "soft_binning": "#0072B2",
    "pretrained_encoder": "#009E73",
    "end2end": "#D55E00",
}
SPARE = ("#CC79A7", "#F0E442", "#000000")  # methods of neither paper, in the order they come
LABELS = {
    "lsq": "least squares",
    "lsq_softmax": "LS with softmax",
    "hard_binning": "hard binning",
    "soft_binning": "soft binning",
    "pretrained_encoder": "pre-trained encoder",
    "end2end": "end to end",
}


def colours(methods: list[str]) -> dict[str, str]:
    """A colour for each method; those of the paper always have the same."""
    others = [method for method in dict.fromkeys(methods) if method not in COLOURS]
    return {**COLOURS, **{method: SPARE[i % len(SPARE)] for i, method in enumerate(others)}}


def label(method: str, variant: str) -> str:
    """A method as figures name it, with what its variant changes."""
    return LABELS.get(method, method) + variant.removeprefix(method)
