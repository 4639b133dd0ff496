"""The gradients of a step on a CPU: each model forward through its layers, the heads together, each model back.

A pack as a whole does not fit into a core's cache, one model does: its batch goes through all layers at once, in
buffers that are made once, and a gradient is written where the optimiser reads it. The losses of a head are computed
for all of its jobs together, because their arrays are small and their operations many.

Measured with five MLPs of 2 x 128 and 25 bins on a core with 1 MB of cache: the products with what belongs to them take
0.97 of the time of the batched ones at a batch of 256, 0.93 at 512 and 0.89 at 1024; blocks of two or three models take
as long. The losses model by model take 1.5 times as long as together at 256, 1.3 at 512 and 1.05 at 1024.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from regbench.tasks.resident import Resident
from regbench.training.dropout import Dropout, MaskBuffers
from regbench.training.pack import HeadPart, Model
from regbench.types import Buffers, Single


@dataclass(frozen=True)
class Last:
    """The last layer of a head's jobs, one after the other; the numbers are those of `narrow` and its gradient.

    jobs: for each, z (B, H), the weight (H, K) and the gradient's product (K, H), and their transposed views.
    outputs: (J, B, K), stored output by output.
    """

    part: HeadPart
    z: Tensor  # (J, B, H)
    outputs: Tensor  # (J, K, B), or (J, B, 1)
    product: Tensor  # (J, K, H)
    dz: Tensor  # (B, H), of one job at a time

    @classmethod
    def of(cls, part: HeadPart, z: Tensor, dz: Tensor) -> "Last":
        weight = part.linear.views["weight"]
        jobs, features, width = weight.shape
        outputs = z.new_empty(jobs, width, z.shape[1])
        return cls(part, z, outputs, z.new_empty(jobs, width, features), dz)

    def forward(self) -> Tensor:
        """The outputs (J, B, K)."""
        weight, bias = (self.part.linear.views[name] for name in ("weight", "bias"))
        if weight.shape[-1] == 1:
            for z, weight_1H, out in zip(self.z, weight.mT, self.outputs.mT, strict=True):
                torch.sum(torch.mul(z, weight_1H, out=self.dz), -1, keepdim=True, out=out)
        else:
            for weight_KH, z_HB, out in zip(weight.mT, self.z.mT, self.outputs, strict=True):
                torch.mm(weight_KH, z_HB, out=out)
        return self.outputs.add_(bias.mT).mT

    def backward(self, doutputs: Tensor, dz_direct: Tensor | None, singles: Sequence[Single]) -> None:
        """The gradients of the last layer, and of the network before it."""
        gradients, weight = self.part.linear.gradient_views, self.part.linear.views["weight"]
        torch.sum(doutputs, 1, keepdim=True, out=gradients["bias"])
        one = weight.shape[-1] == 1
        jobs = zip(self.z, weight.mT, doutputs, doutputs.mT, self.product, singles, strict=True)
        for row, (z, weight_KH, doutputs_BK, doutputs_KB, product, single) in enumerate(jobs):
            if one:
                torch.sum(torch.mul(z, doutputs_BK, out=self.dz), 0, keepdim=True, out=product)
                torch.mul(doutputs_BK, weight_KH, out=self.dz)
            else:
                torch.mm(doutputs_KB, z, out=product)  # (K, H), as in `narrow_backward`; few columns are slow
                torch.mm(doutputs_BK, weight_KH, out=self.dz)
            if dz_direct is not None:
                self.dz.add_(dz_direct[row])
            single.backward(self.dz)
        gradients["weight"].copy_(self.product.mT)


class DepthFirst:
    """Computes the gradients of a step into the segments of a model whose backbone has a `single`."""

    def __init__(self, model: Model, resident: Resident, dropout: Dropout, whose: Tensor) -> None:
        make = model.backbone.single
        assert make is not None
        self.x, self.y = resident.x["train"], resident.y["train"]
        self.dropout = dropout
        self.whose = whose
        self.inputs = self.x.new_empty(len(dropout.seeds), dropout.rows, *self.x.shape[1:])
        self.buffers = MaskBuffers(dropout)
        z = self.x.new_empty(len(model.jobs), dropout.rows, model.backbone.features(model.options))
        self.kinds = [dropout.seeds.index(seed) for seed, _ in dropout.kinds]  # the seed of each
        self.singles = [
            make(
                model.options,
                Buffers(
                    weights=_of_job(model.trunk.views, job),
                    gradients=_of_job(model.trunk.gradient_views, job),
                    inputs=self.inputs[self.kinds[kind]],
                    masks=self.buffers.masks,
                    scale=float(dropout.scale[job]),
                    z=z[job],
                ),
            )
            for job, kind in enumerate(dropout.which)
        ]
        dz = torch.empty_like(z[0])
        self.lasts = [Last.of(part, z[part.head.jobs], dz) for part in model.heads]

    def __call__(self, rows_SB: Tensor, mask_keys_LS: Tensor, loss_keys_J: Tensor, progress: Tensor) -> Tensor:
        """The loss of each job (J,)."""
        for inputs, rows in zip(self.inputs, rows_SB, strict=True):
            torch.index_select(self.x, 0, rows, out=inputs)
        for kind, seed in enumerate(self.kinds):
            self.buffers.fill(kind, mask_keys_LS[:, seed])
            for single, which in zip(self.singles, self.dropout.which, strict=True):
                if which == kind:
                    single.forward()
        rows = rows_SB.index_select(0, self.whose)
        y = self.y.index_select(0, rows.flatten()).unflatten(0, rows.shape)
        losses = []
        for last in self.lasts:
            head, jobs = last.part.head, last.part.head.jobs
            batch = {"y": y[jobs], "rows": rows[jobs], "key": loss_keys_J[jobs], "progress": progress}
            if head.transforms:
                losses.append(self._through_transform(last, batch))
                continue
            doutputs, dz_direct, dtrained, loss = head.loss(last.forward(), last.z, last.part.trained_views, batch)
            last.part.put_trained(dtrained)
            last.backward(doutputs, dz_direct, self.singles[jobs])
            losses.append(loss)
        return torch.cat(losses)

    def _through_transform(self, last: Last, batch: dict[str, Tensor]) -> Tensor:
        """The losses of a head whose regularizer changes what the last layer gets."""
        part, head = last.part, last.part.head
        dz, linear, trained, loss = head.step(last.z, part.linear.views, part.trained_views, batch)
        part.linear.put(linear)
        part.put_trained(trained)
        for single, of_job in zip(self.singles[head.jobs], dz, strict=True):
            single.backward(last.dz.copy_(of_job))
        return loss


def _of_job(views: Mapping[str, Tensor], job: int) -> dict[str, Tensor]:
    return {name: view[job] for name, view in views.items()}
