"""Reference training loops in plain PyTorch, one `nn.Module` per job, with the same mathematics as ours.

They start from the weights of a packed model, so that a test can compare the losses of both.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from regbench.backbones.cnn import CHANNELS, KERNEL
from regbench.job import Job
from regbench.training.pack import Model

Loss = Callable[[Tensor, Tensor], Tensor]


def lsq(outputs: Tensor, y: Tensor) -> Tensor:
    """Least squares: outputs and targets (B, 1) -> the mean over the batch."""
    return functional.mse_loss(outputs, y)


class LsqSoftmax(nn.Module):
    """Least squares on the mean of the predicted distribution over trained values."""

    def __init__(self, mu: Tensor) -> None:
        super().__init__()
        self.mu = nn.Parameter(mu)

    def forward(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Mean loss of a batch: outputs (B, K), targets (B, 1)."""
        return functional.mse_loss(outputs.softmax(-1) @ self.mu, y)


class HardBinning(nn.Module):
    """Cross-entropy with the nearest centre as the class."""

    def __init__(self, centres: Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres.mT)
        self.centres: Tensor

    def forward(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Mean loss of a batch: outputs (B, K), targets (B, 1)."""
        return functional.cross_entropy(outputs, (y - self.centres).abs().argmin(-1))


class SoftBinning(nn.Module):
    """KL divergence to soft targets, Gaussian in the distance to the bin centres."""

    def __init__(self, centres: Tensor, sigma: Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres.mT)
        self.centres: Tensor
        self.double_variance = 2 * float(sigma) ** 2

    def forward(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Mean loss of a batch: outputs (B, K), targets (B, 1)."""
        psi = functional.softmax(-((y - self.centres) ** 2) / self.double_variance, dim=-1)
        return functional.kl_div(functional.log_softmax(outputs, dim=-1), psi, reduction="batchmean")


class PretrainedEncoder(nn.Module):
    """KL divergence to soft targets from a fixed affine encoder."""

    def __init__(self, w_lin: Tensor, w_bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("w_lin", w_lin)
        self.register_buffer("w_bias", w_bias)
        self.w_lin: Tensor
        self.w_bias: Tensor

    def forward(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Mean loss of a batch: outputs (B, K), targets (B, 1)."""
        psi = functional.softmax(y @ self.w_lin + self.w_bias, dim=-1)
        return functional.kl_div(functional.log_softmax(outputs, dim=-1), psi, reduction="batchmean")


class End2End(nn.Module):
    """Autoencoding, classification and regression in one loss, the encoder and the decoder trained with the network."""

    def __init__(self, trained: Mapping[str, Tensor], weights: Mapping[str, float]) -> None:
        super().__init__()
        self.w_lin = nn.Parameter(trained["w_lin"])
        self.w_bias = nn.Parameter(trained["w_bias"])
        self.mu = nn.Parameter(trained["mu"])
        self.weights = weights

    def forward(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Mean loss of a batch: outputs (B, K), targets (B, 1)."""
        log_psi = functional.log_softmax(y @ self.w_lin + self.w_bias, dim=-1)
        psi = log_psi.exp()
        entropy = -(psi * log_psi).sum(-1).mean()
        auto = functional.mse_loss(psi @ self.mu, y) + self.weights["alpha"] * entropy
        log_pi = functional.log_softmax(outputs, dim=-1)
        kl = functional.kl_div(log_pi, log_psi, reduction="batchmean", log_target=True)
        error = functional.mse_loss(functional.softmax(outputs, dim=-1) @ self.mu, y)
        return self.weights["lambda_auto"] * auto + self.weights["lambda_kl"] * kl + self.weights["lambda_pred"] * error


LOSSES: Mapping[str, Callable[[Mapping[str, Tensor], Mapping[str, float]], Loss]] = {
    "lsq": lambda _values, _hparams: lsq,
    "lsq_softmax": lambda values, _hparams: LsqSoftmax(values["mu"]),
    "hard_binning": lambda values, _hparams: HardBinning(values["centres"]),
    "soft_binning": lambda values, _hparams: SoftBinning(values["centres"], values["sigma"]),
    "pretrained_encoder": lambda values, _hparams: PretrainedEncoder(values["w_lin"], values["w_bias"]),
    "end2end": End2End,
}


def mlp(inputs: int, outputs: int, *, layers: int, width: int, dropout: float) -> nn.Sequential:
    """The MLP: linear, ReLU and dropout for every hidden layer, and the last layer."""
    parts: list[nn.Module] = []
    for fan_in in [inputs, *[width] * (layers - 1)]:
        parts += [nn.Linear(fan_in, width), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*parts, nn.Linear(width, outputs))


def cnn(shape: tuple[int, int, int], outputs: int, *, width: int, dropout: float) -> nn.Sequential:
    """The CNN: three convolutions with pooling between them, two linear layers with dropout, and the last layer."""
    parts: list[nn.Module] = []
    for layer, (into, channels) in enumerate(zip([shape[0], *CHANNELS], CHANNELS, strict=False)):
        parts += [nn.AvgPool2d(2)] if layer else []
        parts += [nn.Conv2d(into, channels, KERNEL, padding=KERNEL // 2), nn.ReLU()]
    parts.append(nn.Flatten())
    for fan_in in (CHANNELS[-1] * (shape[1] // 4) * (shape[2] // 4), width):
        parts += [nn.Linear(fan_in, width), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*parts, nn.Linear(width, outputs))


class PlainTraining:
    """One job as a researcher trains it: network, loss, `torch.optim.Adam`, `OneCycleLR`, `clip_grad_norm_`."""

    def __init__(self, job: Job, network: nn.Module, loss: Loss, *, steps: int) -> None:
        protocol = job.protocol
        self.job = job
        self.network = network
        self.loss = loss
        groups = [
            {"params": list(network.parameters()), "lr": protocol.learning_rate, "weight_decay": protocol.weight_decay}
        ]
        own = list(loss.parameters()) if isinstance(loss, nn.Module) else []
        if own:
            rate = protocol.learning_rate * dict(job.hparams).get("encoder_lr", 1.0)
            groups.append({"params": own, "lr": rate, "weight_decay": protocol.encoder_weight_decay})
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = torch.optim.Adam(groups)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            max_lr=[group["lr"] for group in groups],
            total_steps=steps,
            pct_start=protocol.warmup,
            div_factor=protocol.initial_division,
            final_div_factor=protocol.final_division,
            cycle_momentum=False,
        )

    @classmethod
    def of(cls, model: Model, row: int = 0, *, steps: int) -> Self:
        """The job in a row of a packed model, starting from its weights; `steps` is the total number of steps."""
        job = model.jobs[row]
        part = next(part for part in model.heads if part.head.jobs.start <= row < part.head.jobs.stop)
        inside = row - part.head.jobs.start
        trunk = {name: tensor[row].clone() for name, tensor in model.trunk.views.items()}
        last = {name: tensor[inside].clone() for name, tensor in part.linear.views.items()}
        values = {name: tensor[inside].clone() for name, tensor in {**part.head.fixed, **part.trained_views}.items()}
        return cls(job, network(job, trunk, last), LOSSES[job.method](values, dict(job.hparams)), steps=steps)

    def step(self, x: Tensor, y: Tensor) -> float:
        """One step on a batch; returns its loss."""
        self.optimizer.zero_grad()
        loss = self.loss(self.network(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.job.protocol.clip)
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    def epoch(self, batches: Iterable[Any]) -> float:
        """Train on batches (x, y); returns the mean loss."""
        self.network.train()
        losses = [self.step(x, y) for x, y in batches]
        return sum(losses) / len(losses)


def network(job: Job, trunk: Mapping[str, Tensor], last: Mapping[str, Tensor]) -> nn.Sequential:
    """The job's network as modules, with these weights of one model."""
    options: dict[str, Any] = dict(job.options)
    outputs = last["weight"].shape[1]
    if job.backbone == "cnn":
        side = int((trunk["linear0.weight"].shape[0] / CHANNELS[-1]) ** 0.5) * 4
        shape = (trunk["convolution0.weight"].shape[1], side, side)
        made = cnn(shape, outputs, width=options["width"], dropout=job.protocol.dropout)
    else:
        inputs = trunk["0.weight"].shape[0]
        made = mlp(inputs, outputs, layers=options["layers"], width=options["width"], dropout=job.protocol.dropout)
    weights = [*trunk.values(), *last.values()]
    for parameter, weight in zip(made.parameters(), weights, strict=True):
        own = weight.mT if weight.ndim == 2 and len(parameter.shape) == 2 else weight  # nn.Linear stores the transpose
        parameter.data = own.reshape(parameter.shape).contiguous()
    return made


def loader(x: Tensor, y: Tensor, batch_size: int) -> DataLoader[tuple[Tensor, ...]]:
    """A shuffling DataLoader that drops the last partial batch."""
    return DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True, drop_last=True)


def indexed(x: Tensor, y: Tensor, batch_size: int) -> Iterable[tuple[Tensor, Tensor]]:
    """The same batches without a DataLoader: indexing in a random order."""
    order = torch.randperm(len(x))
    for start in range(0, len(x) - batch_size + 1, batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]
