"""A Ray cluster of two machines on this one, for the tests; its input may say `kill`."""

import os
import sys

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from ray.cluster_utils import Cluster

# not 127.0.0.1, which Ray takes for "this machine" and exchanges for the address of a network card
LOOPBACK = {"node_ip_address": "127.0.0.2", "object_store_memory": 100_000_000}


def main() -> None:
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, **LOOPBACK},
        shutdown_at_exit=True,
    )
    second = cluster.add_node(num_cpus=1, **LOOPBACK)
    cluster.wait_for_nodes()
    sys.stdout.write(f"{cluster.address}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if line.strip() == "kill":
            cluster.remove_node(second, allow_graceful=False)

    cluster.shutdown()


if __name__ == "__main__":
    main()
