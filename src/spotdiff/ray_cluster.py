"""A Ray cluster: the one that is named or running, else one on this machine for as long as the process lasts."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from spotdiff.errors import MissingExtra, OptionError, error_line

if TYPE_CHECKING:
    from types import ModuleType


def connected_ray() -> ModuleType:
    """Ray, connected: to what it is connected to already, to RAY_ADDRESS, to a cluster of this machine, or a new one.

    It is told to be quiet, to send nothing about its use, and to open no page.

    Raises:
        MissingExtra: Ray is not installed.
        OptionError: the cluster that RAY_ADDRESS names cannot be reached.
    """
    quiet = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_BACKEND_LOG_LEVEL": "fatal",
    }
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError:
        raise MissingExtra("ray", extra="scale") from None
    if not ray.is_initialized():
        try:
            ray.init(**_own_address(), log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            named = os.environ.get("RAY_ADDRESS", "")
            raise OptionError(f"the Ray cluster {named} cannot be reached: {error_line(error)}") from None
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what goes wrong is raised, too
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    module: ModuleType = ray
    return module


def _own_address() -> dict[str, Any]:
    """What a cluster that listens on this machine alone has to be told; Ray asks for the address of a network card."""
    host = os.environ.get("RAY_ADDRESS", "").rpartition(":")[0]
    if not host:
        return {"include_dashboard": False}
    return {"_node_ip_address": host} if host.startswith("127.") else {}
