"""Where the baseline of a test's picture lies, and where goes what a failure writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from spotdiff.errors import OptionError

FOLDER = "__screenshots__"
# Not test-results: pytest-playwright empties that folder whenever a worker starts.
RESULTS = "picture-results"
_NAME = re.compile(r"\w[\w .-]{0,98}\w|\w")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One picture of a test.

    Attributes:
        name: Its name.
        baseline: The approved picture.
        results: Where a failure's files go, without their endings.
    """

    name: str
    baseline: Path
    results: Path

    @classmethod
    def of(cls, name: str, *, test_file: Path, folder: str | Path | None, results: str | Path, root: Path) -> Snapshot:
        """The picture of that name.

        Args:
            name: Letters, digits, spaces, "_", "-" and "."; it becomes a file's name.
            test_file: The file of the test.
            folder: Folder of the baselines, beside the test if it is relative; `__screenshots__/TEST_FILE` for None.
            results: Folder of what a failure writes, in the root if it is relative; files lie in it as they do there.
            root: Folder that the tests are run in.

        Raises:
            OptionError: the name cannot be a file's.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            wanted = 'up to 100 letters, digits, spaces, "_", "-" and ".", a letter or digit first and last'
            raise OptionError(f"a picture's name has {wanted}, not {name!r}")
        beside = Path(folder) if folder is not None else Path(FOLDER, test_file.stem)
        baseline = Path(test_file.resolve().parent, beside, f"{name}.png").resolve()
        return cls(name, baseline, root / results / _below(baseline.with_name(name), root.resolve()))

    @property
    def key(self) -> str:
        """Equal for two pictures whose baselines some file system would take for one."""
        from spotdiff.data.file_names import composed  # its package loads numpy

        return composed(str(self.baseline)).casefold()

    @property
    def actual(self) -> Path:
        """The test's picture, where it is not as it should be."""
        return self._result("actual")

    @property
    def expected(self) -> Path:
        """A copy of the baseline, beside the actual picture."""
        return self._result("baseline")

    @property
    def overlay(self) -> Path:
        """The actual picture, dimmed, with what changed drawn on it."""
        return self._result("overlay")

    def _result(self, kind: str) -> Path:
        return self.results.with_name(f"{self.results.name}.{kind}.png")


def _below(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else path.relative_to(path.anchor)
