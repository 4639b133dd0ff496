"""Docstrings as Markdown: paragraphs as they are, formulas with their subscripts and superscripts set as such.

Formulas stand in docstrings as one would say them, λ_KL KL(ψ‖π) or Σ_i F_i (1 - F_i). `names` in backquotes are code.
"""

import re

CODE = re.compile(r"(`[^`]+`)")
LINK = re.compile(r"https?://[^\s<>)]+[^\s<>).,]")
MARKED = re.compile(r"([\\*_\[\]<>|#~$])")  # what Markdown would take for more than a sign
SCRIPT = r"\{[^{}]+\}|\([^()]+\)|[A-Za-z0-9α-ωΑ-Ωŷ]+"
SCRIPTED = re.compile(
    rf"(?P<base>(?<!\w)[A-Za-zα-ωΑ-Ωŷẑ∂]|(?<=\w)\))(?:_(?P<sub>{SCRIPT}))?(?:\^(?P<sup>{SCRIPT}))?(?![\w^])"
)


def markdown(text: str) -> str:
    r"""A docstring as Markdown.

    >>> markdown("λ_KL KL(ψ‖π) of `lambda_kl`, C^Z and x_{i+1}")
    'λ<sub>KL</sub> KL(ψ‖π) of `lambda_kl`, C<sup>Z</sup> and x<sub>i+1</sub>'
    >>> markdown("a * b < c, see https://arxiv.org/abs/2502.02996.")
    'a \\* b \\< c, see <https://arxiv.org/abs/2502.02996>.'
    """
    pieces = CODE.split(text.replace(" -> ", " → "))
    return "".join(piece if CODE.fullmatch(piece) else _with_links(piece) for piece in pieces)


def _with_links(text: str) -> str:
    found, last = [], 0
    for link in LINK.finditer(text):
        found += [_formulas(text[last : link.start()]), f"<{link.group()}>"]
        last = link.end()
    return "".join([*found, _formulas(text[last:])])


def _formulas(text: str) -> str:
    found, last = [], 0
    for symbol in SCRIPTED.finditer(text):
        if not (symbol["sub"] or symbol["sup"]):
            continue
        found += [MARKED.sub(r"\\\1", text[last : symbol.start()]), symbol["base"]]
        found += [f"<{tag}>{_bare(symbol[tag])}</{tag}>" for tag in ("sub", "sup") if symbol[tag]]
        last = symbol.end()
    return "".join([*found, MARKED.sub(r"\\\1", text[last:])])


def _bare(script: str) -> str:
    return MARKED.sub(r"\\\1", script.strip("{}"))
