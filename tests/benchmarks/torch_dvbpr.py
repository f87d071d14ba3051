"""DVBPR as a plain PyTorch loop: the peer of shared_negatives.py, in an environment of its own.

    python tests/benchmarks/torch_dvbpr.py DATA.npz OUT EPOCHS BATCH_SIZE LEARNING_RATE

The encoder, objective, triplets and schedule of `keras_fashion`'s siamese default, written as one
would write them in PyTorch. Leaves OUT/epoch_N.npz (users, items) and OUT/seconds.json, the
training time of each epoch without the embedding of the catalogue.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Encoder(nn.Module):
    """CompactEncoder: four strided convolutions with batch normalization and a dense layer."""

    def __init__(self, embedding_size: int, side: int, width: int = 24, dropout: float = 0.2):
        super().__init__()
        layers, channels = [], 3
        for filters, kernel in ((width, 5), (2 * width, 3), (4 * width, 3), (4 * width, 3)):
            layers += [
                nn.Conv2d(channels, filters, kernel, 2, kernel // 2, bias=False),
                nn.BatchNorm2d(filters, eps=1e-3, momentum=0.05),
                nn.ReLU(),
            ]
            channels, side = filters, -(-side // 2)
        dense = nn.Linear(channels * side * side, embedding_size, bias=False)
        self.stack = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), dense)

    def forward(self, pictures: np.ndarray) -> torch.Tensor:
        scaled = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        return self.stack(scaled)


def main(data: str, out: str, epochs: int, batch_size: int, learning_rate: float) -> None:
    """Trains and leaves vectors and times in `out`."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    arrays = np.load(data)
    train, pictures, num_users = arrays["train"], arrays["pictures"], int(arrays["num_users"])
    num_items = len(pictures)
    bought = {(int(u), int(i)) for u, i in train}
    encoder = Encoder(50, pictures.shape[1])
    theta = nn.Parameter(torch.rand(num_users, 50) * 0.01)
    kernels = [p for p in encoder.parameters() if p.dim() > 1]
    steps = -(-len(train) // batch_size)
    optimizer = torch.optim.Adam([theta, *encoder.parameters()], lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * steps)
    seconds = []
    for epoch in range(1, epochs + 1):
        started = time.monotonic()
        encoder.train()
        for _ in range(steps):
            user, positive = train[rng.integers(len(train), size=batch_size)].T
            negative = rng.integers(num_items, size=batch_size)
            while bad := [
                k for k, pair in enumerate(zip(user, negative, strict=True)) if pair in bought
            ]:
                negative[bad] = rng.integers(num_items, size=len(bad))
            batch = pictures[np.concatenate([positive, negative])]
            mirrored = rng.random(len(batch)) < 0.5
            batch[mirrored] = batch[mirrored, :, ::-1]
            liked, other = encoder(batch).chunk(2)
            user_embedding = theta[user]
            penalty = 0.5 * user_embedding.square().sum()
            penalty = penalty + 0.5e-3 * sum(kernel.square().sum() for kernel in kernels)
            ranking = functional.softplus((user_embedding * (other - liked)).sum(1)).mean()
            optimizer.zero_grad()
            (ranking + penalty / batch_size).backward()
            optimizer.step()
            schedule.step()
        seconds.append(time.monotonic() - started)
        print(f"torch: epoch {epoch} of {epochs}, {seconds[-1]:.1f} s", file=sys.stderr, flush=True)
        encoder.eval()
        with torch.no_grad():
            items = [encoder(pictures[k : k + 256]).numpy() for k in range(0, num_items, 256)]
        users = theta.detach().numpy()
        np.savez(Path(out) / f"epoch_{epoch}.npz", users=users, items=np.concatenate(items))
    (Path(out) / "seconds.json").write_text(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
