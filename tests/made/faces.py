"""Generated photographs in the layout of AgeDB-DIR: a folder, a list, and a plug-in that describes the dataset."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from regbench.data import ImageFolder
from tests.made.plugins import described

SIZES = (24, 8, 8)
SIDE = 16  # pixels that images are scaled to

PLUGIN = '''"""SYNTHETIC: ages of generated pictures, in the layout of AgeDB-DIR."""

from regbench.data import ByHand, ImageFolder

DATASET = ImageFolder(
    alias="FACES",
    target="age",
    inputs=(3, {side}, {side}),
    sizes={sizes},
    batch_size=8,
    backbone="resnet50",
    task="images",
    shots="ages",
    digest="{digest}",
    licence="none",
    url="https://example.org",
    reference="Ours (2026)",
    files=("faces.csv",),
    sources=(ByHand("generated for a test"),),
    synthetic=True,
)
'''


@dataclass(frozen=True)
class Faces:
    """The folder with its list, and the description."""

    folder: Path
    dataset: ImageFolder
    ages: np.ndarray  # (N,), in the order of the list
    plugin: str

    def file(self, row: int) -> Path:
        return self.folder / "Faces" / f"{row}_a face.jpg"


def make(folder: Path, seed: int = 0) -> Faces:
    """Write the images, whose brightness tells the age, and their list, whose rows are shuffled."""
    (folder / "Faces").mkdir(parents=True)
    draw = np.random.default_rng(seed)
    parts = np.repeat(["train", "val", "test"], SIZES)
    draw.shuffle(parts)
    ages = draw.integers(1, 100, sum(SIZES))
    for row, age in enumerate(ages):
        pixels = np.clip(2.5 * age + draw.integers(-20, 20, (20, 24, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "Faces" / f"{row}_a face.jpg")
    lines = [f"{age},Faces/{row}_a face.jpg,{part}" for row, (age, part) in enumerate(zip(ages, parts, strict=True))]
    content = "\n".join(["age,path,split", *lines, ""])
    (folder / "faces.csv").write_text(content)
    digest = f"sha256:{sha256(content.encode()).hexdigest()}"
    order = np.concatenate([np.flatnonzero(parts == part) for part in ("train", "val", "test")])
    plugin = PLUGIN.format(side=SIDE, sizes=SIZES, digest=digest)
    return Faces(folder, described(plugin), ages[order], plugin)
