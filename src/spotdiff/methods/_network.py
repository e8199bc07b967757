"""A trained network as a method: what `network` and the default share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from spotdiff.errors import OptionError
from spotdiff.methods._multiscale import closer, scaled, sides_of
from spotdiff.methods._postprocess import evidence_of, inner_maps, predict
from spotdiff.methods._preprocess import NetworkInput, filled, network_input
from spotdiff.nets.parts.inference import file_facts, open_network
from spotdiff.params import check, param
from spotdiff.types import Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.methods._postprocess import Maps
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.types import Bytes, Pair

_MOST = 0.99  # highest threshold; at 1, as weights may say that found nothing, no scale would be left above it

# networks that give the mirrored answer when the pictures are exchanged, by the way they are built
MIRRORED = frozenset({"spot", "siamese"})


@dataclass(frozen=True, slots=True)
class NetworkMethod:
    """What methods with a network share.

    Attributes:
        weights: File of trained weights, or one exported to ONNX; it carries its own facts.
        side: Longer side of the pictures the network is shown, in pixels; smaller pictures are shown as they are.
        closest: Longer side up to which the network looks again, at twice the side each time and at last at the picture
            as it is, in pixels; 0 for one look. Networks that draw boxes look once. See `spotdiff.methods._multiscale`.
        threshold: Where the network's own answer counts as changed; it becomes 0.5.
        both_ways: Show the pictures in both orders and take the mean, so that exchanged pictures have the mirrored
            answer; takes twice the time. Networks that are built so need no second look and get none.
    """

    net: ClassVar[str] = ""  # the only network whose weights are taken; empty for any
    extraction: ClassVar[Extraction] = Extraction(grow=0.5, seed=0.5, min_area=12, join=2)

    weights: str = param("", "file of trained weights, or one exported to ONNX")
    side: int = param(0, "longer side the network works at; 0 as its weights say", low=0, high=16384, unit="px")
    closest: int = param(0, "longer side up to which it looks closer; 0 for one look", low=0, high=1 << 20, unit="px")
    threshold: float = param(0.0, "what counts as changed; 0 as its weights say", low=0, high=_MOST)
    both_ways: bool = param(True, "show the pictures in both orders, unless the network needs no second look")

    def __post_init__(self) -> None:
        check(self)
        if self.weights:
            self.facts()  # a wrong file is told now, not with every pair

    def facts(self) -> Facts:
        """What the weights say of themselves; needs no torch.

        Raises:
            OptionError: there are no weights, or they are of a network that this method does not take.
            DataError: the file cannot be read or is none of ours.
        """
        if not self.file:
            raise OptionError(
                "method network needs weights: --set weights=FILE (made by spotdiff train, or by spotdiff export)"
            )
        if not Path(self.file).is_file():
            raise OptionError(f"weights: there is no file {self.file}; spotdiff train makes one")
        facts = file_facts(self.file, threads=self._threads)
        if facts.form == "words":
            raise OptionError(
                f"weights: {self.file} holds a captioner, which marks nothing; use --describe captioner with it"
            )
        if self.net not in ("", facts.net):
            raise OptionError(
                f"weights: {self.file} holds weights of {facts.net}, not of {self.net}; use --method network"
            )
        return facts

    @property
    def parameters_learned(self) -> int:
        """How many numbers the network has learned."""
        return self.facts().parameters

    def score(self, pair: Pair) -> Evidence:
        """Evidence of an aligned pair; 0 where the pair is not usable.

        Returns:
            Evidence with the network's further maps as `layers` and the digest of its weights. `notes` holds
            `anything`, how sure it is that anything changed, from a network that says so, and `boxes_before` and
            `boxes_after`, how many it found, from one that finds boxes.

        Raises:
            OptionError: there are no weights, or they are of a network that this method does not take.
            DataError: the file cannot be read or is none of ours.
            MissingExtra: the weights need torch, which is not installed.
            MethodError: the network gives no finite maps of the right shape, or does not end.
        """
        facts = self.facts()
        run = open_network(self.file, threads=self._threads)[0]
        both_ways = self.both_ways and facts.net not in MIRRORED
        before, after = filled(pair.before.opaque, pair.after.opaque, pair.usable)
        side, limit = self.side or facts.side, min(self.threshold or facts.threshold, _MOST)
        further = sides_of(max(pair.before.size), first=side, closest=self.closest)[1:]
        scales = scaled(before, after, further if facts.form != "centres" else ())
        near = scales[0] if scales else (before, after)  # the first look is made from the second's pictures
        shown = replace(network_input(*near, side=side), shape=before.shape[:2])
        outputs = predict(run, shown, facts, both_ways=both_ways)

        def look(before: Bytes, after: Bytes) -> Maps:
            shown = network_input(before, after, side=max(before.shape))
            return inner_maps(predict(run, shown, facts, both_ways=both_ways), shown)

        multiscale = closer(look, scales, inner_maps(outputs, shown)) if scales else None
        return evidence_of(outputs, facts, shown, limit=limit, usable=pair.usable, multiscale=multiscale)

    def shown(self, pair: Pair) -> NetworkInput:
        """The pair as the network is shown it at its first look; raises as `facts` does."""
        before, after = filled(pair.before.opaque, pair.after.opaque, pair.usable)
        return network_input(before, after, side=self.side or self.facts().side)

    @property
    def file(self) -> str:
        """The file of weights: the one given."""
        return self.weights

    @property
    def _threads(self) -> int:
        return 0
