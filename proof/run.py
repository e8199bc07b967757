"""Every proof in its turn, at a scale of one's choosing: a line each, and a table as Markdown.

    python proof/run.py --scale 0.02 --table proof.md      # minutes
    python proof/run.py                                    # all: most of a day

At scale 1 there are 10,000 mutated pictures, 2,000 inputs of every reader, 500 kills, 1,000 reconnects and a day of
film. Exit code 1 where any proof failed; what it said then stands below the table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LONGEST = 24 * 3600.0  # seconds of one proof


@dataclass(frozen=True)
class Proof:
    """A program, what it does, and how much of it at scale 1."""

    what: str
    program: str
    full: dict[str, int]
    more: tuple[str, ...] = ()
    least: int = 1

    def amounts(self, scale: float) -> dict[str, int]:
        """How much of each at a scale."""
        return {name: max(round(full * scale), self.least) for name, full in self.full.items()}

    def arguments(self, scale: float, folder: Path) -> list[str]:
        """The command line."""
        sized = [word for name, count in self.amounts(scale).items() for word in (f"--{name}", str(count))]
        return [sys.executable, str(HERE / self.program), *sized, *(word.format(folder=folder) for word in self.more)]


PROOFS = (
    Proof(
        "mutated pictures, labels, weights, pickles",
        "mutated_inputs.py",
        {"pictures": 10_000, "labels": 3000, "weights": 200, "pickles": 3000},
        ("--seconds", "80000"),
    ),
    Proof("readers called with mutated bytes, each", "fuzzing.py", {"inputs": 2000}),
    Proof("hostile requests to a server", "hostile_requests.py", {"requests": 20_000}, least=50),
    Proof("kills of compare, batch, approve and train, each", "verb_kills.py", {"kills": 75}),
    Proof("kills of a watch", "watch_kills.py", {"kills": 100}),
    Proof(
        "kills of a server under load",
        "../benchmarks/server_kills.py",
        {"kills": 100},
        ("--data", "{folder}/server"),
    ),
    Proof("faults around a watch: clocks, folders", "watch_faults.py", {}),
    Proof("reconnects of a stream over HTTP", "stream_reconnects.py", {"reconnects": 1000}, least=5),
    Proof("hours of film before a watch", "long_watch.py", {"hours": 24}),
)


@dataclass
class Outcome:
    """What became of a proof."""

    proof: Proof
    amounts: str
    seconds: float
    failed: bool
    told: str

    @property
    def row(self) -> str:
        """Its row of the table."""
        held = "failed" if self.failed else "held"
        return (
            f"| {self.proof.what} | `{Path(self.proof.program).name}` | {self.amounts} | {self.seconds:.0f} | {held} |"
        )


def tried(proof: Proof, scale: float) -> Outcome:
    """Run a proof and print its line."""
    amounts = ", ".join(f"{count} {name}" for name, count in proof.amounts(scale).items()) or "all"
    settings = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"), "PYTHONWARNINGS": "ignore"}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                proof.arguments(scale, Path(folder)),
                capture_output=True,
                text=True,
                errors="replace",
                env=settings,
                timeout=LONGEST,
                check=False,
            )
            failed, told = done.returncode != 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}".strip()
        except subprocess.TimeoutExpired:
            failed, told = True, "it did not end"
    seconds = time.monotonic() - begun
    print(f"{'FAILED' if failed else 'held  '} {proof.what}: {amounts}, {seconds:.0f} s", flush=True)
    return Outcome(proof, amounts, seconds, failed, told)


def table(outcomes: list[Outcome]) -> str:
    """All outcomes as Markdown, and below it what was told by those that failed."""
    rows = ["| proof | program | how much | seconds | |", "|---|---|---|---:|---|", *(one.row for one in outcomes)]
    told = [f"\n{one.proof.what}:\n\n```\n{one.told}\n```" for one in outcomes if one.failed]
    return "\n".join([*rows, *told]) + "\n"


def main() -> int:
    """Run all, or those whose program was named; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="of all amounts")
    parser.add_argument(
        "--table", type=Path, help="file to write the table into; after each proof, so that one can look"
    )
    parser.add_argument("--only", action="append", metavar="PROGRAM", help="such as fuzzing.py; may be given again")
    asked = parser.parse_args()
    chosen = [proof for proof in PROOFS if not asked.only or Path(proof.program).name in asked.only]
    if not chosen or asked.scale <= 0:
        parser.error("no such proof" if not chosen else "the scale is more than 0")
    outcomes = []
    for proof in chosen:
        outcomes.append(tried(proof, asked.scale))
        if asked.table:
            asked.table.write_text(table(outcomes))
        if outcomes[-1].failed:
            print(outcomes[-1].told, file=sys.stderr)
    return int(any(one.failed for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
