"""All known benchmarks: those shipped inside the package and those of the user's file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from regbench import roots, variants
from regbench.config.benchmark import Benchmark, Choosing, expand, together
from regbench.config.checks import (
    check_also,
    check_choice,
    check_decide,
    check_schedule,
    check_sweep,
    undecided,
    unscheduled,
)
from regbench.config.commands import add_commands
from regbench.config.marks import Marked, NotReadable, construct, read
from regbench.config.names import resolve_among
from regbench.config.own import AD_HOC, ADDED, NOTHING, Own, ad_hoc, check_ad_hoc, read_own, with_own
from regbench.config.protocol import read_overrides
from regbench.config.spec import Spec, read_spec
from regbench.config.suites import NONE, added
from regbench.errors import UsageError, WrongValueError, did_you_mean
from regbench.paths import named
from regbench.roots import PACKAGE

USER_FILE = Path("benchmarks.yaml")
PLUGINS = "plugins"  # field of a benchmark file: folders with the user's own methods, datasets, ...
SHOWN = 60  # characters of a wrong value in a message
SHIPPED = PACKAGE / "benchmarks"


@dataclass(frozen=True)
class Benchmarks:
    """Every benchmark by name; `own` are those of the user's file, in its order."""

    specs: Mapping[str, Spec]
    own: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Every name: the user's in the order of the file, then the shipped ones."""
        return [*self.own, *(name for name in self.specs if name not in self.own)]

    def description(self, name: str) -> str:
        """The one-sentence description of a benchmark."""
        return self.specs[name].description

    def get(self, name: str) -> Benchmark:
        """The benchmark of that name, or a variant of one: `bridges-fixed[epochs=20]`."""
        return self.variant(name, {})

    def variant(self, name: str, overrides: Mapping[str, Any], own: Own = NOTHING) -> Benchmark:
        """A benchmark with protocol fields replaced, or with what the user adds to its grid; the name says which.

        `smoke[epochs=3]`, `smoke[data=house.csv]`, `smoke[method=mine,seed=2-5]`; the benchmark itself where nothing
        changes.
        """
        base, named, said = self._split(name)
        given, own = {**named, **overrides}, said + own
        full, spec = self._spec(base, given, own)
        if swept := next((field for stage in spec.sweep for field in stage.axes if field in given), None):
            raise UsageError(f"{full}: it tries values of {swept}, so {swept} cannot be set")
        listed = NONE if own.tables else added(spec.datasets)
        spec = spec.model_copy(update={"datasets": list(listed.names)})
        full, spec = with_own(full, spec, own)
        if base == AD_HOC:
            check_ad_hoc(spec)
        made = expand(full, spec)
        made = replace(made, notes=(*made.notes, *listed.notes))
        if spec.also:
            made = together(made, [self.variant(other, given, own) for other in spec.also])
        if spec.choose is None:
            return made
        sources = tuple(self.variant(source, given, own.without_seeds()) for source in spec.choose.sources)
        chosen_on = {seed for source in sources for job in source.whole for seed in (job.seed,)}
        if both := sorted(chosen_on & set(own.seeds)):
            raise UsageError(f"{full}: its values are chosen on seed {both[0]}, which therefore cannot be reported")
        wrote = {"from": [source.name for source in sources], "by": spec.choose.by}
        return replace(made, choose=Choosing(spec.choose.by, sources), config={**made.config, "choose": wrote})

    def _spec(self, base: str, given: Mapping[str, Any], own: Own) -> tuple[str, Spec]:
        if base == AD_HOC and base not in self.specs:
            full, spec = base, ad_hoc(own)
        else:
            full = resolve_among("benchmark", base, self.names())
            spec = self.specs[full]
        checked = read_overrides(dict(given), f"{full}, protocol").model_dump(exclude_none=True)
        usual = spec.protocol.model_dump(exclude_none=True)
        changed = {key: value for key, value in sorted(checked.items()) if usual.get(key) != value}
        if not changed:
            return full, spec
        protocol = spec.protocol.model_copy(update=changed)
        made = spec.model_copy(update={"protocol": protocol})
        if wrong := undecided(made):
            raise UsageError(f"{variants.write(full, changed)}, protocol decide: {wrong}")
        if unmatched := unscheduled(made):
            raise UsageError(f"{variants.write(full, changed)}, protocol: {unmatched[1]}")
        return variants.write(full, changed), made

    def _split(self, name: str) -> tuple[str, dict[str, Any], Own]:
        """The benchmark that a name is a variant of, the fields of its protocol, and what is added to its grid."""
        try:
            part = variants.read_part(name)
        except WrongValueError as error:
            raise UsageError(str(error)) from None
        fields = {key: yaml_value(text) for key, text in part.settings if key not in ADDED}
        return part.name, fields, read_own(part.settings)


def load(path: Path | None = None) -> Benchmarks:
    """The shipped benchmarks and those of `path`, by default ./benchmarks.yaml where there is one.

    Raises:
        UsageError: a wrong name or value anywhere in the file, with line, entry and nearest name.
    """
    shipped = dict(_shipped(roots.generation()))
    user = path if path is not None else USER_FILE if USER_FILE.is_file() else None
    if user is None:
        return Benchmarks(shipped)
    marked = read(user, user.name if user.parent == Path() else str(user))
    _look_into_plugins(marked, user.parent)
    add_commands(marked)
    own = _resolve([marked], shipped)
    return Benchmarks({**shipped, **own}, own=tuple(own))


def _look_into_plugins(marked: Marked, folder: Path) -> None:
    """Add the folders that a file names under `plugins:` to the catalog; paths are relative to the file."""
    given = marked.data.pop(PLUGINS, [])
    places = given if isinstance(given, list) else [given]
    for position, place in enumerate(places):
        if not isinstance(place, str):
            raise marked.wrong(f"must be a folder or a Python file, not {place!r}", PLUGINS, position)
        try:
            roots.add([folder / named(place)], source="plugins")
        except UsageError as error:
            raise marked.wrong(str(error), PLUGINS, *([position] if isinstance(given, list) else [])) from None


def yaml_value(text: str) -> Any:
    """A value as YAML reads it: `20` is a number, `per_seed` a string.

    >>> yaml_value("1e-3"), yaml_value("20"), yaml_value("per_seed")
    (0.001, 20, 'per_seed')
    """
    try:
        return construct(text)
    except (yaml.YAMLError, NotReadable) as error:
        why = str(error).splitlines()[0]
        raise UsageError(f"{text[:SHOWN]!r} is no value: {getattr(error, 'problem', None) or why}") from None


@cache
def _shipped(_generation: int) -> Mapping[str, Spec]:
    """The shipped benchmarks; what their names mean depends on the catalog, and so on what was added to it."""
    return _resolve(_shipped_files(), {})


@cache
def _shipped_files() -> list[Marked]:
    return [read(path, f"regbench/benchmarks/{path.name}") for path in sorted(SHIPPED.glob("*.yaml"))]


def _resolve(files: list[Marked], known: Mapping[str, Spec]) -> dict[str, Spec]:
    """Every entry of the files, completed from the one it extends; its own name then means the shipped benchmark."""
    where = {name: marked for marked in files for name in marked.data}
    read_in = {name: read_spec(marked, name) for name, marked in where.items()}
    for name, marked in where.items():
        if not name or set(name) & set("[],= "):
            raise marked.wrong("a benchmark's name has no blanks, commas, brackets or =", name)

    def whole(name: str, above: tuple[str, ...] = ()) -> Spec:
        spec, marked = read_in[name], where[name]
        if spec.extends is None:
            return spec
        choices = [other for other in {**read_in, **known} if other != name or name in known]
        try:
            base = resolve_among("benchmark", spec.extends, choices)
        except UsageError:
            near = did_you_mean(spec.extends, choices)
            raise marked.wrong(f"no benchmark called '{spec.extends}'{near}", name, "extends") from None
        if base in above:
            raise marked.wrong(f"goes in a circle: {' → '.join([*above, name, base])}", name, "extends")
        if base != name and base in read_in:
            return _merge(whole(base, (*above, name)), spec)
        return _merge(known[base], spec)

    complete = {name: whole(name) for name in read_in}
    for name, spec in complete.items():
        for field in ("datasets", "methods"):
            if not getattr(spec, field):
                raise where[name].wrong(f"names no {field}, so there is nothing to run", name)
        if not spec.k and (needy := next((variant for variant in spec.variants if variant.uses_k), None)):
            raise where[name].wrong(f"names no k, and {needy.label} needs one, such as `k: [25]`", name)
    for name, spec in complete.items():
        check_sweep(where[name], name, spec)
        check_decide(where[name], name, spec)
        check_schedule(where[name], name, spec)
    everything = {**known, **complete}
    joined = {name: check_also(where[name], name, spec, everything) for name, spec in complete.items()}
    return {name: check_choice(where[name], name, spec, everything) for name, spec in joined.items()}


def _merge(base: Spec, child: Spec) -> Spec:
    """The base's fields, replaced by the child's; protocol and backbones are merged field by field."""
    update = {field: getattr(child, field) for field in child.model_fields_set}
    changed = [field for field in Spec.model_fields if field in update and field != "extends"]
    if changed and "description" not in changed:
        update["description"] = f"{child.extends} with other {', '.join(changed)}."
    protocol = base.protocol.model_copy(update=child.protocol.model_dump(exclude_none=True))
    backbones = {
        name: {**base.backbones.get(name, {}), **child.backbones.get(name, {})}
        for name in [*base.backbones, *child.backbones]
    }
    return base.model_copy(update={**update, "protocol": protocol, "backbones": backbones})
