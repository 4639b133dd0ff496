"""Critical temperature, in kelvin, of superconductors from 79 statistics of the elements they are made of.

Source: Hamidieh (2018), https://doi.org/10.24432/C53P47, CC BY 4.0; 21263 rows. OpenML's version leaves out
number_of_elements and range_Valence, which have fewer than 10 distinct values. The digest is that of UCI's order of
rows, from a file recomputed from the published formulas. OpenML 44148 could not be compared with it: if its rows are in
another order, it is refused and the next source is tried.
"""

from regbench.data import UCI, File, OpenML, TabularDataset, Zip, words

PROPERTIES = words("atomic_mass fie atomic_radius Density ElectronAffinity FusionHeat ThermalConductivity Valence")
STATISTICS = words("mean wtd_mean gmean wtd_gmean entropy wtd_entropy range wtd_range std wtd_std")
COLUMNS = [f"{statistic}_{quantity}" for quantity in PROPERTIES for statistic in STATISTICS]

DATASET = TabularDataset(
    alias="SC",
    columns=tuple(name for name in COLUMNS if name != "range_Valence"),
    target="critical_temp",
    inputs=79,
    sizes=(17010, 2126, 2127),
    seen=(799, 783),
    batch_size=512,
    digest="sha256:f339772d554f334000355f5bf3aa0956d3529cb99697a028c6a212c9d2c8c39d",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/464/superconductivty+data",
    reference="Hamidieh (2018), https://doi.org/10.24432/C53P47",
    sources=(
        File(("superconductivity/train.csv.gz",)),
        OpenML(44148),
        UCI(464),
        Zip("https://archive.ics.uci.edu/static/public/464/superconductivty+data.zip", ("train.csv",)),
        OpenML(43174),
    ),
)
