"""The acoustic model: a time-delay network that tells the phone of each frame; its training and its alignments."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .corpus import UNLABELLED, Clip
from .features import SIZE

OFFSETS = ((-2, -1, 0, 1, 2), (-1, 0, 1), (-3, 0, 3), (-3, 0, 3), (-3, 0, 3))
"""The frames each layer looks at. From the second layer on only every third frame is needed, as in decoding."""
CONTEXT = sum(-offsets[0] for offsets in OFFSETS)
SUBSAMPLING = 3
CHUNK = 150
BATCH = 64
PEAK_RATE = 3e-3


class Network(nn.Module):
    """(batch, features, frames) to (batch, phones, frames): log-likelihoods up to the priors."""

    def __init__(self, phones: int, width: int, mean: npt.NDArray[np.float32], scale: npt.NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None])
        self.register_buffer("scale", torch.tensor(scale)[:, None])
        sizes = [SIZE, *[width] * len(OFFSETS)]
        self.layers = nn.ModuleList(
            nn.Conv1d(size, width, len(offsets)) for size, offsets in zip(sizes[:-1], OFFSETS, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in OFFSETS)
        self.output = nn.Conv1d(width, phones, 1)

    def forward(self, frames: torch.Tensor, every: int = SUBSAMPLING) -> torch.Tensor:
        """The outputs of every third frame, or of each (``every`` 1)."""
        found = (frames - self.mean) * self.scale
        for index, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            stride = every if index == 1 else 1
            apart = SUBSAMPLING // every if index > 1 else 1
            found = nn.functional.conv1d(found, layer.weight, layer.bias, stride=stride, dilation=apart)
            found = norm(torch.relu(found))
        return self.output(found)


def padded(frames: npt.NDArray[np.float32], after: int = 0) -> npt.NDArray[np.float32]:
    """``frames`` with their ends repeated for the network's context."""
    return np.concatenate([np.repeat(frames[:1], CONTEXT, 0), frames, np.repeat(frames[-1:], CONTEXT + after, 0)])


def _chunks(clips: Sequence[Clip]) -> tuple[torch.Tensor, torch.Tensor]:
    sounds, labels = [], []
    spare = SUBSAMPLING - 1
    for clip in clips:
        assert clip.labels is not None
        frames = padded(clip.frames, CHUNK + spare)
        truth = np.concatenate([clip.labels, np.full(CHUNK + spare, UNLABELLED, np.int16)])
        for start in range(0, len(clip.labels), CHUNK):
            sounds.append(frames[start : start + CHUNK + spare + 2 * CONTEXT].astype(np.float16))
            labels.append(truth[start : start + CHUNK + spare])
    return torch.tensor(np.stack(sounds)).transpose(1, 2), torch.tensor(np.stack(labels)).long()


def fresh(clips: Sequence[Clip], phones: int, width: int, seed: int) -> Network:
    torch.manual_seed(seed)
    frames = np.concatenate([clip.frames for clip in clips[:3000]])
    return Network(phones, width, frames.mean(0), 1 / (frames.std(0) + 1e-5))


def train(
    network: Network, clips: Sequence[Clip], held_out: Sequence[Clip], rounds: int, say: Callable[[str], None]
) -> None:
    """Teach ``network`` the phones of ``clips``; ``say`` is told how it does on ``held_out`` after each round."""
    sounds, labels = _chunks(clips)
    tests, truths = _chunks(held_out)
    optimiser = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=1e-3)
    batches = len(sounds) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=rounds * batches + 1)
    judge = nn.CrossEntropyLoss(ignore_index=UNLABELLED, label_smoothing=0.05)
    began = told = time.monotonic()
    for done in range(rounds):
        network.train()
        order, total = torch.randperm(len(sounds)), 0.0
        for batch in range(batches):
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            shift = int(torch.randint(SUBSAMPLING, ()))
            heard = sounds[chosen, :, shift : shift + CHUNK + 2 * CONTEXT].float()
            loss = judge(network(heard), labels[chosen, shift : shift + CHUNK : SUBSAMPLING])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
            if time.monotonic() - told > 20:
                told = time.monotonic()
                say(f"round {done + 1} of {rounds}: {100 * batch // batches} %, {told - began:.0f} s")
        right = _accuracy(network, tests, truths)
        loss, seconds = total / batches, time.monotonic() - began
        say(f"round {done + 1} of {rounds}: loss {loss:.3f}, held-out right {100 * right:.1f} %, {seconds:.0f} s")


@torch.no_grad()
def _accuracy(network: Network, sounds: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of spoken frames whose phone is told rightly."""
    network.eval()
    found = torch.cat([network(part[:, :, : CHUNK + 2 * CONTEXT].float()).argmax(1) for part in sounds.split(BATCH)])
    truth = labels[:, :CHUNK:SUBSAMPLING]
    spoken = truth > 0
    return float((found == truth)[spoken].float().mean())


@torch.no_grad()
def likelihoods(network: Network, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Log-probabilities (frames, phones), one for each frame."""
    network.eval()
    sound = torch.tensor(padded(frames)).T[None].float()
    return torch.log_softmax(network(sound, every=1), 1)[0].T.numpy()


@torch.no_grad()
def priors(network: Network, clips: Sequence[Clip]) -> npt.NDArray[np.float64]:
    """How likely each phone is, by the network itself."""
    sounds, _ = _chunks(clips[:: max(1, len(clips) // 1500)])
    network.eval()
    total = sum(torch.softmax(network(part.float()), 1).double().sum((0, 2)) for part in sounds.split(BATCH))
    assert isinstance(total, torch.Tensor)
    return (total / total.sum()).numpy()


def align(scores: npt.NDArray[np.float32], words: list[list[int]], silence: int = 0) -> npt.NDArray[np.int16] | None:
    """The phone of each frame, when the phones of ``words`` are said in order with or without silence between words:
    the likeliest path. None when there are too few frames."""
    chain = [silence]
    for word in words:
        chain += [*word, silence]
    optional = np.array([phone == silence for phone in chain])
    states = len(chain)
    if len(scores) < states:
        return None
    emitted = scores[:, chain]
    best = np.full(states, -np.inf)
    best[0], best[1] = emitted[0, 0], emitted[0, 1]
    back = np.zeros((len(scores), states), np.int8)
    for frame in range(1, len(scores)):
        stay = best
        step = np.concatenate([[-np.inf], best[:-1]])
        skip = np.concatenate([[-np.inf, -np.inf], best[:-2]])
        skip[~np.concatenate([[False], optional[:-1]])] = -np.inf
        options = np.stack([stay, step, skip])
        back[frame] = options.argmax(0)
        best = options.max(0) + emitted[frame]
    state = states - 1 if best[-1] >= best[-2] else states - 2
    labels = np.zeros(len(scores), np.int16)
    for frame in range(len(scores) - 1, -1, -1):
        labels[frame] = chain[state]
        state -= int(back[frame, state])
    return labels
