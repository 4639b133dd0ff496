"""Depth in metres of each pixel of indoor photographs, with few far ones to train on.

Source: Silberman et al. (2012), Indoor segmentation and support inference from RGBD images, ECCV; the selection is
NYUD2-DIR of Yang et al. (2021), https://arxiv.org/abs/2102.09554: 51342 images, 50688 of them for training and 654 for
the test, on which every bucket of depth has equally many pixels. There is no validation part: the published recipe
chooses the epoch on the test images, and so does this one. Images are scaled to 320 x 240 and cut to 304 x 228; with
their depth maps they take 16 GB in the cache. Licence: none stated. The files are those that
https://github.com/YyzHarry/imbalanced-regression gets in `nyud2-dir/download_nyud2.py`.
"""

from regbench.data import ByHand, DepthFolder

DATASET = DepthFolder(
    alias="NYUD2",
    target="depth",
    inputs=(3, 228, 304),
    scaled=(240, 320),
    sizes=(50688, 0, 654),
    batch_size=32,
    backbone="resnet50_depth",
    task="dense",
    shots="depths",
    digest="sha256:282d2ab171493ededd5fb603341c2e558f3ee13b820ab85212ea325c032aee13",
    licence="none stated",
    url="https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html",
    reference="Silberman et al. (2012), https://doi.org/10.1007/978-3-642-33715-4_54; selection of Yang et al. (2021)",
    lists=("nyu2_train.csv", "nyu2_test.csv"),
    files=("nyu2_test.csv", "nyud2_dir/nyu2_test.csv"),
    balance="test_balanced_mask.npy",
    sources=(
        ByHand(
            "no licence allows to pass the images on; get data.zip as nyud2-dir of "
            "https://github.com/YyzHarry/imbalanced-regression says, unpack it (nyu2_train.csv, nyu2_test.csv, "
            "nyu2_train/, nyu2_test/), and put test_balanced_mask.npy beside the lists if you have it"
        ),
    ),
)
