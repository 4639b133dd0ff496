"""SYNTHETIC: angular acceleration of a link of a simulated robot arm, from angles, velocities and torques.

Source: DELVE (1996) through Torgo's collection of regression data, OpenML 225, "Public" according to OpenML. 8192
rows. The dynamics of a Puma 560, nonlinear (DELVE's n) and with much noise (h). Nothing is left out.
"""

from regbench.data import File, Layout, OpenML, TabularDataset, words
from regbench.datasets.shared.copies import torgo

WEKA = Layout(names={"thetadd3": "class"})

COLUMNS = words("theta1 theta2 theta3 thetad1 thetad2 thetad3 tau1 tau2")

DATASET = TabularDataset(
    alias="P8",
    columns=COLUMNS,
    target="thetadd3",
    inputs=8,
    sizes=(6553, 819, 820),
    batch_size=256,
    digest="sha256:9c8489722197a9141b7feacf9497e6e22adb39615bd381436513095e122be817",
    licence="Public",
    url="https://www.openml.org/d/225",
    reference="DELVE (1996), https://www.cs.toronto.edu/~delve/data/pumadyn/desc.html",
    sources=(
        File(("broad/puma8NH.arff",), WEKA),
        OpenML(225),
        torgo("puma8NH.arff", "sha256:c9dd7482e0a00bcf9688e3d11925cfe72517ce66ac83a9dcdc2581a701313088", WEKA),
    ),
    synthetic=True,
    simulated=True,
)
