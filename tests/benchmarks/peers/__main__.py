"""The recommender beside other libraries, each in an environment of its own.

``python -m tests.benchmarks.peers --data DIR --protocol NAME --peer implicit=PYTHON ... --json FILE``

A peer NAME is the script ``NAME_peer.py`` of this folder, run by the interpreter PYTHON. ``make
benchmark-peers`` makes the environments and calls this.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from threadpoolctl import threadpool_limits

from tests.benchmarks.peers.bridge import HERE, Bench, judge_with_peers, run_peer, write_tasks
from training.columns import catalog_of, held_out_of, interactions_of
from training.commands.benchmark_modules import BESIDE
from training.config import TrainConfig
from training.datasets import load_dataset
from training.evaluation.protocols import PROTOCOLS
from training.module_models import module_fit
from training.progress import Steps
from training.reports.tables import module_detail_table, module_table


def main() -> None:
    """Write tasks, let peers answer, judge, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--protocol", choices=PROTOCOLS, default="leave-last-out")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--exchange", type=Path, help="default mlruns/peers/DATA/PROTOCOL")
    parser.add_argument("--keep", action="store_true", help="judge the answers that lie there as well")
    parser.add_argument("--json", type=Path)
    given, console = parser.parse_args(), Console()
    peers = [tuple(each.partition("=")[::2]) for each in given.peer]
    for name, _ in peers:
        if not (HERE / f"{name}_peer.py").exists():
            parser.error(f"--peer {name}: there is no {name}_peer.py in {HERE}")
    config = TrainConfig(seed=given.seed)
    dataset = load_dataset(given.data, pass_mark=config.data.pass_mark)
    catalog = catalog_of(dataset)
    interactions = interactions_of(dataset, catalog)
    if interactions is None:
        parser.error(f"--data {given.data} has no table completions, so nobody's next module is known")
    bench = Bench(interactions, given.protocol, given.seed, held_out=held_out_of(dataset, catalog))
    directory = given.exchange or Path("mlruns/peers") / dataset.name / given.protocol
    if not given.keep:
        write_tasks(directory, bench)
    for name, python in peers:
        console.print(f"Peer {name}", highlight=False)
        run_peer(python, f"{name}_peer.py", directory)
    steps = Steps(len(bench.splits()) + 1, console)
    with threadpool_limits(1, "blas"), steps.running():
        report, told = judge_with_peers(
            module_fit(catalog, config, BESIDE), bench, directory, catalog=catalog, progress=steps.step
        )
    console.print(module_table(report, simulated=dataset.simulated))
    console.print(module_detail_table(report, simulated=dataset.simulated))
    if given.json is not None:
        written = report.as_json(dataset.name) | {"seed": given.seed, "fingerprint": dataset.fingerprint}
        written["peers"] = {name: [asdict(each) for each in of_peer] for name, of_peer in told.items()}
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(written, indent=2, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
