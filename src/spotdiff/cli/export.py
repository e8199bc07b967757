"""Write a trained network as an ONNX file, which needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spotdiff.cli._terminal import say
from spotdiff.errors import OptionError
from spotdiff.output_files import check_outputs

if TYPE_CHECKING:
    from spotdiff.export import Exported
    from spotdiff.export.int8 import Quantised


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--out", required=True, metavar="FILE.onnx", help="the file to write")
@click.option("--int8", is_flag=True, help="also write FILE.int8.onnx, in 8 bits, and measure what that costs")
@click.option("--data", metavar="DATA", help="dataset that --int8 calibrates and measures on; made pairs without")
@click.option("--most", type=click.IntRange(2), default=64, show_default=True, metavar="N", help="pairs for --int8")
@click.option("--quiet", "-q", is_flag=True, help="say nothing")
def command(run: str, out: str, int8: bool, data: str | None, most: int, quiet: bool) -> None:  # noqa: FBT001
    """Write a trained network as an ONNX file, which needs no torch.

    RUN is the folder of a training run, or a file of weights. The file is written only if it says what the network
    says, at picture sizes that the export has not seen.

    \b
    Example: spotdiff export runs/yard --out yard.onnx
    Then:    spotdiff compare before.jpg after.jpg --method network --set weights=yard.onnx
    """  # noqa: D301 (click wants the character itself)
    path = _checked(run, out)
    if data and not int8:
        raise OptionError("--data is what --int8 calibrates on; add --int8, or leave it away")
    from spotdiff.data import open_dataset
    from spotdiff.export import export_onnx, quantised

    pairs = open_dataset(data) if data else None  # what is wrong with it is told before the long work
    exported = export_onnx(run, path)
    if not quiet:
        say(_exported_text(exported))
    if int8:
        quantised_file = quantised(path, path.with_suffix(".int8.onnx"), pairs, most=most)
        if not quiet:
            say(_quantised_text(quantised_file))


def _checked(run: str, out: str) -> Path:
    """The file to write.

    Raises:
        OptionError: its name has the wrong ending, or it or what --int8 writes would be written over the weights.
    """
    path = Path(out)
    if path.suffix.lower() != ".onnx":
        raise OptionError(f"--out writes an ONNX file: end its name in .onnx, not {out!r}")
    check_outputs([path, path.with_suffix(".int8.onnx")], [run])
    return path


def _exported_text(exported: Exported) -> str:
    facts = exported.facts
    unseen = ", ".join(f"{width}x{height}" for height, width in exported.errors)
    return (
        f"Wrote {exported.path}: {facts.net}, {facts.parameters:,} parameters, {exported.size / 1e6:.2f} MB\n"
        f"It differs from torch by {max(exported.errors.values()):.1e} at most, at {unseen}."
    )


def _quantised_text(quantised_file: Quantised) -> str:
    from spotdiff.evaluate.tables import shown

    measured = quantised_file.agreement
    wrote = f"Wrote {quantised_file.path}: {quantised_file.size / 1e6:.2f} MB"
    lines = [
        f"{wrote}, {measured.size:.2f} of the size, {measured.seconds:.2f} of the time on one thread",
        f"It differs by {measured.mean:.4f} on average and {measured.largest:.2f} at most on {measured.pairs} pairs.",
        f"F1 with what 32 bits call changed: {shown(measured.agreement)}",
    ]
    if measured.f1 is not None and measured.f1_before is not None:
        lines.append(f"F1 with the truth: {shown(measured.f1)}; in 32 bits {shown(measured.f1_before)}")
    return "\n".join(lines)
