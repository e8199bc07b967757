"""Small pieces that more than one network is made of."""

from __future__ import annotations

from torch import Tensor, nn


def conv(inward: int, outward: int, *, size: int = 3, stride: int = 1, spacing: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU; maps keep their size, or shrink `stride` times, rounded up.

    Args:
        inward: Channels in.
        outward: Channels out.
        size: Of the filter, odd.
        stride: Steps between the places that are looked at.
        spacing: Steps between the values of one filter (atrous convolution).
    """
    reach = size // 2 * spacing
    return nn.Sequential(
        nn.Conv2d(inward, outward, size, stride=stride, padding=reach, dilation=spacing, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(),
    )


def convs(inward: int, outward: int, *, stride: int = 1, count: int = 2) -> nn.Sequential:
    """Several of them, one after the other; the first has the stride."""
    rest = [conv(outward, outward) for _ in range(count - 1)]
    return nn.Sequential(conv(inward, outward, stride=stride), *rest)


def halves(both: Tensor) -> tuple[Tensor, Tensor]:
    """The two parts of a batch (2N, ...) that was put together from two, (N, ...) each.

    `chunk` would do, but bakes the number of pairs into an exported file.
    """
    first, second = both.unflatten(0, (2, -1)).unbind()  # type: ignore[no-untyped-call]
    return first, second
