"""Accuracy on labelled pairs, measured from outside: prepare, `spotdiff batch`, measure; methods in one table.

    python benchmarks/accuracy.py --data DATA --scorer score.py [--methods spot,classic] [--sets a,b] [--work FOLDER]

DATA holds one folder per set and the scorer is a script with the two verbs `prepare DATA WORK` (which writes
WORK/pairs.csv) and `measure DATA RESULTS --json`. Neither is part of this project. Every method runs with its default
options; all that follows `--` goes to `spotdiff batch` besides.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

COLUMNS = {
    "f1": "F1",
    "auc": "AUC",
    "caught": "caught",
    "defects_hit": "hit",
    "targets_hit": "hit",
    "regions_right": "right",
    "extra_regions_per_pair": "extra a pair",
    "object_recall": "recall",
    "object_precision": "precision",
    "kind_right": "kind right",
    "false_alarms": "false alarms",
    "unsure": "unsure",
    "missing": "missing",
}


Rows = list[dict[str, object]]


def main() -> None:
    options = _arguments()
    methods = options.methods.split(",")
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        sets = ["--sets", options.sets] if options.sets else []
        scorer = [sys.executable, str(options.scorer)]
        subprocess.run([*scorer, "prepare", str(options.data), str(work), *sets], check=True)
        measured = []
        for method in methods:
            results = work / f"results_{method}"
            batch = [
                sys.executable,
                "-m",
                "spotdiff",
                "batch",
                str(work / "pairs.csv"),
                "--out",
                str(results),
                "--maps",
            ]
            subprocess.run([*batch, "--method", method, *options.batch], check=False)
            command = [*scorer, "measure", str(options.data), str(results), "--json", *sets]
            measured.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print_table(methods, measured)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--methods", default="spot,classic", help="one column each")
    parser.add_argument("--sets", help="only these, as in yard,hall")
    parser.add_argument("--work", type=Path, help="keep pictures and results here")
    parser.add_argument("batch", nargs="*", help="options of spotdiff batch, after --")
    return parser.parse_args()


def print_table(methods: list[str], measured: list[Rows]) -> None:
    """One row for every set and form of its pairs, one column for every method."""
    print(f"| set | pairs as | {' | '.join(methods)} |\n|---|---|{'---|' * len(methods)}")
    for rows in zip(*measured, strict=True):
        told = [", ".join(f"{label} {row[key]:.3f}" for key, label in COLUMNS.items() if key in row) for row in rows]
        print(f"| {rows[0]['set']} | {rows[0]['variant']} | {' | '.join(told)} |")


if __name__ == "__main__":
    main()
