"""CPU time of a 4K grey SSIM map against scikit-image's: `python benchmarks/ssim.py`; the aim is 20 times faster."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from spotdiff.metrics.ssim import ssim_map

AIM = 20.0
HEIGHT, WIDTH = 2160, 3840


def scenes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pictures that differ everywhere, and one pair that differs in one place."""
    rng = np.random.default_rng(0)
    coarse = rng.normal(128, 60, (HEIGHT // 16, WIDTH // 16)).astype(np.float32)
    light = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    before, after = (
        np.clip(light * gain + rng.normal(0, 4, light.shape), 0, 255).astype(np.uint8) for gain in (1, 1.05)
    )
    one_place = before.copy()
    one_place[1000:1080, 2000:2100] = 7
    return {
        "noise": (rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8), rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8)),
        "photograph": (before, after),
        "one place": (before, one_place),
    }


def cpu_seconds(step: Callable[[], object], *, rounds: int) -> float:
    """Median CPU time of all threads, user and system, over some rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return statistics.median(times)


def peer(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """scikit-image's map with the same window and covariance."""
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return structural_similarity(before, after, full=True, **options)[1]


def main() -> int:
    """Print a row per scene; 1 when a scene misses the aim."""
    ratios = []
    print(f"{'scene':12} {'ours ms':>8} {'peer ms':>8} {'ratio':>6} {'max error':>10}")
    for name, (before, after) in scenes().items():
        error = np.abs(ssim_map(before, after) - peer(before, after)).max()
        ours = cpu_seconds(lambda b=before, a=after: ssim_map(b, a), rounds=7)
        theirs = cpu_seconds(lambda b=before, a=after: peer(b, a), rounds=3)
        ratios.append(theirs / ours)
        print(f"{name:12} {ours * 1e3:8.1f} {theirs * 1e3:8.0f} {theirs / ours:6.1f} {error:10.1e}")
    return 0 if min(ratios) >= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
