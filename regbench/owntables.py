"""The names of users' own tables: `house.csv:price@3f2a1c`, of a file, its target and the digest of its numbers.

Two files of one name, two targets of one file, and a file before and after a change are different datasets.
"""

import re
from pathlib import Path

SHORT = 6  # characters of a digest; enough to tell apart the tables of one user
LONGEST = 40  # characters of a target in a name
NAMED = re.compile(rf"(?P<table>.+)@(?P<digest>[0-9a-f]{{{SHORT}}})")
UNUSABLE = re.compile(r"""[\s\[\],'"]""")  # they have a meaning in names of benchmarks, or in a shell
OPENML = re.compile(r"openml:(\d{1,9})", re.IGNORECASE)
SUITE = re.compile(r"openml-suite:(\d{1,9})", re.IGNORECASE)  # a list of OpenML's datasets
CODED = "coded:"  # how the digest of a table begins that code of ours makes numbers of, by what training rows hold
PACKINGS = ("gz", "zip", "xz", "bz2")
TEXTS = ("csv", "txt", "tsv", "tab", "dat", "data")
FRAMES = ("parquet", "pq", "feather", "arrow", "xlsx", "json", "jsonl", "ndjson", "npz")
SUFFIXES = (*TEXTS, "arff", *FRAMES)


def is_table(text: str) -> bool:
    """Whether a text names a file of a table, by its suffix, or a dataset of OpenML.

    >>> [is_table(text) for text in ("house.CSV.gz", "openml:44136", "diamonds", "a/b.txt")]
    [True, True, False, True]
    """
    return OPENML.fullmatch(text) is not None or suffix(text) in SUFFIXES or text.lower().endswith(".zip")


def suffix(name: str) -> str:
    """The end of a file's name that says its format, without that of its packing, in small letters.

    >>> suffix("house.CSV.GZ"), suffix("house.zip"), suffix("house")
    ('csv', '', '')
    """
    parts = name.lower().split(".")[1:]
    while parts and parts[-1] in PACKINGS:
        parts.pop()
    return parts[-1] if parts else ""


def full_name(path: str, target: str, digest: str) -> str:
    """The name of a table as a dataset.

    >>> full_name("data/house.csv", "price", "sha256:3f2a1c98")
    'house.csv:price@3f2a1c'
    """
    return f"{file_name(path)}:{spelled(target)}@{digest.rpartition(':')[2][:SHORT]}"


def file_name(path: str) -> str:
    """A file as part of a dataset's name.

    >>> file_name("data/my house.csv"), file_name("openml:44136")
    ('my_house.csv', 'openml-44136')
    """
    return path.lower().replace(":", "-") if OPENML.fullmatch(path) else spelled(Path(path).name)


def without_digest(name: str) -> str:
    """A table's name without its digest.

    >>> without_digest("house.csv:price@3f2a1c")
    'house.csv:price'
    """
    found = NAMED.fullmatch(name)
    return found["table"] if found else name


def spelled(text: str) -> str:
    """The name of a file or column as part of a dataset's name.

    >>> spelled("Größe, in m")
    'Größe__in_m'
    """
    return "".join(character if character.isprintable() else "_" for character in UNUSABLE.sub("_", text))[:LONGEST]


def means(asked: str, name: str) -> bool:
    """Whether `asked` is a table's name, or the beginning of it: the file, or the file and the target.

    >>> [means(asked, "house.csv:price@3f2a1c") for asked in ("house.csv", "house.csv:price", "house")]
    [True, True, False]
    """
    return asked == name or (NAMED.fullmatch(name) is not None and name.startswith((f"{asked}:", f"{asked}@")))
