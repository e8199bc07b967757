"""Trained networks as methods; the networks are tiny and their weights random, which is enough to see what is done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import spotdiff
import tiny_networks
from ready_methods import SPELLINGS
from spotdiff import plugins
from spotdiff.errors import DataError, OptionError
from spotdiff.methods import get_method
from spotdiff.methods._network import MIRRORED
from spotdiff.methods._postprocess import CORES
from spotdiff.nets import net_names
from spotdiff.nets.parts.facts import read_facts
from spotdiff.nets.parts.inference import open_weights
from spotdiff.nets.parts.weights import load_weights, read_weights
from spotdiff.regions.centre_heatmap import decode, painted
from spotdiff.report.maps import write_layers
from spotdiff.report.record import to_record
from spotdiff.types import Evidence, Pair, Picture

NETS = net_names()


@pytest.fixture(scope="module")
def weights_of(tmp_path_factory):
    return tiny_networks.weights_in(tmp_path_factory.mktemp("weights"))


def pair_of(shape=(60, 90), **more) -> Pair:
    """Two smooth pictures with nothing in common."""
    rng = np.random.default_rng(1)
    before, after = (
        cv2.resize(rng.integers(0, 256, (6, 9, 3), np.uint8), shape[::-1], interpolation=cv2.INTER_CUBIC) for _ in "ab"
    )
    return Pair(Picture(before), Picture(after), **more)


def planes(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]


def said_by(path: str, before: np.ndarray, after: np.ndarray) -> dict[str, np.ndarray]:
    with torch.no_grad():
        said = load_weights(path)[0].pictures(planes(before), planes(after))
    return {name: value.numpy() for name, value in said.items()}


@pytest.mark.parametrize("name", [*SPELLINGS, "fc_siam_conc", "network"])
def test_the_name_of_a_network_is_accepted_for_the_method_that_runs_all(name):
    assert plugins.canonical("methods", name) == "network"
    assert plugins.load("methods", name) is plugins.load("methods", "network")
    assert name == "network" or name not in plugins.names("methods")


def test_every_network_is_a_method():
    assert set(NETS) == {*SPELLINGS, "spot"} - {"onnx"}


@pytest.mark.parametrize("name", ["network", *SPELLINGS])
def test_without_weights_it_says_how_to_get_some(name):
    with pytest.raises(OptionError) as caught:
        get_method(name).score(pair_of())
    assert str(caught.value) == (
        "method network needs weights: --set weights=FILE (made by spotdiff train, or by spotdiff export)"
    )


def test_weights_of_another_network_are_refused_when_the_method_is_made(weights_of):
    with pytest.raises(OptionError, match=r"holds weights of unet, not of spot; use --method network"):
        get_method("spot", {"weights": weights_of("unet")})


@pytest.mark.parametrize("name", NETS)
def test_the_weights_say_which_network_it_is(name, weights_of):
    pair = pair_of()
    by_network, by_other = (get_method(m, {"weights": weights_of(name)}).score(pair) for m in ("network", "onnx"))
    assert by_network.weights == by_other.weights == read_facts(weights_of(name)).digest
    assert np.array_equal(by_network.gone, by_other.gone)
    assert by_network.layers.keys() == by_other.layers.keys()


@pytest.mark.parametrize("name", ["network", "unet", "onnx"])
@pytest.mark.parametrize("there", [False, True])
def test_no_weights_there(name, there, tmp_path):
    path = tmp_path / "no.safetensors"
    if there:
        path.mkdir()
    with pytest.raises(OptionError, match=r"weights: there is no file .*no\.safetensors"):
        get_method(name, {"weights": str(path)})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x08",
        b"not weights at all",
        b"\xff" * 300,
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (21).to_bytes(8, "little") + b'{"__metadata__": "no"}'[:21],
        (38).to_bytes(8, "little") + b'{"__metadata__": {"spotdiff": "[1, 2]"}}'[:38],
        (41).to_bytes(8, "little") + b'{"__metadata__": {"spotdiff": "[1, 2]"}}  ',
    ],
)
def test_a_file_that_is_no_weights_is_one_line(content, tmp_path):
    path = tmp_path / "some.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"some\.safetensors holds no weights of spotdiff") as caught:
        get_method("unet", {"weights": str(path)})
    assert "\n" not in str(caught.value)


def test_weights_cut_off_are_told_when_they_are_used(weights_of, tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(Path(weights_of("unet")).read_bytes()[:-9])
    method = get_method("unet", {"weights": str(path)})  # the head is whole
    with pytest.raises(DataError, match=r"cut\.safetensors"):
        method.score(pair_of())


@pytest.mark.parametrize("name", NETS)
def test_the_head_of_a_file_says_what_the_whole_file_says(name, weights_of):
    path = weights_of(name)
    facts = read_facts(path)
    assert facts == read_weights(path)[0]
    assert facts.net == name
    assert get_method(name, {"weights": path}).parameters_learned == facts.parameters > 0


@pytest.mark.parametrize("name", NETS)
def test_evidence_is_what_the_network_says(name, weights_of):
    pair = pair_of((40, 64))
    there = said_by(weights_of(name), pair.before.pixels, pair.after.pixels)
    evidence = get_method(name, {"weights": weights_of(name), "both_ways": False}).score(pair)
    facts = read_facts(weights_of(name))
    if facts.form == "centres":
        return
    assert evidence.directed == facts.directed
    gone, new = (there[side][0, 0] for side in ("gone", "new"))
    assert gone.std() > 1e-4  # an answer that is the same everywhere would prove nothing
    assert not np.allclose(gone, new, atol=1e-4)
    for said, found in ((gone, evidence.gone), (new, evidence.new)):
        assert np.allclose(found, np.clip(said, 0, 1), atol=1e-6)  # at the threshold 0.5 nothing is stretched
    assert set(evidence.layers) == {key for key, value in there.items() if value.ndim == 4} - {"gone", "new", *CORES}
    for key, core in zip(CORES, evidence.cores or (), strict=False):
        assert np.allclose(core, there[key][0, 0], atol=1e-6)
    for key, layer in evidence.layers.items():
        assert np.allclose(layer, there[key][0, 0], atol=1e-6)


def test_layers_are_the_four_maps_and_the_branches(weights_of):
    layers = {name: get_method(name, {"weights": weights_of(name)}).score(pair_of()).layers for name in NETS}
    four = {"added", "removed", "changed", "unchanged"}
    assert set(layers["unet"]) == four
    assert set(layers["fused"]) == four | {"information", "appear", "disappear", "exchange"}
    assert set(layers["siamese"]) == {"boxes_before", "boxes_after"}
    assert not layers["spot"]


@pytest.mark.parametrize("name", NETS)
def test_shown_in_both_orders_where_needed(name, weights_of):
    pair = pair_of()
    once = get_method(name, {"weights": weights_of(name), "both_ways": False})
    there, back = once.score(pair), once.score(pair.swapped())
    apart = max(np.abs(there.gone - back.new).max(), np.abs(there.new - back.gone).max())
    assert (apart < 1e-5) == (name in MIRRORED)
    twice = get_method(name, {"weights": weights_of(name)}).score(pair)
    assert np.allclose(twice.gone, (there.gone + back.new) / 2, atol=1e-5)
    assert np.allclose(twice.new, (there.new + back.gone) / 2, atol=1e-5)


def test_both_orders_mirror_layers_too(weights_of):
    method = get_method("unet", {"weights": weights_of("unet")})
    there, back = (method.score(pair).layers for pair in (pair_of(), pair_of().swapped()))
    assert np.allclose(there["added"], back["removed"], atol=1e-6)
    assert np.allclose(there["unchanged"], back["unchanged"], atol=1e-6)
    assert not np.allclose(there["added"], there["removed"], atol=1e-3)


def test_the_threshold_becomes_one_half(weights_of):
    path, pair = weights_of("unet"), pair_of()
    plain = get_method("unet", {"weights": path, "both_ways": False}).score(pair).new
    limit = round(float(np.median(plain)), 6)
    found = get_method("unet", {"weights": path, "both_ways": False, "threshold": limit}).score(pair).new
    assert np.array_equal(found >= 0.5, plain >= np.float32(limit))
    assert 0 < (found >= 0.5).mean() < 1
    order = np.argsort(plain, axis=None)
    assert (np.diff(found.ravel()[order]) >= 0).all()


def test_threshold_and_side_come_from_the_facts(tmp_path):
    path = tiny_networks.random_weights("unet", tmp_path / "u.safetensors", threshold=0.25, side=48)
    asked = {"weights": path, "both_ways": False}
    by_facts = get_method("unet", asked).score(pair_of())
    by_hand = get_method("unet", asked | {"threshold": 0.25, "side": 48}).score(pair_of())
    other = get_method("unet", asked | {"threshold": 0.5, "side": 90}).score(pair_of())
    assert np.array_equal(by_facts.gone, by_hand.gone)
    assert not np.allclose(by_facts.gone, other.gone, atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "side", "shown", "inner"),
    [
        ((60, 90), 60, (40, 60), (40, 60)),
        ((60, 90), 500, (60, 90), (60, 90)),
        ((60, 90), 30, (32, 32), (20, 30)),
        ((1, 1), 64, (32, 32), (1, 1)),
        ((3, 900), 90, (32, 90), (1, 90)),
    ],
)
def test_pictures_are_shrunk_to_the_side_and_never_enlarged(shape, side, shown, inner, weights_of):
    method = get_method("unet", {"weights": weights_of("unet"), "side": side})
    pair = pair_of(shape)
    ready = method.shown(pair)
    assert ready.before.shape == ready.after.shape == (1, 3, *shown)
    assert (ready.inner, ready.shape) == (inner, shape)
    assert ready.before.dtype == np.float32
    assert 0 <= ready.before.min() <= ready.before.max() <= 1
    assert np.array_equal(
        ready.before[..., inner[0] :, 0], ready.before[..., inner[0] - 1 : inner[0], 0].repeat(shown[0] - inner[0], -1)
    )
    evidence = method.score(pair)
    assert evidence.gone.shape == shape
    assert all(layer.shape == shape for layer in evidence.layers.values())


def test_the_whole_pair_in_one_number(weights_of):
    pair = pair_of((40, 64))
    there = said_by(weights_of("spot"), pair.before.pixels, pair.after.pixels)
    notes = get_method("spot", {"weights": weights_of("spot")}).score(pair).notes
    assert notes == {"anything": pytest.approx(float(there["anything"][0]), abs=1e-4)}


@pytest.mark.parametrize("side", [64, 45])
def test_boxes_of_both_pictures_are_brought_together(side, weights_of):
    path, pair = weights_of("siamese"), pair_of((40, 64))
    size = (64, 40) if side == 64 else (45, 28)
    small = [cv2.resize(p.pixels, size, interpolation=cv2.INTER_AREA) for p in (pair.before, pair.after)]
    before, after = (np.pad(p, ((0, max(32 - len(p), 0)), (0, 0), (0, 0)), mode="edge") for p in small)
    there, facts = said_by(path, before, after), read_facts(path)
    evidence = get_method("siamese", {"weights": path, "side": side}).score(pair)
    assert not evidence.directed
    assert evidence.gone is evidence.new
    count = {}
    for picture in ("before", "after"):
        heat, size_, offset = (there[f"{part}_{picture}"][0] for part in ("heat", "size", "offset"))
        asked = {"stride": facts.stride, "shape": before.shape[:2], "threshold": facts.threshold / 2}
        boxes, scores = decode(heat[0], size_, offset, **asked)
        count[f"boxes_{picture}"] = int((scores >= facts.threshold).sum())
        wanted = painted(boxes * ([64 / size[0], 40 / size[1]] * 2), scores, (40, 64))
        assert np.allclose(evidence.layers[f"boxes_{picture}"], wanted, atol=1e-6)
    assert min(count.values()) > 0
    assert evidence.notes == count
    both = np.maximum(*evidence.layers.values())
    assert np.array_equal(evidence.change >= 0.5, both >= np.float32(facts.threshold))
    assert (evidence.change >= 0.5).mean() > 0


def test_an_undirected_network_says_one_map(tmp_path):
    path = tiny_networks.random_weights("unet", tmp_path / "u.safetensors", directed=False)
    evidence = get_method("unet", {"weights": path}).score(pair_of())
    assert not evidence.directed
    assert evidence.gone is evidence.new
    weights = tiny_networks.random_weights("unet", tmp_path / "v.safetensors")
    directed = get_method("unet", {"weights": weights}).score(pair_of())
    assert np.array_equal(evidence.change, directed.change)


def test_what_is_not_usable_has_no_say(weights_of):
    """Not even through what a network looks at as a whole."""
    usable = np.ones((60, 90), bool)
    usable[10:40, 20:50] = False
    pair, other = pair_of(valid=usable), pair_of(valid=usable)
    other.after.pixels[~usable], other.before.pixels[~usable] = 255, 0
    for name in NETS:
        method = get_method(name, {"weights": weights_of(name)})
        one, two = method.score(pair), method.score(other)
        assert np.array_equal(one.gone, two.gone)
        assert not one.change[~usable].any()
        if one.directed:
            assert one.change[usable].any()


def test_a_comparison_says_whose_weights_decided(weights_of):
    pair = pair_of((96, 96))
    found = spotdiff.compare(
        pair.before.pixels, pair.after.pixels, method="unet", settings={"weights": weights_of("unet")}, align="off"
    )
    record = to_record(found)["method"]
    assert record["weights"] == read_facts(weights_of("unet")).digest
    assert len(record["weights"]) == 64
    assert record["parameters"]["weights"] == weights_of("unet")


def test_weights_are_read_once_and_again_when_they_change(tmp_path):
    path = tiny_networks.random_weights("unet", tmp_path / "u.safetensors")
    first, _ = open_weights(path)
    assert open_weights(path)[0] is first
    tiny_networks.random_weights("unet", tmp_path / "u.safetensors", side=32)
    assert open_weights(path)[0] is not first
    assert open_weights(path)[1].side == 32


def test_threads_are_left_as_they_were(weights_of):
    usual, opencv = torch.get_num_threads(), cv2.getNumThreads()
    get_method("unet", {"weights": weights_of("unet")}).score(pair_of())
    assert (torch.get_num_threads(), cv2.getNumThreads()) == (usual, opencv)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_facts_need_no_torch_and_answers_say_that_they_do(weights_of):
    code = f"""
import sys
sys.modules["torch"] = None
import numpy as np
from spotdiff.errors import MissingExtra
from spotdiff.methods import get_method
from spotdiff.types import Pair, Picture
method = get_method("unet", {{"weights": {weights_of("unet")!r}}})
print(method.parameters_learned)
try:
    method.score(Pair(*[Picture(np.zeros((40, 40, 3), np.uint8))] * 2))
except MissingExtra as missing:
    print(missing)
"""
    count, told = run(code).splitlines()
    assert int(count) == read_facts(weights_of("unet")).parameters
    assert told == "this needs torch: pip install 'spotdiff[train]'"


def test_a_network_method_takes_its_exported_file_too(tmp_path):
    path = tiny_networks.bright_onnx(tmp_path / "bright.onnx", net="unet")
    pair = pair_of()
    by_unet, by_onnx = (get_method(name, {"weights": path}).score(pair) for name in ("unet", "onnx"))
    assert np.array_equal(by_unet.gone, by_onnx.gone)
    assert by_unet.gone.any()
    with pytest.raises(OptionError, match="use --method network"):
        get_method("spot", {"weights": path})


def layered(**layers: np.ndarray):
    before = pair_of((20, 30)).before.pixels
    found = spotdiff.compare(before, before, method="pixel", align="off")
    zero = np.zeros((20, 30), np.float32)
    object.__setattr__(found, "evidence", Evidence(zero, zero, directed=False, layers=layers))
    return found


def test_layers_are_written_as_pictures(tmp_path):
    slope = np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30)
    assert write_layers(layered(added=slope), tmp_path) == (tmp_path / "added.png",)
    assert write_layers(layered(added=slope), tmp_path, stem="yard/1") == (tmp_path / "yard" / "1.added.png",)
    for path in (tmp_path / "added.png", tmp_path / "yard" / "1.added.png"):
        values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert values.shape == (20, 30)
        assert values.dtype == np.uint8
        assert np.abs(values - slope * 255).max() <= 0.51
    assert write_layers(layered(), tmp_path) == ()


def test_a_layer_is_not_written_over_a_picture(tmp_path):
    path = tmp_path / "added.png"
    cv2.imwrite(str(path), pair_of((20, 30)).before.pixels)
    found = spotdiff.compare(str(path), str(path), method="pixel")
    zero = np.zeros((20, 30), np.float32)
    object.__setattr__(found, "evidence", Evidence(zero, zero, directed=False, layers={"more": zero, "added": zero}))
    kept = path.read_bytes()
    with pytest.raises(OptionError, match="written over"):
        write_layers(found, tmp_path)
    assert path.read_bytes() == kept
    assert not (tmp_path / "more.png").exists()
