"""Grade, 0 to 4, of diabetic retinopathy from small photographs of the retina.

Source: Yang et al. (2023), MedMNIST v2, https://doi.org/10.1038/s41597-022-01721-8, CC BY 4.0, after the DeepDRiD
challenge. 1600 colour images of 28 x 28, officially split into 1080 for training, 120 for validation, 400 for the test.
"""

from regbench.data import Address, File, ImageDataset, MedMNIST

DATASET = ImageDataset(
    alias="RM",
    target="grade",
    inputs=(3, 28, 28),
    sizes=(1080, 120, 400),
    batch_size=64,
    backbone="cnn",
    digest="sha256:e215db0404d5ae1cd769a9baa9deab2bb515360541018244ecac0679ff1dcf57",
    licence="CC BY 4.0",
    url="https://medmnist.com",
    reference="Yang et al. (2023), https://doi.org/10.1038/s41597-022-01721-8",
    sources=(
        File(("retinamnist/retinamnist.npz",)),
        MedMNIST("retinamnist"),
        Address(
            "https://zenodo.org/records/10519652/files/retinamnist.npz?download=1",
            filename="retinamnist.npz",
            checksum="md5:bd4c0672f1bba3e3a89f0e4e876791e4",
        ),
    ),
)
