"""A call as an SVG time line: what the caller's sound looks like, what was heard, what the bot said and decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from voicebot.audio import BYTES_PER_SECOND, RATE, samples_of

PER_SECOND, MOST = 24.0, 70.0
"""Pixels a second, at least and, for short calls, at most."""
WIDE = 780.0
"""Pixels that a short call is spread to."""
IDLE, SHORT = 4.0, 2.0
"""A stretch in which nothing happens for longer than ``IDLE`` seconds is drawn ``SHORT`` seconds long."""
LEFT, RIGHT, HEIGHT = 92.0, 60.0, 172
"""``RIGHT`` holds the words of what comes last."""
WAVE, HEARD, BOT, CORE = 46.0, 84.0, 100.0, 146.0
_BIN = RATE // 20
Moment = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A piece of the caller's sound: when it was played in the call, and where in the file it lies."""

    at: float
    pcm: bytes
    start: float
    heard: str = ""
    says: bool = True

    @property
    def until(self) -> float:
        return self.at + len(self.pcm) / BYTES_PER_SECOND


class Scale:
    """From seconds to pixels; idle stretches are shortened, and ``folds`` tells where (from, to)."""

    def __init__(self, busy: Sequence[tuple[float, float]]) -> None:
        self.folds: list[tuple[float, float]] = []
        reached = 0.0
        for begin, end in sorted(busy):
            if begin - reached > IDLE:
                self.folds.append((reached + SHORT / 2, begin - SHORT / 2))
            reached = max(reached, end)
        self.end = reached + 1.0
        self.per_second = 1.0
        self.per_second = min(MOST, max(PER_SECOND, WIDE / (self(self.end) - LEFT)))

    def __call__(self, at: float) -> float:
        cut = sum(max(0.0, min(at, end) - begin) for begin, end in self.folds if at > begin)
        return LEFT + (at - cut) * self.per_second


def end_of(moment: Moment) -> float:
    """When what lasts is over; of what does not last, when it was."""
    until = moment.get("until")
    return float(moment["at"] if until is None else until)


def drawing(timeline: Sequence[Moment], pieces: Sequence[Piece], parted: float | None) -> str:
    """The SVG element. ``parted`` is when the call went otherwise than recorded."""
    busy = [(float(moment["at"]), end_of(moment)) for moment in timeline]
    scale = Scale([*busy, *((piece.at, piece.until) for piece in pieces)])
    width = scale(scale.end) + RIGHT
    parts = [*_frame(scale, width), *_bot(timeline, scale), *_core(timeline, scale, width)]
    parts += [*_pieces(pieces, scale, width), *_acts(timeline, scale, width)]
    if parted is not None:
        x = scale(parted)
        parts.append(f'<line class="parted" x1="{x:.1f}" x2="{x:.1f}" y1="14" y2="{HEIGHT - 4}"/>')
    folds = escape(str([[round(a, 2), round(b, 2)] for a, b in scale.folds]))
    return (
        f'<svg class="line" width="{width:.0f}" height="{HEIGHT}" viewBox="0 0 {width:.0f} {HEIGHT}" role="group" '
        f'aria-label="oś czasu rozmowy" data-folds="{folds}" data-left="{LEFT}" data-scale="{scale.per_second:.3f}">'
        f'{"".join(parts)}<line class="head" x1="-9" x2="-9" y1="14" y2="{HEIGHT - 4}"/></svg>'
    )


def _frame(scale: Scale, width: float) -> Iterator[str]:
    for name, y in (("dzwoniący", WAVE), ("usłyszano", HEARD), ("automat", BOT + 14), ("decyzje", CORE)):
        yield f'<text class="lane" x="0" y="{y + 4:.0f}">{name}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{width:.0f}" y1="{WAVE}" y2="{WAVE}"/>'
    for second in range(0, int(scale.end) + 1, 5):
        if any(begin < second < end for begin, end in scale.folds):
            continue
        x = scale(second)
        yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="14" y2="{HEIGHT - 6}"/>'
        yield f'<text class="time" x="{x:.1f}" y="10">{second} s</text>'
    for begin, end in scale.folds:
        x = scale(begin)
        yield f'<rect class="fold" x="{x - 9:.1f}" y="14" width="18" height="{HEIGHT - 20}"/>'
        yield f'<text class="folded" x="{x:.1f}" y="{HEIGHT - 8}">⋯{end - begin:.0f} s</text>'


def _pieces(pieces: Sequence[Piece], scale: Scale, width: float) -> Iterator[str]:
    for place, piece in enumerate(pieces):
        kind = "wave" if piece.says else "wave noise"
        end = piece.start + piece.until - piece.at
        data = f'data-at="{piece.at:.3f}" data-start="{piece.start:.3f}" data-end="{end:.3f}"'
        x, x2 = scale(piece.at), scale(piece.until)
        said = f"odtwórz: {piece.heard}" if piece.heard else "odtwórz"
        yield f'<g class="piece" {data} tabindex="0" role="button" aria-label="{escape(said)}"><title>odtwórz</title>'
        yield f'<rect class="box" x="{x:.1f}" y="20" width="{x2 - x:.1f}" height="52" rx="4"/>'
        yield f'<path class="{kind}" d="{_wave(piece, scale)}"/></g>'
        if piece.heard:
            following = scale(pieces[place + 1].at) if place + 1 < len(pieces) else width
            yield _text("heard", x, HEARD + 4, piece.heard, following - x - 6)


def _wave(piece: Piece, scale: Scale) -> str:
    """The outline of the sound, loudness on a square root so that quiet voices show."""
    samples = np.abs(samples_of(piece.pcm).astype(np.float64)) / 32768
    peaks = [float(np.sqrt(samples[at : at + _BIN].max())) for at in range(0, len(samples), _BIN)]
    points = [(scale(piece.at + place * _BIN / RATE), 26 * peak) for place, peak in enumerate(peaks)]
    upper = [f"{x:.1f},{WAVE - y:.1f}" for x, y in points]
    lower = [f"{x:.1f},{WAVE + y:.1f}" for x, y in reversed(points)]
    return "M" + "L".join([*upper, *lower]) + "Z" if points else ""


def _bot(timeline: Sequence[Moment], scale: Scale) -> Iterator[str]:
    spoken = [moment for moment in timeline if moment["who"] == "bot" and moment["what"] == "speaks"]
    if not spoken:
        spoken = [moment for moment in timeline if moment["who"] == "bot"]
    for moment in spoken:
        x = scale(moment["at"])
        wide = max(4.0, scale(end_of(moment)) - x)
        yield f"<g><title>{escape(moment['text'])}</title>"
        yield f'<rect class="bot" x="{x:.1f}" y="{BOT}" width="{wide - 1:.1f}" height="28" rx="4"/>'
        yield _text("words", x + 4, BOT + 18, moment["text"], wide - 8) + "</g>"


def _core(timeline: Sequence[Moment], scale: Scale, width: float) -> Iterator[str]:
    moves: list[tuple[float, str]] = []
    for moment in timeline:
        if moment["who"] == "core" and (not moves or moves[-1][1] != moment["what"]):
            moves.append((scale(moment["at"]), moment["what"]))
    for place, (x, node) in enumerate(moves):
        following = moves[place + 1][0] if place + 1 < len(moves) else width
        yield f'<circle class="move" cx="{x:.1f}" cy="{CORE}" r="3.5"><title>{escape(node)}</title></circle>'
        if following - x > 24:
            yield _text("node", x + 7, CORE + 4, node, following - x - 10)


def _acts(timeline: Sequence[Moment], scale: Scale, width: float) -> Iterator[str]:
    acts = [one for one in timeline if one["who"] == "caller" and "until" not in one and one["what"] in _SIGNS]
    for place, moment in enumerate(acts):
        x, sign = scale(moment["at"]), _SIGNS[moment["what"]]
        following = scale(acts[place + 1]["at"]) if place + 1 < len(acts) else width
        label = moment["text"] if moment["what"] == "keys" else sign
        yield f'<g><title>{escape(label)}</title><circle class="act" cx="{x:.1f}" cy="{WAVE}" r="5"/>'
        yield _text("key", x + 8, WAVE + 4, label, following - x - 14) + "</g>"


_SIGNS = {"keys": "", "hangs up": "rozłącza się", "loses media": "dźwięk zerwany", "is silent": "milczy"}


def _text(kind: str, x: float, y: float, text: str, room: float) -> str:
    """``text`` as far as ``room`` pixels go."""
    letters = int(room / 6.2)
    shown = text if len(text) <= letters else text[: max(0, letters - 1)].rstrip() + "…"
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(shown)}</text>' if letters >= min(2, len(text)) else ""
    )
