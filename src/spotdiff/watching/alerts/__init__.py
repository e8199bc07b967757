"""Alerts: what happened is queued with the event at once, and delivered to people and machines until they have it."""

from __future__ import annotations

from spotdiff.watching.alerts.clock import Clock as Clock
from spotdiff.watching.alerts.clock import SystemClock as SystemClock
from spotdiff.watching.alerts.escalation import Escalation as Escalation
from spotdiff.watching.alerts.escalation import Escalator as Escalator
from spotdiff.watching.alerts.message import Message as Message
from spotdiff.watching.alerts.message import message_of as message_of
from spotdiff.watching.alerts.queue import AlertQueue as AlertQueue
from spotdiff.watching.alerts.queue import Delivery as Delivery
from spotdiff.watching.alerts.settings import make_sink as make_sink
from spotdiff.watching.alerts.sink import Introduces as Introduces
from spotdiff.watching.alerts.sink import Sink as Sink
from spotdiff.watching.alerts.sink import SinkDown as SinkDown
from spotdiff.watching.alerts.worker import DeliveryWorker as DeliveryWorker
