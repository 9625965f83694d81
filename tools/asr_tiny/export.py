"""The network as Kaldi's ``final.mdl`` in text: a transition model of one-state phones, then an nnet3 network with the
normalisations folded into its layers.

It gets one output more than it was trained with: unknown speech, as likely in each frame as the likeliest of all phones
less ``Rejection.frame``. A path through it beats a word that does not fit what was said. (A loop of all phones in the
search graph would do the same, and makes lattices explode.)
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .features import HIGH, LOW, SIZE
from .graph import Phones, Rejection
from .network import CONTEXT, OFFSETS, SUBSAMPLING, Network
from .telephone import RATE

Wide = npt.NDArray[np.float64]

SHARPNESS = 3.0
"""ln(sum(exp(s x))) / s is near the greatest of x."""

MFCC = f"""\
--sample-frequency={RATE}
--use-energy=false
--num-mel-bins={SIZE}
--num-ceps={SIZE}
--low-freq={LOW}
--high-freq={HIGH}
--dither=0
"""
DECODER = """\
--min-active=200
--max-active=3000
--beam={beam}
--lattice-beam=6.0
--acoustic-scale={scale}
--frame-subsampling-factor={subsampling}
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


def _vector(values: Sequence[float] | Wide) -> str:
    return " [ " + " ".join(f"{value:.4g}" for value in values) + " ]\n"


def _matrix(rows: Wide) -> str:
    return " [\n  " + "\n  ".join(" ".join(f"{value:.4g}" for value in row) for row in rows) + " ]\n"


def transition_model(phones: Phones) -> str:
    numbers = range(1, len(phones.outputs) + 1)
    tuples = "".join(f"{number} 0 {output} {output} \n" for number, output in zip(numbers, phones.outputs, strict=True))
    return (
        "<TransitionModel> \n<Topology> \n<TopologyEntry> \n<ForPhones> \n"
        + " ".join(map(str, numbers))
        + " \n</ForPhones> \n<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State> \n"
        + "<State> 1 </State> \n"
        + f"</TopologyEntry> \n</Topology> \n<Tuples> {len(numbers)} \n{tuples}</Tuples> \n"
        + "<LogProbs> \n"
        + _vector([0.0, *[math.log(0.5)] * (2 * len(numbers))])
        + "</LogProbs> \n</TransitionModel> \n"
    )


def _folded(network: Network) -> list[tuple[Wide, Wide]]:
    """(weights, bias) of each layer, what precedes it (normalisation of the input, of the layer before) folded in."""
    scale = network.scale.numpy().astype(np.float64)[:, 0]
    shift = -network.mean.numpy().astype(np.float64)[:, 0] * scale
    found = []
    for layer, norm in zip(network.layers, network.norms, strict=True):
        weights = layer.weight.detach().numpy().astype(np.float64)
        bias = layer.bias.detach().numpy() + np.einsum("oik,i->o", weights, shift)
        spread = (weights * scale[None, :, None]).transpose(0, 2, 1).reshape(len(weights), -1)
        found.append((spread, bias))
        scale = norm.weight.detach().numpy().astype(np.float64) / np.sqrt(norm.running_var.numpy() + norm.eps)
        shift = norm.bias.detach().numpy() - norm.running_mean.numpy() * scale
    weights = network.output.weight.detach().numpy()[:, :, 0].astype(np.float64)
    found.append((weights * scale[None], network.output.bias.detach().numpy() + weights @ shift))
    return found


def acoustic_model(network: Network, priors: Wide, rejection: Rejection) -> str:
    network.eval()
    *hidden, last = _folded(network)
    nodes, components = [f"<Nnet3> \ninput-node name=input dim={SIZE}\n"], []
    before = "input"
    for index, ((weights, bias), offsets) in enumerate(zip(hidden, OFFSETS, strict=True)):
        name = f"tdnn{index}"
        heard = ", ".join(before if offset == 0 else f"Offset({before}, {offset})" for offset in offsets)
        nodes.append(f"component-node name={name}.affine component={name}.affine input=Append({heard})\n")
        nodes.append(f"component-node name={name}.relu component={name}.relu input={name}.affine\n")
        components += [_affine(f"{name}.affine", weights, bias), _plain(f"{name}.relu", "RectifiedLinear", len(bias))]
        before = f"{name}.relu"
    size = len(last[1])
    for name, heard in (
        ("posterior.affine", before),
        ("posterior.log-softmax", "posterior.affine"),
        ("likelihood", "posterior.log-softmax"),
        ("speech", "likelihood"),
        ("speech.log-softmax", "speech"),
        ("with-unknown", "Append(likelihood, speech, speech.log-softmax)"),
    ):
        nodes.append(f"component-node name={name} component={name} input={heard}\n")
    nodes.append("output-node name=output input=with-unknown objective=linear\n\n")
    phones = np.eye(size)
    sharpened = SHARPNESS * phones[1:]
    others = np.full(size - 1, 1 / (SHARPNESS * (size - 1)))
    unknown = np.concatenate([np.zeros(size), others, -others])
    whole = np.vstack([np.hstack([phones, np.zeros((size, 2 * size - 2))]), unknown])
    components += [
        _affine("posterior.affine", *last),
        _plain("posterior.log-softmax", "LogSoftmax", size),
        _affine("likelihood", phones, -np.log(priors)),
        _affine("speech", sharpened, np.zeros(size - 1)),
        _plain("speech.log-softmax", "LogSoftmax", size - 1),
        _affine("with-unknown", whole, np.append(np.zeros(size), -rejection.frame)),
    ]
    return (
        "".join(nodes)
        + f"<NumComponents> {len(components)} \n"
        + "".join(components)
        + f"</Nnet3> <LeftContext> {CONTEXT} <RightContext> {CONTEXT} <Priors> [ ]\n"
    )


def _affine(name: str, weights: Wide, bias: Wide) -> str:
    return (
        f"<ComponentName> {name} <AffineComponent> <LearningRate> 0.001 <LinearParams> {_matrix(weights)}"
        f"<BiasParams> {_vector(bias)}</AffineComponent> \n"
    )


def _plain(name: str, kind: str, size: int) -> str:
    return (
        f"<ComponentName> {name} <{kind}Component> <Dim> {size} <ValueAvg> [ ]\n<DerivAvg> [ ]\n"
        f"<Count> 0 <NumDimsSelfRepaired> 0 <NumDimsProcessed> 0 </{kind}Component> \n"
    )


def write_model(
    folder: Path,
    phones: Phones,
    network: Network,
    priors: Wide,
    rejection: Rejection,
    beam: float = 13.0,
    scale: float = 0.6,
) -> None:
    """``am/`` and ``conf/`` under ``folder``."""
    for name in ("am", "conf"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "am/final.mdl").write_text(transition_model(phones) + acoustic_model(network, priors, rejection))
    write_conf(folder, beam, scale)


def write_conf(folder: Path, beam: float = 13.0, scale: float = 0.6) -> None:
    (folder / "conf/mfcc.conf").write_text(MFCC)
    (folder / "conf/model.conf").write_text(DECODER.format(beam=beam, scale=scale, subsampling=SUBSAMPLING))
