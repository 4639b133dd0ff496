"""Median value of houses in districts of California in 1990, as log(1 + dollars), from their census data.

Source: Pace and Barry (1997) through StatLib, "Public" according to OpenML, whose 44138 takes the logarithm; 20640
rows. Nothing is left out.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import grinsztajn

DOLLARS = Layout(names={"medianhousevalue": "median_house_value"}, log_target=True)

COLUMNS = words("""
    median_income housing_median_age total_rooms total_bedrooms population households latitude longitude
""")

DATASET = TabularDataset(
    alias="HO",
    columns=COLUMNS,
    target="medianhousevalue",
    inputs=8,
    sizes=(16512, 2064, 2064),
    batch_size=512,
    digest="sha256:0230b440bdc915cd56a49c51804fd2c50230724121657b13f5af9855b37fb5c0",
    licence="Public",
    url="https://www.openml.org/d/44138",
    reference="Pace, Barry (1997), https://doi.org/10.1016/S0167-7152(96)00140-X",
    sources=(
        File(("broad/houses.csv",)),
        OpenML(44138),
        OpenML(537, DOLLARS),
        grinsztajn("houses.csv", "sha256:7e87a2e65d1b2f3240ae3076af371d31b42aa3c336ee3683fc553fe892e5d16f"),
    ),
)
