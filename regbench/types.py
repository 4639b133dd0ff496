"""The types that methods and backbones are written with; they are independent of jobs, databases and epochs.

The shape letters of the whole package: J jobs, B batch, D inputs, H features, K outputs (bins), M target
dimensions, N rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from torch import Tensor
from torch.utils._pytree import register_pytree_node

from regbench.random import Stream

HParams = Mapping[str, Tensor]
Static = Mapping[str, int | float | str | bool]


@dataclass(frozen=True)
class HParam:
    """A float that jobs of one pack may differ in: its default, the range a sweep may search, and what is allowed.

    A value must be `least` or more, greater than `above` and less than `below`, as far as these are given. They are
    literals, for they are read without running the file.
    symbol: what tables and axes call it, such as λ_σ; without one, its name.
    """

    default: float
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "log"
    least: float | None = None
    above: float | None = None
    below: float | None = None
    symbol: str = ""


@dataclass(frozen=True)
class Params:
    """The method parameters of one model: those the optimiser trains, and those that stay as `init` made them."""

    trained: Mapping[str, Tensor] = field(default_factory=dict)
    fixed: Mapping[str, Tensor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Tensor:
        """The parameter of that name, trained or fixed."""
        return self.trained[name] if name in self.trained else self.fixed[name]


register_pytree_node(  # for vmap
    Params,
    lambda params: ([dict(params.trained), dict(params.fixed)], None),
    lambda leaves, _: Params(*leaves),
)


class Batch(NamedTuple):
    """The inputs of a loss, for one model."""

    y: Tensor  # (B, M), scaled
    outputs: Tensor  # (B, K)
    prediction: Tensor  # (B, M)
    z: Tensor  # (B, H), the features before the last layer
    rows: Tensor  # (B,), row numbers
    stream: Stream  # keyed by the job's seed and the step
    progress: Tensor  # (), fraction of the training done


class Rows(NamedTuple):
    """What is known of a batch before its last layer, for one model; the fields are those of `Batch`."""

    y: Tensor  # (B, M)
    rows: Tensor  # (B,)
    stream: Stream
    progress: Tensor  # ()


class Features(NamedTuple):
    """What a metric of features looks at, of one model in evaluation: N rows."""

    z: Tensor  # (N, H), the features before the last layer
    y: Tensor  # (N, M)
    prediction: Tensor  # (N, M)
    weight: Tensor  # (K, H), of the last layer


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number that says how good predictions, distributions or features are; all but `compute` are literals.

    label, symbol: as tables and as formulas have it.
    better: "low", "high", or the value that is best, such as the share of targets that an interval should hold.
    unit: "target" (what the target is measured in), "squared", "nats", "share" or "none".
    needs: "predictions"; "positive", which are predictions of targets that are all positive, and so not scaled; a
        "distribution", which is then a score of the methods that predict one; or "features".
    compute: (predictions (J, N, M), y (N, M)) -> (J,), float64; NaN where a prediction is not finite. Of features it
        is (features) -> (), float64; NaN where they are not finite or too alike.
    """

    label: str
    symbol: str
    better: Literal["low", "high"] | float
    unit: Literal["target", "squared", "nats", "share", "none"]
    needs: Literal["predictions", "positive", "distribution", "features"]
    reference: str
    compute: Callable[..., Tensor] | None = None


Score = Callable[[Params, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Method:
    """Pure functions of ONE model; a pack batches them over jobs with `torch.func.vmap`.

    outputs: (k, m) -> width of the last layer.
    init: (y_train (N, M) float64, k, hparams, static, stream) -> Params, float64; includes stage 1, if any.
    loss: (params, batch, hparams) -> (B,), one value per row; the caller averages. With `per_batch` (), one value for
        all rows together, whose rows cannot be weighted.
    predict: (params, outputs (B, K)) -> (B, M).
    hparams: floats, stacked over the jobs of a pack. The name `encoder_lr` is a factor on the learning rate of
        the method's own trained parameters.
    static: settings that change shapes or control flow; the same for all jobs of a head.
    encode: (params, y (B, M)) -> log ψ(y) (B, K), if the method encodes targets.
    decoder: params -> μ (K, M), if the prediction is a mean over it. Both are used for diagnostics of every epoch.
    scores: (params, outputs (B, K), y (B, M)) -> (B,), of the distribution that the method predicts, by the name of a
        metric ("crps", "nll", "coverage"): means over validation and test rows are kept of every epoch.
    uses_k: whether the number of bins matters; such a method needs k >= 2.
    cost: seconds on one core per training row that `init` takes to fit something first; an estimate for plans, used
        until the database knows.
    label, colour (#RRGGBB): how figures show it; without them, its name and a colour that follows from the name.
    """

    outputs: Callable[[int, int], int]
    init: Callable[[Tensor, int, HParams, Static, Stream], Params]
    loss: Callable[[Params, Batch, HParams], Tensor]
    predict: Callable[[Params, Tensor], Tensor]
    uses_k: bool
    reference: str
    hparams: Mapping[str, HParam] = field(default_factory=dict)
    static: Static = field(default_factory=dict)
    encode: Callable[[Params, Tensor], Tensor] | None = None
    decoder: Callable[[Params], Tensor] | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    per_batch: bool = False
    cost: float = 0.0
    label: str = ""
    colour: str = ""


def _nothing(*_: Any) -> Params:
    """The parameters of a regularizer that has none."""
    return Params()


@dataclass(frozen=True)
class Regularizer:
    """What is added to the training of any method, as pure functions of ONE model; written `lsq+rot[gamma=0.01]`.

    loss: (params, batch, hparams, static) -> (), a term of the loss, already multiplied by its weight. It may depend on
        all rows at once.
    init: (y_train (N, M) float64, H, hparams, static, stream) -> Params, float64. What is trained has the network's
        learning rate and weight decay.
    weigh: (params, rows, hparams, static) -> (B,), a factor of the method's loss of each row.
    transform: (params, z (B, H), rows, hparams, static) -> (B, H), what the last layer gets in training; in evaluation
        it gets z. `batch.z` is z before the transformation.
    after_epoch: (params, z_train (N, H), y_train (N, M), epoch, hparams, static) -> the fixed parameters, of the same
        shapes; z as in evaluation, the epoch counted from 1. They are part of checkpoints.
    on_host: whether a part of it runs outside torch, so that no CUDA graph can hold it.
    stream: `batch.stream` and `rows.stream` are the same one, and no other part of the job draws from it.
    hparams, static, reference, label: as for a `Method`.
    """

    reference: str
    loss: Callable[[Params, Batch, HParams, Static], Tensor] | None = None
    init: Callable[[Tensor, int, HParams, Static, Stream], Params] = _nothing
    weigh: Callable[[Params, Rows, HParams, Static], Tensor] | None = None
    transform: Callable[[Params, Tensor, Rows, HParams, Static], Tensor] | None = None
    after_epoch: Callable[[Params, Tensor, Tensor, int, HParams, Static], Mapping[str, Tensor]] | None = None
    hparams: Mapping[str, HParam] = field(default_factory=dict)
    static: Static = field(default_factory=dict)
    on_host: bool = False
    label: str = ""


@dataclass(frozen=True)
class Wrapper:
    """A method made from another method; written `lsq+multi_target[m=8]`.

    wrap: (method, static) -> the method that is trained.
    static: its settings and their defaults, as for a `Method`.
    """

    wrap: Callable[[Method, Static], Method]
    reference: str
    static: Static = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True)
class Keep:
    """The dropout masks of one layer: 0 for a dropped unit, 1 / (1 - p) for a kept one.

    masks: (U, B, H), one for each kind (seed and rate) in the pack.
    which, index: the kind of each job, on the host and on the device.
    scale: (J, 1, 1), each job's 1 / (1 - p).
    """

    masks: Tensor
    which: Sequence[int]
    scale: Tensor
    index: Tensor  # `which`, on the device

    def apply_(self, h_JBH: Tensor) -> Tensor:
        """Apply the masks to h (J, B, H) in place."""
        if len(self.masks) == 1:
            return h_JBH.mul_(self.masks)
        if h_JBH.device.type != "cpu":
            return h_JBH.mul_(self.stacked())
        for h, kind in zip(
            h_JBH, self.which, strict=True
        ):  # without copying the masks, which would not fit into the cache
            h.mul_(self.masks[kind])
        return h_JBH

    def stacked(self) -> Tensor:
        """The mask of each job: (J, B, H)."""
        return self.masks.index_select(0, self.index)


class Buffers(NamedTuple):
    """The tensors of one model of a pack, given once; their contents change from step to step."""

    weights: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]  # to be written
    inputs: Tensor  # (B, D...)
    masks: Sequence[Tensor]  # (B, H_l) for each layer with dropout: 0 or `scale`
    scale: float  # 1 / (1 - p)
    z: Tensor  # (B, H), to be written


class Single(Protocol):
    """A backbone with the tensors of one model, for CPUs; see `Backbone.single`."""

    def forward(self) -> None:
        """Compute the features of the inputs under the masks, into z."""

    def backward(self, dz: Tensor, /) -> None:
        """Compute the gradients of the weights from dz (B, H), which may be overwritten as activations may."""


@dataclass(frozen=True)
class LastLayer:
    """The last layer of a backbone that has one of its own, as pure functions of ONE model.

    init: (H, K, stream) -> weight and bias by these names, float64.
    apply: (z (..., H), weight, bias) -> outputs (..., K).
    matrix: weight -> (R, H), all directions of features that it looks at.
    """

    init: Callable[[int, int, Stream], dict[str, Tensor]]
    apply: Callable[[Tensor, Tensor, Tensor], Tensor]
    matrix: Callable[[Tensor], Tensor]


Forward = Callable[[Mapping[str, Tensor], Tensor, "list[Keep] | None", Static], tuple[Tensor, Any]]


@dataclass(frozen=True)
class Backbone:
    """The network up to the features z, explicitly batched over jobs: weights (J, ...).

    init: (input shape, options, stream) -> weights of one model, float64.
    forward: (weights (J, ...), x (J, B, D...), keep, options) -> (z (J, B, H), saved). `keep` is None in
        evaluation, else the masks of each dropout layer. `backward` may overwrite what `saved` holds.
    backward: (weights, saved, dz (J, B, H)) -> gradients of the weights; `dz` may be overwritten. Without it `forward`
        is differentiated by autograd, and what it saves is not used.
    buffers: (input shape, options) -> tensors of one model that belong to it and are not trained, such as the running
        statistics of batch normalisation, float64. `forward` finds them among the weights by their names, stacked too;
        in training it may change them in place, and they are kept with the weights.
    fitted: (training inputs (N, D) float64, options) -> more such tensors, made from the training rows, such as the
        edges of bins. All models of a pack have the same rows.
    dropped: (options) -> widths H_l of the layers with dropout, in order.
    features: (options) -> H.
    head: its own last layer; without one it is a linear layer.
    members: (options) -> how many networks with shared weights it holds; z is then what each gives, one after the
    other.
        Each has a last layer and a loss of its own, and the prediction is the mean of theirs (`training.members`).
    dense: whether it gives features of places of an image, z (J, B, h, w, H), whose targets are maps (J, B, h, w, M).
        Methods and regularizers see pixels as rows, R = B h w; of these, regularizers see some that are drawn.
    cost: for estimates, of networks that are not layers of one width: `seconds` per training row on one core, `floats`
        of activations per row (three times that in training, twice in evaluation), and the number of `weights`, at the
        default options; `values` of the input, if the first two grow with them, else 0. With an option `width` floats
        grow in proportion, seconds and weights with its square; with the options named in `by` seconds and floats grow
        in proportion.
    single: (options, buffers) -> the same network for one model at a time, where that is faster on a CPU. It must
        give the numbers of `forward` and `backward`, bit for bit.
    images: whether its inputs are images (C, height, width) and not columns.
    """

    init: Callable[[tuple[int, ...], Static, Stream], dict[str, Tensor]]
    forward: Forward
    dropped: Callable[[Static], list[int]]
    features: Callable[[Static], int]
    hparams: Mapping[str, HParam]
    options: Static
    reference: str
    backward: Callable[[Mapping[str, Tensor], Any, Tensor], dict[str, Tensor]] | None = None
    buffers: Callable[[tuple[int, ...], Static], dict[str, Tensor]] | None = None
    fitted: Callable[[Tensor, Static], dict[str, Tensor]] | None = None
    cost: Mapping[str, Any] = field(default_factory=dict)
    single: Callable[[Static, Buffers], Single] | None = None
    images: bool = False
    head: LastLayer | None = None
    members: Callable[[Static], int] | None = None
    dense: bool = False
