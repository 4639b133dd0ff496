"""YAML with the line number of every entry."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from regbench.errors import UsageError

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Marked:
    """Plain data from a YAML file, and the line of every entry."""

    source: str  # the file as messages name it
    data: dict[str, Any]
    lines: dict[Place, int]

    def wrong(self, message: str, *place: str | int) -> UsageError:
        """The error that names file, line and entry: `benchmarks.yaml:7, bridges.methods[3]: ...`."""
        known = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in self.lines), ())
        line = f":{self.lines[known]}" if known else ""
        return UsageError(f"{self.source}{line}{', ' if place else ''}{spell(place)}: {message}")


class Loader(yaml.SafeLoader):
    """SafeLoader that also reads `1e-3` as a number, as YAML 1.2 does."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read(path: Path, source: str) -> Marked:
    """The file's entries; `UsageError` where it is not YAML, not a mapping, or has a key twice."""
    try:
        loader = Loader(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{source} cannot be read: {error}") from None
    try:
        node = loader.get_single_node()
        if node is None:
            return Marked(source, {}, {})
        lines: dict[Place, int] = {}
        _walk(node, (), lines, source)
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        hint = "; a method with brackets stands on its own line or in quotes" if _is_bracket(error) else ""
        raise UsageError(f"{source}{line}: not YAML: {error.problem}{hint}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{source}: not YAML: {str(error).splitlines()[0]}") from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise UsageError(f"{source}:1: must be names of benchmarks, each with its fields, not a {type(data).__name__}")
    return Marked(source, {str(name): value for name, value in data.items()}, lines)


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
