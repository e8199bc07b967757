"""A seed gives the same pairs and clips in every version: digests of what was made when they were written down."""

from __future__ import annotations

import hashlib
import json

import cv2
import numpy as np
import pytest

from spotdiff.data.synth import Materials, Synthesis, get_pair_recipe
from spotdiff.data.synth.clips import ClipRecipe, frames_of, plan_clip, truth_of

# Other libraries, and other instructions of a processor, may round or draw in another way.
HERE = (cv2.__version__, np.__version__, cv2.getCPUFeaturesLine())
MADE_WITH = ("5.0.0", "2.4.6", "SSE SSE2 SSE3 *SSE4.1 *SSE4.2 *AVX *FP16 *AVX2 *AVX512-SKX?")
TINY = {"width": 96, "height": 64, "fps": 5, "shortest": 9.0, "longest": 9.0, "calm": 3.0, "apart": 1.0, "stays": 4.0}
PAIRS = {
    "default": "f3783314736e7992",
    "aligned": "9b77739ae6691181",
    "free": "cd1ae9de5b395b96",
    "captions": "73d1cdbf2f12b939",
    "plain": "fc23b2f5a394c26f",
}
CLIPS = {
    "event": "3da7aad229e0bdbc",
    "light": "9897c3dffcb4fc96",
    "ir": "1942d6ac889bb7db",
    "shake": "efc56effab32f0a6",
    "reconnect": "d65660199d542c31",
    "rain": "49700f0c74623680",
    "insects": "5d19abfe9337fd5f",
    "leaves": "4993f78ee6b8b4c1",
    "passers": "1da443945aef29c5",
}

pytestmark = pytest.mark.skipif(HERE != MADE_WITH, reason="the digests were made by other libraries or processors")


def digest_of_pairs(name):
    digest, source = hashlib.sha256(), Synthesis(get_pair_recipe(name, {"size": 64}), seed=5)
    for number in range(8):
        example, mask = source.with_mask(number)
        for plane in (example.before, example.after, example.gone, example.new, mask):
            digest.update(np.ascontiguousarray(plane).tobytes())
        digest.update(f"{[(place.kind, place.box_before, place.box_after) for place in example.places]}".encode())
    return digest.hexdigest()[:16]


def digest_of_clips(scenario):
    digest, recipe = hashlib.sha256(), ClipRecipe(**TINY, smallest=0.01, mjpeg=0.5, loiter=0.3, scenario=scenario)
    for index in range(2):
        clip = plan_clip(recipe, Materials(), 3, index)
        digest.update(json.dumps(truth_of(clip, f"{index}")).encode())
        for second, pixels in frames_of(clip):
            digest.update(f"{second}".encode() + pixels.tobytes())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize(("name", "digest"), PAIRS.items())
def test_a_seed_gives_the_same_pairs(name, digest):
    assert digest_of_pairs(name) == digest


@pytest.mark.parametrize(("scenario", "digest"), CLIPS.items())
def test_a_seed_gives_the_same_clips(scenario, digest):
    assert digest_of_clips(scenario) == digest
