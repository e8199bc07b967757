"""What a training learns from and what it is measured on, found from the folders that were given."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data import Dataset, open_named
from spotdiff.data.augmented import AugmentedSource
from spotdiff.data.synth import Materials, Synthesis, get_pair_recipe
from spotdiff.data.synth.materials import StoredImage
from spotdiff.data.validate import checked
from spotdiff.errors import DataError
from spotdiff.input_files import read_bytes

if TYPE_CHECKING:
    from spotdiff.data import Sample
    from spotdiff.data.example import Example, Source
    from spotdiff.train.recipe import Recipe

PHOTOS, CUTOUTS, VIEWS = "photos", "cutouts", "views"
_FEWEST = 4  # labelled pairs: one of them is measured on
FEWEST_FLOW = 5  # labelled pairs that are measured on where weights are to be bettered
_TURN = 1  # sets the draw of whose turn it is apart from those that make the example


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What is learned from, and what is held out.

    Attributes:
        source: Examples to learn from, without end.
        held_out: Examples to measure on; none of their photographs, cut-outs or pairs is learned from.
        held_samples: The same as files, where they are labelled pairs; else ().
        labelled: How many labelled pairs there are, learned from or held out.
        description: What they are, in one line.
        digest: SHA-256 over names and sizes of all files.
    """

    source: Source
    held_out: tuple[Example, ...]
    description: str
    digest: str
    held_samples: tuple[Sample, ...] = ()
    labelled: int = 0


@dataclass(frozen=True, slots=True)
class Mixed:
    """Two sources in turn.

    Attributes:
        made, labelled: The sources.
        share: Of examples from `made`.
        seed: Of whose turn it is.
    """

    made: Source
    labelled: Source
    share: float
    seed: int

    def __getitem__(self, number: int) -> Example:
        turn = np.random.default_rng([self.seed, number, _TURN]).random()  # a draw that neither source makes too
        return self.made[number] if turn < self.share else self.labelled[number]


def find_training_data(data: Sequence[str], recipe: Recipe) -> TrainingData:
    """What there is to learn from in some folders.

    Args:
        data: Folders of material (with `photos`, `cutouts` or `views` in them; of the last, each folder holds the
            pictures of one fixed camera) and labelled datasets (see `spotdiff.data.open_named`).
            With datasets alone, pairs are made from their own pictures besides; with nothing, scenes are drawn.
        recipe: How they are used.

    Raises:
        DataError: a folder is neither, or anything in one is wrong; the files are named.
        OptionError: the recipe's pairs cannot be made.
    """
    folders = [path for path in data if any((Path(path) / part).is_dir() for part in (PHOTOS, CUTOUTS, VIEWS))]
    datasets = [checked(open_named(path), to_learn=True) for path in data if path not in folders]
    materials = _materials(folders)
    learn, held = _split(datasets, recipe.held_out, fewest=FEWEST_FLOW if recipe.from_weights else 1)
    if learn and recipe.made and not materials.photos:
        photos = tuple(StoredImage(str(s.before), read_bytes(s.before)) for s in learn)
        materials = Materials(photos, materials.cutouts, materials.views)
    made, spare = (materials, materials) if learn else _held_out(materials, recipe.held_out)
    pairs = get_pair_recipe(recipe.pairs, {"size": recipe.size, **recipe.pair_settings})
    source: Source = Synthesis(pairs, made, recipe.seed)
    if not learn:
        measured = Synthesis(pairs, spare, recipe.seed + 1)
        held_out = tuple(measured[number] for number in range(recipe.measured))
    else:
        first_look = recipe.side if recipe.from_weights else 0
        labelled = AugmentedSource(learn, size=recipe.size, seed=recipe.seed, first_look=first_look)
        source = Mixed(source, labelled, recipe.made, recipe.seed) if recipe.made else labelled
        whole = AugmentedSource(held, size=recipe.size, seed=recipe.seed, augment=False)
        held_out = tuple(whole[number] for number in range(min(len(held), recipe.measured)))
    return TrainingData(
        source,
        held_out,
        _described(materials, learn, held, recipe),
        _digest(materials, [*learn, *held]),
        tuple(held[: len(held_out)]),
        len(learn) + len(held),
    )


def _materials(folders: Iterable[str]) -> Materials:
    """All materials of some folders together."""
    every = [
        Materials.open(
            *(folder if folder.is_dir() else None for folder in (root / PHOTOS, root / CUTOUTS, root / VIEWS))
        )
        for root in map(Path, folders)
    ]
    return Materials(
        tuple(photo for part in every for photo in part.photos),
        tuple(cutout for part in every for cutout in part.cutouts),
        tuple(view for part in every for view in part.views),
    )


def _held_out(materials: Materials, share: float) -> tuple[Materials, Materials]:
    nothing = not materials.photos and not materials.cutouts
    return (materials, materials) if nothing else materials.held_out(share)


def _split(datasets: Sequence[Dataset], share: float, *, fewest: int) -> tuple[list[Sample], list[Sample]]:
    """Samples to learn from and samples held out, those whose names fall into the share.

    At least `fewest` are held out, unless that were more than half of them.
    """
    every = [(f"{dataset.name}/{sample.name}", sample) for dataset in datasets for sample in dataset]
    if every and len(every) < _FEWEST:
        raise DataError(f"{len(every)} labelled pairs are too few to learn from and to measure on; label {_FEWEST}")
    ranked = sorted(every, key=lambda pair: zlib.crc32(pair[0].encode("utf-8", "replace")))
    count = min(max(round(len(every) * share), min(fewest, len(every) // 2)), len(every) - 1) if every else 0
    return [sample for _, sample in ranked[count:]], [sample for _, sample in ranked[:count]]


def _described(materials: Materials, learn: Sequence[Sample], held: Sequence[Sample], recipe: Recipe) -> str:
    parts = [f"{len(learn)} labelled pairs ({len(held)} more held out)"] if learn else []
    if not learn or recipe.made:
        made = f"pairs made from {_count(materials.photos, 'photograph', 'drawn scenes')} and "
        parts.append(made + _count(materials.cutouts, "cut-out", "drawn things"))
        if materials.views:
            pictures = sum(len(view.pictures) for view in materials.views)
            parts.append(f"{pictures} pictures of {_count(materials.views, 'fixed view', '')}")
    return ", ".join(parts)


def _count(files: Sequence[object], noun: str, none: str) -> str:
    return f"{len(files)} {noun}s" if files else none


def _digest(materials: Materials, samples: Sequence[Sample]) -> str:
    digest = hashlib.sha256()
    files = [(file.name, file.data) for file in (*materials.photos, *materials.cutouts)]
    files += [file for view in materials.views for file in view.pictures]
    for name, data in files:
        digest.update(f"{Path(name).name} {len(data)}\n".encode("utf-8", "replace"))
    for sample in samples:
        parts = (sample.before, sample.after, sample.mask, sample.gone, sample.new, sample.boxes)
        for path in filter(None, parts):
            digest.update(f"{sample.name} {path.stat().st_size}\n".encode("utf-8", "replace"))
    return digest.hexdigest()
