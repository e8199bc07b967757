"""Which engine asks a network: torch for weights as they were trained, onnxruntime for an exported file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import MissingExtra, OptionError
from spotdiff.nets.parts.header import read_facts
from spotdiff.nets.parts.session import open_session

if TYPE_CHECKING:
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.nets.parts.session import Ask

EXPORTED = ".onnx"


def facts_of(weights: str, *, method: str, threads: int = 0) -> Facts:
    """The facts of the weights that a method was given; torch is not needed.

    Args:
        weights: A file of weights, or one exported to ONNX.
        method: The method's name, which is that of its network; `onnx` takes any network.
        threads: As in `open_session`.

    Raises:
        OptionError: there are no weights, or they are another network's.
        DataError: the file cannot be read or is none of ours.
    """
    _check(weights, method=method)
    exported = Path(weights).suffix.lower() == EXPORTED
    facts = open_session(weights, threads=threads)[1] if exported else read_facts(weights)
    if facts.form == "words":
        raise OptionError(
            f"weights: {weights} holds a captioner, which marks nothing; use --describe captioner with it"
        )
    if method not in ("onnx", facts.net):
        raise OptionError(f"weights: {weights} holds weights of {facts.net}, not of {method}; use --method {facts.net}")
    if method == "onnx" and not exported:
        raise OptionError(
            f"weights: {weights} is not exported; use --method {facts.net}, or make an ONNX file with spotdiff export"
        )
    return facts


def asked(weights: str, *, method: str, threads: int = 0) -> tuple[Ask, Facts]:
    """What asks the network in a file, and the file's facts; arguments and errors are those of `facts_of`.

    Raises:
        MissingExtra: it needs torch, which is not installed; an exported file does not.
    """
    facts = facts_of(weights, method=method, threads=threads)
    if Path(weights).suffix.lower() == EXPORTED:
        return open_session(weights, threads=threads)
    try:
        from spotdiff.nets.parts.runner import open_weights
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] == "spotdiff":
            raise
        raise MissingExtra(str(missing.name), extra="train") from None
    return open_weights(weights)[0], facts


def _check(weights: str, *, method: str) -> None:
    maker = "export" if method == "onnx" else "train"
    if not weights:
        raise OptionError(f"method {method} needs weights: --set weights=FILE (made by spotdiff {maker})")
    if not Path(weights).is_file():
        raise OptionError(f"weights: there is no file {weights}; spotdiff {maker} makes one")
