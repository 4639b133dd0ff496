"""Monthly cost of rented homes in Brazil, as log(1 + reais), from their size and parts of the cost.

Source: Grinsztajn et al. (2022), OpenML 44141, "Public" according to OpenML, from OpenML 42688; 10692 rows. City,
animal, furniture and floor, which are categories, are left out there. Four of the inputs, hoa, rent, tax and
insurance, are the summands of the target, which is log(1 + their sum) up to a real in nine of ten rows: small errors
here say little.
"""

from regbench.data import File, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import grinsztajn

COLUMNS = words("""
    area rooms bathroom parking_spaces hoa_(BRL) rent_amount_(BRL) property_tax_(BRL) fire_insurance_(BRL)
""")

DATASET = TabularDataset(
    alias="BH",
    columns=COLUMNS,
    target="totalBRL",
    inputs=8,
    sizes=(8553, 1069, 1070),
    seen=(63, 61),
    batch_size=256,
    digest="sha256:b88d3c07f7f8acd80eb0d8172ed01cc3c7856811378b5ac09eb4f7f091a8c956",
    licence="Public",
    url="https://www.openml.org/d/44141",
    reference="Grinsztajn, Oyallon, Varoquaux (2022), https://arxiv.org/abs/2207.08815",
    sources=(
        File(("broad/Brazilian_houses.csv",)),
        OpenML(44141),
        grinsztajn("Brazilian_houses.csv", "sha256:c0fa663e5508a555238a875e6857b2fc65fb98ae9253ac0d0f7e4aeeed2157af"),
    ),
)
