"""A verdict that criteria of a person made of another one, in a sentence that is true for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.language.catalogue import Catalogue
    from spotdiff.types import Verdict


def judged_text(verdict: Verdict, reason: str, compared: str, catalogue: Catalogue) -> str:
    """What criteria come to and why, and then what the comparison itself says.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> judged_text("same", "40 px differ and max_pixels is 50", "One thing was added.", get_catalogue("en"))
        'Same: 40 px differ and max_pixels is 50. As compared: One thing was added.'
    """
    clause = {
        "same": catalogue.say("judged", "same: {reason}", reason=reason),
        "changed": catalogue.say("judged", "changed: {reason}", reason=reason),
        "unsure": catalogue.say("judged", "unsure: {reason}", reason=reason),
    }[verdict]
    return catalogue.text([catalogue.sentence(clause), catalogue.say("judged", "As compared: {said}", said=compared)])
