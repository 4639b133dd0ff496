"""Rewrite a traced loss so that it makes fewer passes over memory, with the same numbers bit for bit.

Autograd's trace of a small loss spends much of its time on what does not compute: multiplications by arrays of ones,
changes of sign of their own, copies, and a new array for every result. Only rewrites that are exact are made: constants
are computed once, equal factors become one number, and a result takes the memory of an operand that is not used again.
A graph with operations in place is left alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.fx.node import map_arg

aten = torch.ops.aten
SAME = {aten.detach.default, aten.alias.default}  # nothing is computed, and nobody writes
MADE = {  # the values do not depend on those of the operand
    aten.ones_like.default,
    aten.zeros_like.default,
    aten.full_like.default,
    aten.new_zeros.default,
    aten.new_ones.default,
    aten.new_full.default,
}
IN_PLACE = {  # element by element
    aten.add.Tensor: aten.add_.Tensor,
    aten.sub.Tensor: aten.sub_.Tensor,
    aten.mul.Tensor: aten.mul_.Tensor,
    aten.div.Tensor: aten.div_.Tensor,
    aten.pow.Tensor_Scalar: aten.pow_.Scalar,
    aten.clamp.default: aten.clamp_.default,
    aten.exp.default: aten.exp_.default,
    aten.log.default: aten.log_.default,
    aten.neg.default: aten.neg_.default,
    aten.abs.default: aten.abs_.default,
    aten.sigmoid.default: aten.sigmoid_.default,
    aten.tanh.default: aten.tanh_.default,
}
COMMUTATIVE = {aten.add.Tensor, aten.mul.Tensor}
MOST_BYTES = 1 << 14  # of a constant that is kept: a larger one would only take up cache


@dataclass(frozen=True)
class Value:
    """What is known of a node's result; `storage` identifies its memory."""

    shape: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype
    storage: int
    dense: bool  # no two elements share memory, and there are no gaps

    @classmethod
    def of(cls, tensor: Tensor) -> "Value":
        span = 1 + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride(), strict=True))
        dense = tensor.numel() > 0 and span == tensor.numel() == tensor.untyped_storage().nbytes() // tensor.itemsize
        return cls(tensor.shape, tensor.stride(), tensor.dtype, tensor.untyped_storage()._cdata, dense)

    def alike(self, other: "Value") -> bool:
        """Whether elements are in the same places."""
        return (self.shape, self.stride, self.dtype) == (other.shape, other.stride, other.dtype)


def simplify(module: GraphModule, inputs: Sequence[Tensor]) -> None:
    """Rewrite the graph of `module` for inputs of these shapes and strides."""
    if any(_is_mutable(node) for node in module.graph.nodes):
        return
    tensors = _run(module, inputs)
    _fold(module, tensors)
    _scale(module, tensors)
    module.graph.eliminate_dead_code()
    module.recompile()
    _reuse(module, {node: Value.of(tensor) for node, tensor in _run(module, inputs).items()})
    module.recompile()


def _is_mutable(node: Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable


def _run(module: GraphModule, inputs: Sequence[Tensor]) -> dict[Node, Tensor]:
    """The result of every node for these inputs. (Interpreter of torch imports torch._dynamo, which takes seconds.)"""
    results: dict[Node, Any] = {}
    given = iter(inputs)
    for node in module.graph.nodes:
        if node.op == "placeholder":
            results[node] = next(given)
        elif node.op == "get_attr":
            results[node] = getattr(module, str(node.target))
        elif node.op == "call_function":
            args, kwargs = map_arg((node.args, node.kwargs), results.__getitem__)
            results[node] = node.target(*args, **kwargs)
    return {node: result for node, result in results.items() if isinstance(result, Tensor)}


def _fold(module: GraphModule, tensors: dict[Node, Tensor]) -> None:
    """Compute once what does not depend on the inputs, and drop operations that compute nothing."""
    constant = {node for node in module.graph.nodes if node.op == "get_attr"}
    for node in list(module.graph.nodes):
        if node.op != "call_function":
            continue
        if node.target in SAME:
            node.replace_all_uses_with(node.args[0])
        elif node in tensors and (node.target in MADE or _depends_on(node, constant)):
            constant.add(node)
    for number, node in enumerate(constant):
        small = tensors[node].untyped_storage().nbytes() <= MOST_BYTES
        if node.op == "call_function" and small and any(user not in constant for user in node.users):
            name = f"folded_{number}"
            module.register_buffer(name, tensors[node])
            with module.graph.inserting_before(node):
                kept = module.graph.create_node("get_attr", name)
            tensors[kept] = tensors[node]
            node.replace_all_uses_with(kept)


def _depends_on(node: Node, some: set[Node]) -> bool:
    """Whether a node depends on these nodes alone, and so not on chance."""
    seeded = torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())
    return not seeded and bool(node.all_input_nodes) and all(operand in some for operand in node.all_input_nodes)


def _scale(module: GraphModule, tensors: dict[Node, Tensor]) -> None:
    """Make of products with equal numbers, and of changes of sign, one product with a number."""
    for node in list(module.graph.nodes):
        if node.op != "call_function" or node not in tensors or not tensors[node].is_floating_point():
            continue
        found = _factor(node, tensors)
        if found is None:
            continue
        operand, factor = found
        if not _is_alike(operand, node, tensors):
            continue
        before = _factor(operand, tensors) if len(operand.users) == 1 and operand.op == "call_function" else None
        if before and (_is_exact(factor) or _is_exact(before[1])) and _is_alike(before[0], node, tensors):
            operand, factor = before[0], before[1] * factor
        if factor == 1:
            node.replace_all_uses_with(operand)
            continue
        with module.graph.inserting_before(node):
            scaled = module.graph.call_function(aten.mul.Tensor, (operand, factor))
        tensors[scaled] = tensors[node]
        node.replace_all_uses_with(scaled)


def _factor(node: Node, tensors: dict[Node, Tensor]) -> tuple[Node, float] | None:
    """The operand and the number of which a node is the product; None if it is none."""
    if node.target == aten.neg.default:
        return _operand(node), -1.0
    if node.target == aten.pow.Tensor_Scalar and node.args[1] == 1:
        return _operand(node), 1.0
    if node.target not in (aten.mul.Tensor, aten.mul.Scalar):
        return None
    for which, other in ((0, 1), (1, 0)):
        given, operand = node.args[which], node.args[other]
        if not isinstance(operand, Node):
            continue
        if isinstance(given, int | float):
            return operand, float(given)
        if isinstance(given, Node) and given.op == "get_attr":
            values = tensors[given]
            if values.is_floating_point() and values.numel() and bool((values == values.reshape(-1)[0]).all()):
                return operand, float(values.reshape(-1)[0])
    return None


def _is_alike(operand: Node, node: Node, tensors: dict[Node, Tensor]) -> bool:
    """Whether an operand is as large as a result: a factor may also have enlarged it."""
    return operand in tensors and Value.of(tensors[operand]).alike(Value.of(tensors[node]))


def _operand(node: Node) -> Node:
    operand = node.args[0]
    assert isinstance(operand, Node)
    return operand


def _is_exact(factor: float) -> bool:
    """Whether multiplying by it never rounds: a power of two, or minus one."""
    return factor != 0 and math.isfinite(factor) and abs(math.frexp(factor)[0]) == 0.5


def _reuse(module: GraphModule, values: dict[Node, Value]) -> None:
    """Let results take the memory of an operand that nothing needs any more."""
    nodes = list(module.graph.nodes)
    memory = _Memory(values)
    for number, node in enumerate(nodes):
        for operand in node.all_input_nodes:
            memory.use(operand, number)
    kept = {memory.of(node) for node in nodes if node.op in ("placeholder", "get_attr") and node in values}
    for number, node in enumerate(nodes):
        if node.op != "call_function" or node.target not in IN_PLACE or node not in values:
            continue
        for place in (0, 1) if node.target in COMMUTATIVE and "alpha" not in node.kwargs else (0,):
            operand = node.args[place] if place < len(node.args) else None
            if not isinstance(operand, Node) or operand not in values:
                continue
            mine = memory.of(operand)
            others = [other for other in node.all_input_nodes if other is not operand and other in values]
            is_free = mine not in kept and memory.last[mine] == number and mine not in map(memory.of, others)
            if is_free and values[operand].dense and values[operand].alike(values[node]):
                if place:
                    node.args = (node.args[1], node.args[0])
                node.target = IN_PLACE[node.target]
                memory.join(node, mine, number)
                break


class _Memory:
    """The memory of every result, and the last operation that reads it."""

    def __init__(self, values: dict[Node, Value]) -> None:
        self.last: dict[int, int] = {}
        self._values = values
        self._taken: dict[int, int] = {}  # from -> to

    def of(self, node: Node) -> int:
        found = self._values[node].storage
        while found in self._taken:
            found = self._taken[found]
        return found

    def use(self, node: Node, number: int) -> None:
        if node in self._values:
            self.last[self.of(node)] = number

    def join(self, node: Node, storage: int, number: int) -> None:
        """From operation `number` on, a node's result lies in this memory."""
        own = self._values[node].storage
        self.last[storage] = self.last.get(own, number)
        self._taken[own] = storage
