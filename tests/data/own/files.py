"""Files of one table of twelve rows, in forms that were read from the first version on."""

import gzip
from pathlib import Path

ROWS = [(f"{number * 7 % 11 / 10}", f"{number * number % 7}", f"{number % 5 - 0.25}") for number in range(12)]
CSV = "a,b,y\n" + "".join(f"{','.join(row)}\n" for row in ROWS)
ARFF = (
    "@relation t\n@attribute a real\n@attribute 'b' real\n@attribute y real\n@data\n% rows\n" + CSV.partition("\n")[2]
)
TEXTS = {
    "comma.csv": CSV,
    "semicolon.csv": CSV.replace(",", ";"),
    "tab.csv": CSV.replace(",", "\t"),
    "told.csv": "sep=;\n" + CSV.replace(",", ";"),
    "quoted.csv": CSV.replace("a,b,y", '"a","the ""b""","y"'),
    "blanks.csv": CSV.replace(",", ", "),
    "comment.csv": "# a, b, y\n" + CSV.partition("\n")[2],
    "numbered.csv": CSV.replace("a,b,y", "0,1,2"),
    "headless.csv": CSV.partition("\n")[2],
    "index.csv": ",a,b,y\n" + "".join(f"{number},{','.join(row)}\n" for number, row in enumerate(ROWS)),
    "constant.csv": "a,b,c,y\n" + "".join(f"{row[0]},{row[1]},3,{row[2]}\n" for row in ROWS),
    "mac.csv": CSV.replace("\n", "\r"),
    "dense.arff": ARFF,
    "blank.arff": ARFF.replace(",", "  "),
}
TARGETS = {"numbered.csv": "2", "headless.csv": "3"}


def written(folder: Path, name: str) -> Path:
    """The file of that name in a folder."""
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(TEXTS[name.removesuffix(".gz")].encode()))
    elif name == "utf16.csv":
        path.write_bytes(CSV.encode("utf-16"))
    elif name.endswith(".parquet"):
        frame().to_parquet(path)
    else:
        path.write_bytes(TEXTS[name].encode())
    return path


def frame():
    """The table as a data frame."""
    import pandas as pd

    return pd.DataFrame([tuple(map(float, row)) for row in ROWS], columns=["a", "b", "y"])
