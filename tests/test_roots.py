"""Where the catalog looks: files of users and of installed packages are found, loaded and told apart like our own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from regbench import catalog, kinds, roots
from regbench.errors import UsageError
from regbench.job import Job
from regbench.roots import Added, OwnTable
from tests.made.jobs import make_job

METHOD = '''"""A loss of one's own."""

from regbench.types import Method, Params
{imports}

METHOD = Method(
    outputs=lambda _k, m: m,
    init=lambda *_: Params(),
    loss=lambda _params, batch, _hparams: {factor} * (batch.y - batch.prediction).abs().sum(-1),
    predict=lambda _params, outputs: outputs,
    uses_k=False,
    reference="Nobody (2026)",
)
'''


@pytest.fixture(autouse=True)
def only_ours() -> Iterator[None]:
    """Whatever a test adds to the catalog is gone after it."""
    yield
    roots._installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith(roots.PREFIX)]:
        del sys.modules[name]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def own(factor: str = "2", imports: str = "") -> str:
    return METHOD.format(factor=factor, imports=imports)


def digest(name: str) -> str:
    return kinds.code_digest(Job(**{**vars(make_job("lsq")), "method": name}))


def test_a_folder_is_looked_into_with_and_without_folders_of_kinds(tmp_path):
    write(tmp_path / "mine.py", own())
    write(tmp_path / "methods" / "far.py", own())
    write(tmp_path / "helpers.py", "weight = 2")
    write(tmp_path / "tests" / "methods.py", "METHOD = 1")
    before = catalog.names("methods")
    roots.add([tmp_path])
    assert set(catalog.names("methods")) - set(before) == {"mine", "far"}
    assert catalog.row("mine").summary == "A loss of one's own."
    assert catalog.row("mine").year == "2026"
    assert catalog.load("methods", "mine").reference == "Nobody (2026)"
    assert (
        catalog.load("methods", "lsq").reference
        == "Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes"
    )


def test_a_single_file_brings_itself_alone(tmp_path):
    file = write(tmp_path / "mine.py", own())
    write(tmp_path / "other.py", own())
    roots.add([file])
    assert "mine" in catalog.names("methods")
    assert "other" not in catalog.names("methods")
    assert not kinds.is_reference("mine")


def test_a_file_may_be_named_besides_its_folder(tmp_path):
    file = write(tmp_path / "methods" / "mine.py", own())
    roots.add([tmp_path])
    roots.add([file])
    assert "mine" in catalog.names("methods")
    assert catalog.path_of("methods", "mine") == file


def test_files_of_a_folder_import_each_other_relatively_and_all_count_in_the_digest(tmp_path):
    write(tmp_path / "mine.py", own("weight", "from .helpers import weight"))
    helper = write(tmp_path / "helpers.py", "weight = 2")
    roots.add([tmp_path])
    assert catalog.load("methods", "mine").loss.__globals__["weight"] == 2
    before = digest("mine")
    assert before == digest("mine") != digest("lsq")
    write(helper, "weight = 2  # twice as much")
    roots.forget()
    assert digest("mine") == before
    write(helper, "weight = 3")
    roots.forget()
    assert digest("mine") != before


def test_a_name_that_is_taken_is_refused_with_both_places(tmp_path):
    write(tmp_path / "lsq.py", own())
    roots.add([tmp_path])
    with pytest.raises(UsageError, match=r"two methods are called 'lsq': .*methods/lsq\.py and .*lsq\.py; rename"):
        catalog.names("methods")


def test_a_baseline_and_a_method_of_one_name_are_refused(tmp_path):
    write(tmp_path / "ridge.py", own())
    roots.add([tmp_path])
    with pytest.raises(UsageError, match=r"'ridge' is a method in .* and a baseline in"):
        catalog.row("ridge")


def test_a_file_that_is_no_python_is_one_line_with_its_place(tmp_path):
    file = write(tmp_path / "mine.py", "METHOD = Method(\nloss=,\n)")
    roots.add([tmp_path])
    with pytest.raises(UsageError, match=rf"^{file}, line 2: "):
        catalog.entry("methods", "mine")
    write(file, "METHOD = 3")
    roots.forget()
    with pytest.raises(UsageError, match=r"mine\.py, line 1: METHOD must be made by a call"):
        catalog.entry("methods", "mine")


@pytest.mark.parametrize(
    ("place", "said"), [("nowhere", "no such folder or file"), ("a.txt", "a folder of Python files")]
)
def test_a_place_that_is_none_is_refused(in_tmp, place, said):
    write(in_tmp / "a.txt", "")
    with pytest.raises(UsageError, match=said):
        roots.add([place])


def test_the_variable_names_places_too_and_workers_are_handed_all(tmp_path, monkeypatch):
    write(tmp_path / "one" / "mine.py", own())
    write(tmp_path / "two" / "far.py", own())
    monkeypatch.setenv("REGBENCH_PLUGINS", str(tmp_path / "one"))
    roots.add([tmp_path / "two"])
    handed = roots.added()
    assert {"mine", "far"} <= set(catalog.names("methods"))
    monkeypatch.delenv("REGBENCH_PLUGINS")
    roots.use(Added())
    assert not {"mine", "far"} & set(catalog.names("methods"))
    roots.use(handed)
    assert {"mine", "far"} <= set(catalog.names("methods"))


def test_what_comes_with_regbench_is_known_again_once_additions_are_gone(tmp_path):
    """It is not read again, which would take longer than most commands; what was added is, for its files may change."""
    roots.forget()
    plain = roots.generation()
    for _ in range(2):
        before = roots.generation()
        roots.add([tmp_path])
        assert roots.generation() not in {plain, before}
    roots.use(Added())
    assert roots.generation() == plain


def test_the_first_use_of_a_place_says_that_its_code_will_be_run(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(roots, "announce", said.append)
    for _ in range(2):
        roots.add([tmp_path])
    assert len(said) == 1
    assert said[0].startswith(f"{tmp_path}: used for the first time")


def test_an_installed_package_offers_its_folder(tmp_path, monkeypatch):
    write(tmp_path / "offering" / "__init__.py", "")
    write(tmp_path / "offering" / "methods" / "mine.py", own())
    about = tmp_path / "offering-1.0.dist-info"
    write(about / "METADATA", "Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n")
    write(about / "entry_points.txt", "[regbench.plugins]\noffering = offering\n")
    monkeypatch.syspath_prepend(tmp_path)
    roots._installed.cache_clear()
    roots.forget()
    assert "mine" in catalog.names("methods")
    assert catalog.module_of("methods", "mine") == "offering.methods.mine"
    assert catalog.load("methods", "mine").reference == "Nobody (2026)"
    assert digest("mine") != digest("lsq")


def test_a_table_of_ones_own_is_a_dataset(tmp_path):
    rows = "\n".join(f"{n * 2},{n * n % 7},{n % 3}" for n in range(40))
    file = write(tmp_path / "house.csv", f"a,b,price\n{rows}\n")
    roots.add(tables=[OwnTable("house.csv", str(file), ("price",))])
    assert "house.csv" in catalog.names("datasets")
    assert catalog.resolve("datasets", "house.csv") == "house.csv"
    entry = catalog.entry("datasets", "house.csv")
    assert (entry.arguments["inputs"], sum(entry.arguments["sizes"])) == (2, 40)
    assert catalog.load("datasets", "house.csv").digest == entry.arguments["digest"]
    roots.add(tables=[OwnTable("house.csv", str(file), ("b",))])
    assert catalog.load("datasets", "house.csv").target == "b"
