"""Accuracy on labelled pairs, measured from outside: prepare, `spotdiff batch`, measure; one table.

    python benchmarks/accuracy.py --data DATA --scorer score.py [--sets a,b] [--work FOLDER] [-- --method ssim]

DATA holds one folder per set and the scorer is a script with the two verbs `prepare DATA WORK` (which writes
WORK/pairs.csv) and `measure DATA RESULTS --json`. Neither is part of this project. All that follows `--` goes to
`spotdiff batch`; without it the default method runs with its default options.
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--sets", help="only these, as in yard,hall")
    parser.add_argument("--work", type=Path, help="keep pictures and results here")
    parser.add_argument("batch", nargs="*", help="options of spotdiff batch, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        sets = ["--sets", options.sets] if options.sets else []
        scorer = [sys.executable, str(options.scorer)]
        subprocess.run([*scorer, "prepare", str(options.data), str(work), *sets], check=True)
        results = work / "results"
        batch = [sys.executable, "-m", "spotdiff", "batch", str(work / "pairs.csv"), "--out", str(results), "--maps"]
        subprocess.run([*batch, *options.batch], check=False)
        measured = [*scorer, "measure", str(options.data), str(results), "--json", *sets]
        print_table(json.loads(subprocess.run(measured, check=True, capture_output=True, text=True).stdout))


def print_table(rows: list[dict[str, object]]) -> None:
    print("| set | pairs as | figures |\n|---|---|---|")
    for row in rows:
        told = [f"{label} {row[key]:.3f}" for key, label in COLUMNS.items() if key in row]
        print(f"| {row['set']} | {row['variant']} | {', '.join(told)} |")


if __name__ == "__main__":
    main()
