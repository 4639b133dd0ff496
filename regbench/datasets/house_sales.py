"""Price of houses sold in King County, Washington, as log(1 + dollars), from their size, age and place.

Source: Grinsztajn et al. (2022), OpenML 44144, "Public" according to OpenML, from OpenML 42731; 21613 rows of 2014 and
2015. Left out there are the identifier, the year of the sale, and columns of few values: floors, waterfront, view,
condition and ZIP code.
"""

from regbench.data import File, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import grinsztajn

COLUMNS = words("""
    bedrooms bathrooms sqft_living sqft_lot grade sqft_above sqft_basement yr_built yr_renovated lat long
    sqft_living15 sqft_lot15 date_month date_day
""")

DATASET = TabularDataset(
    alias="HS",
    columns=COLUMNS,
    target="price",
    inputs=15,
    sizes=(17290, 2161, 2162),
    seen=(0, 1),
    batch_size=512,
    digest="sha256:053b08cb48ba3e78b70a6d3de7c4b2c268b0120c0b9665113bc5125b26f9cda2",
    licence="Public",
    url="https://www.openml.org/d/44144",
    reference="Grinsztajn, Oyallon, Varoquaux (2022), https://arxiv.org/abs/2207.08815",
    sources=(
        File(("broad/house_sales.csv",)),
        OpenML(44144),
        grinsztajn("house_sales.csv", "sha256:cbc1be30ed48593d4bbd72c11e6dccddc9d8b37a02aaaf2d7e6390782a4840c1"),
    ),
)
