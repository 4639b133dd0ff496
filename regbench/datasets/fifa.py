"""Wage of football players in the game FIFA 22, as log(1 + euros), from age, size, release clause and date of contract.

Source: Grinsztajn et al. (2022), OpenML 44026, "Public" according to OpenML, from Kaggle's "FIFA 22 complete player
dataset". 18063 rows. Of the more than hundred columns OpenML's version keeps five; club_joined is a date in
nanoseconds.
"""

from regbench.data import File, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import grinsztajn

COLUMNS = words("age height_cm weight_kg release_clause_eur club_joined")

DATASET = TabularDataset(
    alias="FIFA",
    columns=COLUMNS,
    target="wage_eur",
    inputs=5,
    sizes=(14450, 1806, 1807),
    seen=(3, 1),
    batch_size=512,
    digest="sha256:36b98653a8f29d8484ba5fd08cb5400704bfd66349a26dc74f232e41940632e1",
    licence="Public",
    url="https://www.openml.org/d/44026",
    reference="Grinsztajn, Oyallon, Varoquaux (2022), https://arxiv.org/abs/2207.08815",
    sources=(
        File(("broad/fifa.csv",)),
        OpenML(44026),
        grinsztajn("fifa.csv", "sha256:c31ed821d8660c883778cd584b510864900fc6cb94c88f68727c40413eded5cd"),
    ),
)
