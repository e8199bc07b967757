"""Spot: what each of two pictures shows that the other does not, by one side run in both directions.

Ours. It follows what the field has learned: siamese features rather than joined pictures (Daudt et al. 2018), matching
against what is left of the motion (SimSaC, Park et al. 2022), differences kept by their direction (C-3PO, Wang et al.
2023), and an answer that is mirrored when the pictures are exchanged, here by construction. What a picture shows
outside of all that the other shows within some pixels is measured, not learned, and handed to the network. The encoder
may have learned from ImageNet. Beside each mask stand the cores of the things in it, by which things that touch are
told apart (as by the distance to their edge in Bai and Urtasun 2017, "Deep watershed transform", CVPR).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.errors import OptionError
from spotdiff.nets.parts.backbones import LITE, SMALL, backbone
from spotdiff.nets.parts.blocks import conv, halves
from spotdiff.nets.parts.outputs import Masks, Net, resized
from spotdiff.params import check, param

_SURE_OF_NOTHING = -3.0  # logit to start from: changed pixels are rare
_OUTSIDE = 6  # maps of what is over and under the other picture, by channel
_CONTRAST = 4.0  # brings what is outside to about the spread of the picture
_MEASURED = 16  # channels that the maps of what is outside become, at each of the first strides
_MEASURED_LEVELS = 3
_OWN = (0,)  # says: the backbone's own widths
_FITTING = (SMALL, LITE, "resnet18", "resnet50", "mobilenetv2")  # backbones that begin at stride 2 and round up


@dataclass(frozen=True, slots=True)
class Spot:
    """Settings of the network.

    Attributes:
        backbone: The shared encoder.
        pretrained: Start from the backbone's ImageNet weights.
        widths: Channels of the small backbone at each level, 0 for its own. Other backbones have theirs.
        radii: Radius of the matching window at strides 2, 4, 8 and so on, in places of that stride; 0 compares place by
            place. There are as many levels as radii.
        keys: Numbers that places are matched by.
        width: Channels of the decoder; at its last step as many as the encoder has there.
        near: How far, in pixels, a value is looked for in the other picture before it counts as outside; -1 leaves
            that out.
    """

    backbone: str = param(LITE, "the shared encoder", choices=_FITTING)
    pretrained: bool = param(False, "start from its ImageNet weights")
    widths: tuple[int, ...] = param(_OWN, "channels of the small backbone at each level; 0 for its own", low=0)
    radii: tuple[int, ...] = param((0, 1, 1, 2), "radius of the matching window at strides 2, 4, 8...", low=0, high=4)
    keys: int = param(24, "numbers that places are matched by", low=4, high=256)
    width: int = param(40, "channels of the decoder", low=4, high=512)
    near: int = param(2, "how far values are looked for in the other picture; -1 not at all", low=-1, high=8, unit="px")

    def __post_init__(self) -> None:
        check(self)
        if not self.radii:
            raise OptionError("radii takes one number or more, one for each level")
        if self.widths == _OWN:
            return
        if 0 in self.widths:
            raise OptionError(f"widths takes numbers of 1 and above, or 0 alone, not {self.widths!r}")
        if len(self.radii) != len(self.widths):
            raise OptionError(f"radii takes {len(self.widths)} numbers, one for each of widths, not {len(self.radii)}")

    def build(self) -> SpotNet:
        """The module with fresh weights, or with the backbone's published ones.

        Raises:
            OptionError: the backbone has not so many levels, or none of these widths or weights.
            MissingExtra: timm is not installed.
        """
        return SpotNet(self)


class SpotNet(Net):
    """Encoder, matching, fusion and decoder over pictures side by side in the batch."""

    directed = True

    def __init__(self, design: Spot) -> None:
        super().__init__()
        self.near = design.near
        levels = len(design.radii)
        self.backbone = backbone(
            design.backbone,
            pretrained=design.pretrained,
            coarsest=2**levels,
            widths=() if design.widths == _OWN else design.widths,
        )
        if len(self.backbone.channels) < levels:
            raise OptionError(f"radii takes {len(self.backbone.channels)} numbers at most with {design.backbone}")
        measured = min(levels, _MEASURED_LEVELS) if self.near >= 0 else 0
        self.measured = nn.ModuleList(
            conv(_MEASURED if level else _OUTSIDE, _MEASURED, size=3 if level else 5, stride=2)
            for level in range(measured)
        )
        widths = [own + _MEASURED * (level < measured) for level, own in enumerate(self.backbone.channels)]
        finest = widths[0]
        steps = [finest] + [design.width] * (levels - 1)
        self.sides = nn.ModuleList(
            Side(channels, width, keys=design.keys, radius=radius)
            for channels, width, radius in zip(widths, steps, design.radii, strict=True)
        )
        self.smooth = nn.ModuleList(conv(width, width) for width in steps)
        self.narrow = nn.Conv2d(steps[-1], finest, 1)
        self.mask = nn.Conv2d(finest, 2, 1)  # the mask, and the cores of the things in it
        self.anything = nn.Sequential(nn.Linear(finest, design.width), nn.ReLU(), nn.Linear(design.width, 1))
        nn.init.constant_(self.mask.bias, _SURE_OF_NOTHING)  # type: ignore[arg-type]

    def forward(self, before: Tensor, after: Tensor) -> Masks:
        """Masks of both pictures; each in its own picture's pixels."""
        both = torch.cat([before, after])  # (2N, 3, H, W): the first half looks at the second and the other way round
        features = self._decode(
            [side(level, _exchanged(level)) for side, level in zip(self.sides, self._levels(both), strict=True)]
        )
        gone, new = halves(resized(self.mask(features), both))  # (N, 2, H, W) each
        strongest = features.amax((2, 3))
        anything = self.anything(torch.maximum(*halves(strongest)))[:, 0]  # the same when the pictures are exchanged
        return Masks(gone[:, :1], new[:, :1], anything, gone[:, 1:], new[:, 1:])

    def _levels(self, pictures: Tensor) -> list[Tensor]:
        levels: list[Tensor] = self.backbone(pictures)
        if self.near < 0:
            return levels
        parts = outside(pictures, _exchanged(pictures), near=self.near)
        maps = _CONTRAST * torch.cat(parts, 1)
        for number, step in enumerate(self.measured):
            maps = step(maps)
            levels[number] = torch.cat([levels[number], maps], 1)
        return levels

    def _decode(self, levels: list[Tensor]) -> Tensor:
        """From the coarsest level to the finest: (2N, finest, H / 2, W / 2)."""
        maps: Tensor = self.smooth[-1](levels[-1])
        if len(levels) == 1:
            return maps
        for level, smooth in zip(levels[-2:0:-1], list(self.smooth)[-2:0:-1], strict=True):
            maps = smooth(level + resized(maps, level))
        finest: Tensor = self.smooth[0](levels[0] + resized(self.narrow(maps), levels[0]))
        return finest


class Side(nn.Module):
    """What one picture's features have that the other's lack, at one level."""

    def __init__(self, channels: int, width: int, *, keys: int, radius: int) -> None:
        super().__init__()
        self.match = LocalMatch(channels, keys=keys, radius=radius) if radius else None
        self.fuse = conv(3 * channels + (radius > 0), width, size=1)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """(N, width, H, W) from two maps (N, channels, H, W)."""
        matched, *best = self.match(own, other) if self.match else (other,)
        joined = torch.cat([own, functional.relu(own - matched), (own - matched).abs(), *best], 1)
        fused: Tensor = self.fuse(joined)
        return fused


def outside(own: Tensor, other: Tensor, *, near: int) -> tuple[Tensor, Tensor]:
    """How far each value lies over, and under, all that the other picture shows within `near` pixels: (N, C, H, W)."""
    return functional.relu(own - _highest(other, near)), functional.relu(-_highest(-other, near) - own)


def _highest(maps: Tensor, near: int) -> Tensor:
    """The largest value within `near` pixels; pooling gives the same and takes twenty times as long on a CPU."""
    height, width = maps.shape[-2:]
    wide = functional.pad(maps, (near,) * 4, mode="replicate")
    steps = range(2 * near + 1)
    rows = reduce(torch.maximum, [wide[..., down : down + height, :] for down in steps])
    return reduce(torch.maximum, [rows[..., right : right + width] for right in steps])


def _exchanged(both: Tensor) -> Tensor:
    first, second = halves(both)
    return torch.cat([second, first])


class LocalMatch(nn.Module):
    """Attention of one picture's features over a small window of the other's.

    What an aligner leaves over, parallax and leaves in the wind, is a shift by a few pixels. A feature that is found
    again anywhere within the window has a counterpart, whatever the shift. Keys are of unit length, so that a match is
    a cosine: light changes the length of a feature more than its direction.

    Args:
        channels: Of both feature maps.
        keys: Numbers that places are matched by.
        radius: Of the window, in places: it has (2 radius + 1) squared of them.
    """

    def __init__(self, channels: int, *, keys: int, radius: int) -> None:
        super().__init__()
        self.radius = radius
        self.project = nn.Conv2d(channels, keys, 1, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(2.0))  # logarithm of the softmax' inverse temperature

    def forward(self, own: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """Match `own` (N, C, H, W) against `other` of the same shape.

        Returns:
            The other's features brought to where they match, (N, C, H, W), and the best cosine, (N, 1, H, W).
        """
        query = functional.normalize(self.project(own), dim=1)
        key = functional.normalize(self.project(other), dim=1)
        cosines = torch.cat([(query * place).sum(1, keepdim=True) for place in self._window(key)], 1)
        weights = (cosines * self.sharpness.exp()).softmax(1)  # (N, places, H, W)
        places = self._window(other)
        matched = places[0] * weights[:, :1]
        for number, place in enumerate(places[1:], 1):
            matched = matched + place * weights[:, number : number + 1]
        return matched, cosines.amax(1, keepdim=True)

    def _window(self, maps: Tensor) -> list[Tensor]:
        """The maps shifted by every step of the window, edges repeated."""
        radius, (height, width) = self.radius, maps.shape[-2:]
        if radius == 0:
            return [maps]
        wide = functional.pad(maps, (radius,) * 4, mode="replicate")
        steps = range(2 * radius + 1)
        rows = [wide[..., down : down + height, :] for down in steps]  # rows first: exporting takes time for every cut
        return [row[..., right : right + width] for row in rows for right in steps]
