"""Bicycles rented in Washington, D.C., in each hour of 2011 and 2012, from the time and the weather.

Source: Fanaee-T and Gama (2014), https://doi.org/10.24432/C5W894, CC BY 4.0; 17379 rows in order of time. OpenML's
version keeps six inputs, without the year and the working-day flag, and has temperature, felt temperature and wind in
physical units; UCI divided them by 41, 50 and 67.
"""

from regbench.data import UCI, File, Layout, OpenML, TabularDataset, Zip, words

HOURLY = Layout(
    names={
        "month": "mnth",
        "hour": "hr",
        "feel_temp": "atemp",
        "humidity": "hum",
        "count": "cnt",
    },
    factors={"temp": 41, "feel_temp": 50, "windspeed": 67},  # by UCI's readme
    order_by=("dteday", "hr"),
)

COLUMNS = words("month hour temp feel_temp humidity windspeed")

DATASET = TabularDataset(
    alias="BS",
    columns=COLUMNS,
    target="count",
    inputs=6,
    sizes=(13903, 1738, 1738),
    seen=(47, 66),
    batch_size=512,
    digest="sha256:b8d1edd07a6137cd22e8e82cc2e9e8ffc412cf31ab6ee3e4050ae0c979afa64e",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/275/bike+sharing+dataset",
    reference="Fanaee-T and Gama (2014), https://doi.org/10.24432/C5W894",
    sources=(
        File(("bike_sharing/grinsztajn_Bike_Sharing_Demand.csv",)),
        File(("bike_sharing/hour.csv",), HOURLY),
        OpenML(44142),
        UCI(275, HOURLY),
        Zip("https://archive.ics.uci.edu/static/public/275/bike+sharing+dataset.zip", ("hour.csv",), HOURLY),
        OpenML(42712),
    ),
)
