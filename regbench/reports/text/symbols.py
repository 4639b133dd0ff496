"""How the settings of methods are spelled: λ_σ as text, in mathematics, and in words where there is no symbol."""

import re
from functools import cache

from regbench import catalog, roots

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip


def symbols() -> dict[str, str]:
    """The symbol of every hyper-parameter that has one, as its file has it; those of parts as `rot.gamma`."""
    return _symbols(roots.generation())


@cache
def _symbols(_generation: int) -> dict[str, str]:
    entries = (catalog.entry("methods", method) for method in catalog.names("methods"))
    of_methods = {name: symbol for entry in entries for name, symbol in entry.symbols.items()}
    parts = ((part, catalog.part(part)) for part in catalog.parts())
    return of_methods | {f"{part}.{name}": symbol for part, entry in parts for name, symbol in entry.symbols.items()}


def plain(name: str) -> str:
    """The name of a setting in text.

    >>> plain("lambda_sigma"), plain("lambda_auto"), plain("weight_decay")
    ('λσ', 'λ_auto', 'weight decay')
    """
    return joined(symbols().get(name, name.replace("_", " ")))


def mathematics(name: str) -> str:
    r"""The name of a setting on axes.

    >>> mathematics("lambda_sigma"), mathematics("weight_decay")
    ('$\\lambda_\\sigma$', 'weight decay')
    """
    return latex(symbols().get(name, name.replace("_", " ")))


def joined(symbol: str) -> str:
    """A symbol without its underscore, unless its index is a word in small letters: λ_KL is λKL."""
    return re.sub(r"_(?![a-z])", "", symbol)


def latex(symbol: str) -> str:
    r"""A symbol in LaTeX; words stay words.

    >>> latex("λ_KL"), latex("α"), latex("encoder rate")
    ('$\\lambda_{\\mathrm{KL}}$', '$\\alpha$', 'encoder rate')
    """
    letter, _, below = symbol.partition("_")
    if len(letter) != 1:
        return symbol
    index = _letter(below) if below in GREEK else rf"{{\mathrm{{{below}}}}}"
    return f"${_letter(letter)}_{index}$" if below else f"${_letter(letter)}$"


def _letter(letter: str) -> str:
    return f"\\{GREEK[letter]}" if letter in GREEK else letter
