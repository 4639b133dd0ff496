"""Generated photographs and depth maps in the layout of NYUD2-DIR: a folder, two lists, and a plug-in."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from regbench.data import DepthFolder, Prepared, import_file, load, prepare
from tests.made.plugins import described

SIZES = (20, 0, 5)
SCALED = (24, 32)  # half of the files' size
SEEN = (16, 24)

PLUGIN = '''"""SYNTHETIC: depths of generated pictures, in the layout of NYUD2-DIR."""

from regbench.data import ByHand, DepthFolder

DATASET = DepthFolder(
    alias="ROOMS",
    target="depth",
    inputs=(3, {seen[0]}, {seen[1]}),
    scaled={scaled},
    sizes={sizes},
    batch_size=4,
    backbone="resnet50_depth",
    task="dense",
    digest="{digest}",
    licence="none",
    url="https://example.org",
    reference="Ours (2026)",
    lists=("nyu2_train.csv", "nyu2_test.csv"),
    files=("nyu2_test.csv",),
    balance="test_balanced_mask.npy",
    sources=(ByHand("generated for a test"),),
    synthetic=True,
)
'''


@dataclass(frozen=True)
class Rooms:
    """The folder with its lists, the description, and what the files hold at the size that they are scaled to."""

    folder: Path
    dataset: DepthFolder
    train: np.ndarray  # (N, H, W), bytes
    test: np.ndarray  # (N, H, W), millimetres
    plugin: str

    @property
    def middle(self) -> np.ndarray:
        """The depths of the test images that are seen, in millimetres."""
        return self.test[:, 4:20, 4:28]


def make(folder: Path, seed: int = 0) -> Rooms:
    """Write walls that tilt at random, the brighter the farther: (20, 5) images of 64 x 48 pixels."""
    draw = np.random.default_rng(seed)
    train, _, test = SIZES
    depths = {"nyu2_train": [], "nyu2_test": []}
    lines: dict[str, list[str]] = {"nyu2_train": [], "nyu2_test": []}
    for part, count in (("nyu2_train", train), ("nyu2_test", test)):
        for row in range(count):
            near, far = np.sort(draw.uniform(0.8, 9.9, 2))
            metres = np.linspace(near, far, 2 * SCALED[1])[None, :] * np.linspace(0.9, 1, 2 * SCALED[0])[:, None]
            if draw.random() < 0.5:
                metres = metres[:, ::-1]
            light = 25 * metres[..., None] + draw.integers(-10, 10, (*metres.shape, 3))
            name = f"scene_{row % 3:04d}_out/{row}" if part == "nyu2_train" else f"{row:05d}"
            image, depth = (
                (f"{name}.jpg", f"{name}.png")
                if part == "nyu2_train"
                else (
                    f"{name}_colors.png",
                    f"{name}_depth.png",
                )
            )
            stored = (
                (metres * 25.5).round().astype(np.uint8) if part == "nyu2_train" else (1000 * metres).astype(np.uint16)
            )
            place = folder / part / image
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).save(place)
            Image.fromarray(stored).save(folder / part / depth)
            depths[part].append(stored[1::2, 1::2])
            lines[part].append(f"data/{part}/{image},data/{part}/{depth}")
    for part, rows in lines.items():
        (folder / f"{part}.csv").write_text("\n".join([*rows, ""]))
    digest = f"sha256:{sha256((folder / 'nyu2_test.csv').read_bytes()).hexdigest()}"
    plugin = PLUGIN.format(seen=SEEN, scaled=SCALED, sizes=SIZES, digest=digest)
    return Rooms(folder, described(plugin), np.array(depths["nyu2_train"]), np.array(depths["nyu2_test"]), plugin)


def imported(made: Rooms, *paths: Path) -> Prepared:
    """The rooms, imported and ready to train on in metres."""
    import_file("rooms", paths or [made.folder], dataset=made.dataset)
    return prepare(load(made.dataset, "rooms"), targets="raw")


def smaller(made: Rooms, **changed: object) -> DepthFolder:
    """The description with other fields."""
    return replace(made.dataset, **changed)
