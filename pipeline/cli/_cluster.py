"""Where a build runs that is too large for one machine: the options, and the way to the cluster."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from pipeline.frame import Outcome
    from pipeline.plan import Plan
    from pipeline.setting import Setting


class Cluster(NamedTuple):
    """A cluster, and the storage that all of its machines see."""

    address: str
    shared: str | None
    """Folder or URL; None: the folder of the plan's dataset."""


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--cluster` and `--shared` to a command."""
    address = click.option(
        "--cluster",
        metavar="ADDRESS",
        default=None,
        help="Build on a Ray cluster: `auto`, `host:6379`, `ray://host:10001`, or `local` for one on this machine.",
    )
    shared = click.option(
        "--shared",
        metavar="URL",
        default=None,
        help="Folder or object store that every machine of the cluster sees. [default: the dataset's folder]",
    )
    return address(shared(command))


def distributed(plan: "Plan", setting: "Setting", cluster: Cluster) -> "Outcome":
    """Build on the cluster; what its machines tell each other is removed at the end."""
    from pipeline.cluster.build import Layout, build
    from pipeline.cluster.store import Store
    from pipeline.engines.cluster import ray_cluster

    place = cluster.shared or str(setting.dataset(plan))
    remembered = Store.at(cluster.shared, "tuneset-cache") if cluster.shared and setting.remembered else None
    layout = Layout(Store.at(place, f".shared-{setting.stamp}"), remembered=remembered)
    with ray_cluster(None if cluster.address == "local" else cluster.address) as engine:
        return build(plan, setting, engine=engine, layout=layout)
