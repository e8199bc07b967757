"""One thread, no network, and two pairs that every net must be able to learn by heart."""

from __future__ import annotations

import pytest
import torch

from nets.learning import Pairs


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def two_pairs(texture):
    """One pair with something removed and something replaced, one with something added, at 64 x 64."""
    before = torch.stack([torch.from_numpy(texture(64, 64, seed=seed)).permute(2, 0, 1) / 255 for seed in (1, 2)])
    after = before.clone()
    gone, new = torch.zeros(2, 1, 64, 64), torch.zeros(2, 1, 64, 64)
    _put(before[0], gone[0], (8, 8, 28, 32), (0.9, 0.1, 0.1))
    _put(before[0], gone[0], (36, 32, 56, 56), (0.1, 0.2, 0.9))
    _put(after[0], new[0], (36, 32, 56, 56), (0.9, 0.9, 0.1))
    _put(after[1], new[1], (20, 12, 44, 40), (0.1, 0.8, 0.3))
    return Pairs(before, after, gone, new)


def _put(picture, mask, box, colour):
    top, left, bottom, right = box
    picture[:, top:bottom, left:right] = torch.tensor(colour)[:, None, None]
    mask[:, top:bottom, left:right] = 1
