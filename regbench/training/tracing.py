"""Trace a function of tensors: the operations it performs become a flat function, without vmap and autograd.

`torch.fx.experimental.proxy_tensor.make_fx` does this too, but it imports torch._dynamo, and with it sympy: that takes
longer than all the rest of a worker's start.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, GraphModule, Node
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.weak import WeakTensorKeyDictionary

DETACH = torch.ops.aten.detach.default
LIFT, LIFT_COPY = torch.ops.aten.lift_fresh.default, torch.ops.aten.lift_fresh_copy.default


def trace(function: Callable[..., Sequence[Tensor]], inputs: Sequence[Tensor]) -> GraphModule:
    """A module that repeats the operations of `function(*inputs)` in their order, also on other inputs.

    Tensors that are not inputs, and that no operation made, are its constants. What Python decides, such as by a shape,
    is decided once, here.

    Raises:
        RuntimeError: the function reads a value that depends on its inputs, as `.item()` and `if` do.
    """
    recorder = _Recorder(inputs)
    with recorder:
        results = function(*inputs)
    recorder.graph.output([recorder.node(tensor) for tensor in results])
    _drop_detached(recorder.graph)
    return GraphModule(recorder.constants, recorder.graph)


def _drop_detached(graph: Graph) -> None:
    """Use a tensor itself where its detached twin was recorded: without autograd they differ in nothing."""
    if any(torch.Tag.inplace_view in getattr(node.target, "tags", ()) for node in graph.nodes):
        return  # an operation that gives one of them another shape in place must leave the other as it is
    for node in graph.find_nodes(op="call_function", target=DETACH):
        node.replace_all_uses_with(node.args[0])
        graph.erase_node(node)


class _Recorder(TorchDispatchMode):
    """Records operations in a graph. It sees them below vmap and autograd, on plain tensors."""

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        super().__init__()
        self.graph = Graph()
        self.constants: dict[str, Tensor] = {}
        self._nodes = WeakTensorKeyDictionary()  # weak, so that tensors are freed as without a recorder
        self._fixed = WeakTensorKeyDictionary()  # the tensors that do not depend on the inputs
        for number, tensor in enumerate(inputs):
            self._nodes[tensor] = self.graph.placeholder(f"input_{number}")

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False, or torch would import torch._dynamo at the first operation, to keep it from compiling this class."""
        return False

    def node(self, tensor: Tensor) -> Node:
        """The node that stands for a tensor; a tensor that nobody recorded is a constant."""
        if tensor not in self._nodes:
            name = f"constant_{len(self.constants)}"
            self.constants[name] = tensor
            self._keep(tensor, self.graph.create_node("get_attr", name), fixed=True)
        return self._nodes[tensor]

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        fixed = torch.Tag.nondeterministic_seeded not in func.tags and all(map(self._is_fixed, tensors))
        if torch.Tag.data_dependent_output in func.tags:
            if not fixed:
                raise RuntimeError(f"{func} reads a value that depends on the data")
            return func(*args, **kwargs)
        if func is LIFT:  # of `torch.tensor(0.5)`: each run gets a tensor of its own, for it may change it in place
            func = LIFT_COPY
        node = self.graph.call_function(func, *tree_map_only(Tensor, self.node, (args, kwargs)))
        result = func(*args, **kwargs)
        if func._schema.is_mutable and not fixed:
            self._fixed.clear()  # any of them may be a view of what has changed
        self._keep(result, node, fixed=fixed)
        return result

    def _is_fixed(self, tensor: Tensor) -> bool:
        return tensor in self._fixed or tensor not in self._nodes

    def _keep(self, result: Any, node: Node, *, fixed: bool) -> None:
        """Note the node of a tensor, or of each tensor in a list or tuple."""
        if isinstance(result, Tensor):
            self._nodes[result] = node
            if fixed:
                self._fixed[result] = True
        elif isinstance(result, list | tuple):
            for index, item in enumerate(result):
                self._keep(item, self.graph.call_function(operator.getitem, (node, index)), fixed=fixed)
