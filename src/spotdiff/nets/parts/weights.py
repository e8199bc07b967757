"""Weights in a file that carries its own facts (safetensors)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from spotdiff.atomic_write import write_whole
from spotdiff.errors import DataError, SpotdiffError, error_line
from spotdiff.nets import get_net
from spotdiff.nets.parts.facts import KEY, Facts
from spotdiff.nets.parts.outputs import Net


def save_weights(path: str | Path, net: Net, facts: Facts) -> Facts:
    """Write a net's values and facts to one file, whole or not at all; the facts come back with their digest.

    Raises:
        OSError: the file cannot be written.
    """
    values = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    sealed = replace(facts, digest=digest_of(values))
    write_whole(Path(path), save(values, metadata={KEY: sealed.to_json()}), durable=True)
    return sealed


def load_weights(path: str | Path) -> tuple[Net, Facts]:
    """The net in a file, ready to use (not to train), and its facts.

    Raises:
        DataError: the file cannot be read, holds no weights of ours, or values that do not fit the net it names.
        OptionError: the net it names is not known.
    """
    facts, values = read_weights(path)
    return net_of(facts, values, path=path).eval(), facts


def net_of(facts: Facts, values: Mapping[str, Tensor], *, path: object) -> Net:
    """The net that weights are of, filled with them; whatever they say of it, nothing is asked for over a network.

    Raises:
        DataError: the net cannot be built, or the values do not fit it.
        OptionError: the net, or one of its settings, is not known.
    """
    design = get_net(facts.net, {name: value for name, value in facts.settings.items() if name != "pretrained"})
    try:
        with suppress(NotImplementedError), torch.device("meta"):  # takes no memory, whatever the header says
            _check_fit(design.build(), values, path=path)
        net = design.build()
    except (SpotdiffError, MemoryError):
        raise
    except Exception as error:  # sizes that cannot be fail in many ways
        raise DataError(f"{path} is of a {facts.net} that cannot be built: {error_line(error)}") from None
    fill(net, values, path=path)
    return net


def read_weights(path: str | Path) -> tuple[Facts, dict[str, Tensor]]:
    """Facts and values of a file, by name.

    Raises:
        DataError: the file cannot be read, holds no weights of ours, or was changed since it was written.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            facts = Facts.from_json((file.metadata() or {}).get(KEY), path=path)
            values = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path} cannot be read as weights: {error}") from None
    if facts.digest != digest_of(values):
        raise DataError(f"{path} was changed since it was written: its values do not match its digest")
    return facts, values


def fill(net: Net, values: Mapping[str, Tensor], *, path: object) -> None:
    """Put values into a net.

    Raises:
        DataError: a value is missing, unknown or of another shape.
    """
    _check_fit(net, values, path=path)
    net.load_state_dict(dict(values))


def _check_fit(net: Net, values: Mapping[str, Tensor], *, path: object) -> None:
    own = net.state_dict()
    odd = sorted(own.keys() ^ values.keys()) or [n for n in own if own[n].shape != values[n].shape]
    if odd:
        raise DataError(f"{path} does not fit the network: {len(odd)} values differ, such as {odd[0]}")


def digest_of(values: Mapping[str, Tensor]) -> str:
    """SHA-256 over names and bytes of all values, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(values):
        digest.update(name.encode())
        digest.update(values[name].contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
