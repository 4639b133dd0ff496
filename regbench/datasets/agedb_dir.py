"""Age in years from photographs of faces, with few young and few old ones to train on.

Source: Moschoglou et al. (2017), AgeDB, CVPR Workshops; the split is AgeDB-DIR of Yang et al. (2021),
https://arxiv.org/abs/2102.09554, whose validation and test rows are spread evenly over the ages. 16488 images, 12208 of
them for training, scaled to 224 x 224. Licence: for non-commercial research only. The images may not be passed on: they
are asked for at https://ibug.doc.ic.ac.uk/resources/agedb/, and the list of the split is `agedb-dir/data/agedb.csv` in
https://github.com/YyzHarry/imbalanced-regression.
"""

from regbench.data import ByHand, ImageFolder

DATASET = ImageFolder(
    alias="AGEDB",
    target="age",
    inputs=(3, 224, 224),
    sizes=(12208, 2140, 2140),
    batch_size=256,
    backbone="resnet50",
    task="images",
    shots="ages",
    digest="sha256:ab9f8d4c7099a9d74ec5094c42b6fe9f1927a166a48d2ab800a88b2fd6081252",
    licence="for non-commercial research only",
    url="https://ibug.doc.ic.ac.uk/resources/agedb/",
    reference="Moschoglou et al. (2017), https://doi.org/10.1109/CVPRW.2017.250; split of Yang et al. (2021)",
    files=("agedb.csv", "agedb_dir/agedb.csv"),
    sources=(
        ByHand(
            "its licence forbids to pass the images on; get AgeDB from https://ibug.doc.ic.ac.uk/resources/agedb/ and "
            "agedb.csv from https://github.com/YyzHarry/imbalanced-regression (agedb-dir/data), put both into a folder"
        ),
    ),
)
