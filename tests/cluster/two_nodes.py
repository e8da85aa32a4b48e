"""Two nodes of Ray on this machine, one of which dies: a program of its own, because Ray changes its process for good.

`python -m tests.cluster.two_nodes FOLDER` builds FOLDER/undisturbed and one folder for each step of `STEPS`, in which the
second node dies, and prints what became of a task that kills its worker.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.cluster.build import Layout, build
from pipeline.cluster.store import Store
from pipeline.engines.cluster import Ray, ray_cluster
from tests.cluster.chats import chats
from tests.house.house import House

STEPS = ("measure_part", "compare")
"""A step over parts before the first exchange, and one in the middle of the grouping."""


class Doomed(NamedTuple):
    """An engine of which one node waits for its death in one step, with its first task of that step done but not told."""

    engine: Ray
    node: str
    step: str
    flag: Path

    def each(self, work: Any, numbers: Iterable[int], *, careful: Any = None) -> list[Any]:
        """Run the tasks, those of the step with the wait."""
        if getattr(work, "func", work).__name__ == self.step:
            work = partial(_waiting, work, self.node, self.flag)
        return self.engine.each(work, numbers, careful=careful)


def _waiting(work: Callable[[int], Any], node: str, flag: Path, number: int) -> Any:
    import ray

    if ray.get_runtime_context().get_node_id() != node:
        while not flag.exists():  # so that the other node does not do it all before this one has begun
            time.sleep(0.05)
        return work(number)
    answer = work(number)
    if flag.exists():
        return answer
    flag.touch()
    while True:
        time.sleep(1)


def _die_of_three(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


def main(folder: Path) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    killed = []
    for step in STEPS:
        node = cluster.add_node(num_cpus=1)
        with ray_cluster(cluster.address) as engine:
            flag = folder / f"{step}.reached"
            killer = threading.Thread(target=_kill, args=(cluster, node, flag))
            killer.start()
            _build(folder / step, Doomed(engine, node.node_id, step, flag))
            killer.join()
            killed.append(step)
    with ray_cluster(cluster.address) as engine:
        answers = engine.each(_die_of_three, range(6), careful=lambda number: -number)
    sys.stdout.write(json.dumps({"killed": killed, "answers": answers}) + "\n")
    cluster.shutdown()


def _kill(cluster: Any, node: Any, flag: Path) -> None:
    while not flag.exists():
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)


def _build(root: Path, engine: Any) -> None:
    root.mkdir()
    house = House(root).write(faq_csv=chats(220))
    layout = Layout(Store.at(str(root), "shared"), buckets=3, part_rows=37)
    build(house.plan(), house.setting(), engine=engine, layout=layout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
