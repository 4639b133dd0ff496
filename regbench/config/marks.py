"""YAML with the line number of every entry."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from regbench.errors import UsageError

Place = tuple[str | int, ...]


BOOL = "tag:yaml.org,2002:bool"
LONGEST = 1_000_000  # characters of a file
DEEPEST = 20
MOST_ENTRIES = 50_000


class NotReadable(Exception):
    """A YAML text with a value that cannot be read, or one that is too large."""


@dataclass(frozen=True)
class Marked:
    """Plain data from a YAML file, and the line of every entry."""

    source: str  # the file as messages name it
    data: dict[str, Any]
    lines: dict[Place, int]
    folder: Path = Path()  # of the file, which paths in it are relative to

    def wrong(self, message: str, *place: str | int) -> UsageError:
        """The error that names file, line and entry: `benchmarks.yaml:7, bridges.methods[3]: ...`."""
        known = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in self.lines), ())
        line = f":{self.lines[known]}" if known else ""
        return UsageError(f"{self.source}{line}{', ' if place else ''}{spell(place)}: {message}")


class Loader(yaml.SafeLoader):
    """SafeLoader that reads `1e-3` as a number, and `no`, `yes`, `on`, `off` as words, as YAML 1.2 does."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - how PyYAML has it
        first: [pair for pair in pairs if pair[0] != BOOL]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


Loader.add_implicit_resolver(BOOL, re.compile("(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read(path: Path, source: str) -> Marked:
    """The file's entries; `UsageError` where it is not YAML, not a mapping, or has a key twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{source} cannot be read: {error}") from None
    if len(text) > LONGEST:
        raise UsageError(f"{source}: has {len(text):,} characters, and a file of benchmarks at most {LONGEST:,}")
    lines: dict[Place, int] = {}
    try:
        data = construct(text, lambda node: _walk(node, (), lines, source))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        hint = "; a method with brackets stands on its own line or in quotes" if _is_bracket(error) else ""
        raise UsageError(f"{source}{line}: not YAML: {error.problem}{hint}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{source}: not YAML: {str(error).splitlines()[0]}") from None
    except NotReadable as error:
        raise UsageError(f"{source}: {error}") from None
    if data is None:
        return Marked(source, {}, {}, path.parent)
    if not isinstance(data, dict):
        raise UsageError(f"{source}:1: must be names of benchmarks, each with its fields, not a {type(data).__name__}")
    return Marked(source, {str(name): value for name, value in data.items()}, lines, path.parent)


def construct(text: str, look: Callable[[Node], None] = lambda _node: None) -> Any:
    """The data of a YAML text, after `look` has seen its root; None where it is empty.

    Raises:
        yaml.YAMLError: the text is not YAML.
        NotReadable: a value of it cannot be read, or it is too large or too deep.
    """
    try:
        loader = Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _measure(node, [0], 0)
            look(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except RecursionError:
        raise NotReadable(f"is nested more than {DEEPEST} deep") from None
    except IndexError:
        raise NotReadable("a value cannot be read: it is empty") from None  # such as !!int
    except (ValueError, OverflowError, KeyError, AttributeError, TypeError) as error:  # such as 2001-99-99 or !!int x
        raise NotReadable(
            f"a value cannot be read: {str(error).splitlines()[0] if str(error) else 'it is empty'}"
        ) from None


def _measure(node: Node, seen: list[int], depth: int) -> None:
    """Refuse what is too large or too deep once its aliases are written out; an alias inside itself is too deep."""
    seen[0] += 1
    if depth > DEEPEST:
        raise NotReadable(f"is nested more than {DEEPEST} deep, or an alias stands inside itself")
    if seen[0] > MOST_ENTRIES:
        raise NotReadable(f"has more than {MOST_ENTRIES:,} entries, with its aliases written out")
    if isinstance(node, SequenceNode | MappingNode):
        for item in node.value:
            for part in item if isinstance(item, tuple) else (item,):
                _measure(part, seen, depth + 1)


def spell(place: Place) -> str:
    """A place as messages show it.

    >>> spell(("bridges", "methods", 3))
    'bridges.methods[3]'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def _walk(node: Node, place: Place, lines: dict[Place, int], source: str) -> None:
    lines[place] = node.start_mark.line + 1
    if isinstance(node, SequenceNode):
        for position, item in enumerate(node.value):
            _walk(item, (*place, position), lines, source)
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise UsageError(f"{source}:{key.start_mark.line + 1}: a name must be a word, not a list or a mapping")
            if key.value in seen:
                raise UsageError(f"{source}:{key.start_mark.line + 1}, {spell((*place, key.value))}: named twice")
            seen.add(key.value)
            _walk(value, (*place, key.value), lines, source)
            lines[*place, key.value] = key.start_mark.line + 1


def _is_bracket(error: yaml.MarkedYAMLError) -> bool:
    return "flow sequence" in f"{error.context}" or "'['" in f"{error.problem}"
