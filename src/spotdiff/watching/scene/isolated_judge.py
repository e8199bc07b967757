"""A judge for one camera whose method or describer may fail: the camera goes on, and it is asked again later.

A method may be of another package, or a network that somebody trained: it raises whatever it likes, gives maps that are
no evidence, or never ends. None of that may take the other cameras with it.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from spotdiff.describe import described, get_describer
from spotdiff.errors import MethodError, SpotdiffError
from spotdiff.methods import get_method
from spotdiff.watching.scene.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.options import Options
    from spotdiff.types import Bytes, Comparison, Mask, Region

_PATIENCE = 90.0  # seconds that a comparison may take; of pictures of this size it takes about one
_FIRST_WAIT, _LONGEST_WAIT = 10.0, 600.0  # seconds until a method that failed is asked again: each time twice as long
_TRIAL, _DARKEST = 96, 40  # pixels of the sides, and a grey level, of the pictures that a method is tried with

Result = TypeVar("Result")


class IsolatedJudge(Judge):
    """A judge that has no answer where its method fails, and none until it is time to ask that again.

    Where its describer fails, events have the words of `words` meanwhile.

    Args:
        judge: Compares two looks.
        seconds: The camera's own clock, on which the waits are measured: a replay asks at the same frames each time.
        note: Called with why the method or the describer fails, once for all failures that follow one another, and once
            when it answers again.
    """

    def __init__(self, judge: Judge, *, seconds: Callable[[], float], note: Callable[[str], None]) -> None:
        super().__init__(judge.method, judge.options)
        self._compares = _Breaker(f"method {judge.options.method}", seconds, note)
        self._describes = _Breaker(f"describer {judge.options.describe}", seconds, note)

    @property
    def trouble(self) -> str:
        """Why the method gave no answer when it was last asked; "" when it gave one."""
        return self._compares.trouble

    def compare(self, usual: Bytes, present: Bytes, *, valid: Mask | None = None) -> Comparison | None:
        """The flow's answer for two pictures (H, W, 3) of one size; None where there is none for now."""
        compare = super().compare
        return self._compares.call(lambda: compare(usual, present, valid=valid))

    def describe(self, answer: Comparison, region: Region) -> str:
        """One region of an answer in words, by itself: an event is read without the others."""
        describe = super().describe
        text = self._describes.call(lambda: describe(answer, region))
        if text is not None:
            return text
        plain = get_describer(self.options.changed(describe="words", describe_settings={}))
        return described(plain, answer, (region,))[0][0]


class _Breaker:
    """Calls what may fail, and for a while not again once it has: each time twice as long.

    Attributes:
        trouble: Why it gave no answer when it was last asked; "" when it gave one.
    """

    def __init__(self, name: str, seconds: Callable[[], float], note: Callable[[str], None]) -> None:
        self._name, self._seconds, self._note = name, seconds, note
        self.trouble = ""
        self._wait, self._again = _FIRST_WAIT, -math.inf
        self._latest: _Job[Any] | None = None

    def call(self, work: Callable[[], Result]) -> Result | None:
        """What comes of it; None where it fails, or is not asked for now."""
        if self._seconds() < self._again:
            return None
        if self._latest is not None and self._latest.runs:  # what hangs is not started once more beside itself
            self._failed(self.trouble)
            return None
        job = _Job(work, name=self._name)
        self._latest = job
        try:
            answer = job.result()
        except SpotdiffError as error:
            self._failed(str(error))
            return None
        if self.trouble:
            self._note(f"{self._name} gives answers again")
        self.trouble, self._wait = "", _FIRST_WAIT
        return answer

    def _failed(self, why: str) -> None:
        if not self.trouble:
            self._note(why)
        self.trouble = why
        self._again = self._seconds() + self._wait
        self._wait = min(2 * self._wait, _LONGEST_WAIT)


class _Job(Generic[Result]):
    """Work in a thread that is left alone where it does not end; `name` says whose it is."""

    def __init__(self, work: Callable[[], Result], *, name: str) -> None:
        self._work, self._name = work, name
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def result(self) -> Result:
        """What came of it.

        Raises:
            SpotdiffError: it says what is wrong.
            MethodError: it raised anything else, or did not end.
        """
        self._thread.join(_PATIENCE)
        if self.runs:
            raise MethodError(f"{self._name} did not end within {_PATIENCE:g} s")
        if isinstance(self._error, SpotdiffError):
            raise self._error
        if self._error is not None:
            reason = " ".join(str(self._error).split())
            raise MethodError(f"{self._name} fails: {type(self._error).__name__}{reason and ': '}{reason}")
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # a plug-in may even want to end the program
            self._error = error


def tried_judge(options: Options) -> Judge:
    """A judge whose method has shown on two small pictures that it works.

    Raises:
        SpotdiffError: there is no such method, it lacks something, or it fails.
    """
    judge = _Job(
        lambda: Judge(get_method(options.method, options.settings), options), name=f"method {options.method}"
    ).result()
    ramp = np.add.outer(np.arange(_TRIAL), np.arange(_TRIAL)) + _DARKEST
    pixels = ramp[..., None].repeat(3, axis=2).astype(np.uint8)
    try_method(judge, pixels)
    return judge


def try_method(judge: Judge, pixels: Bytes) -> None:
    """Have a judge compare a picture (H, W, 3) with itself and a thing in it.

    Raises:
        SpotdiffError: its method fails.
    """
    present = pixels.copy()
    height, width = (length // 4 for length in pixels.shape[:2])
    present[height : 2 * height, width : 2 * width] = 255 - present[height : 2 * height, width : 2 * width]
    _Job(lambda: judge.compare(pixels, present), name=f"method {judge.options.method}").result()
