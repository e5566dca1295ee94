"""What Prometheus is told: names and units as it recommends them (prometheus.io, "Metric and label naming")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from edge.control import Answer, Answers
from edge.observers.tally import BOUNDS_S, Latencies, Tallies, Tally
from edge.records import SOUNDING, StatusPattern, VerdictKind

_GAUGES: Final[tuple[tuple[str, str, Callable[[Answer], Any]], ...]] = (
    ("people_at_door", "People who count, now.", lambda said: said["people"]),
    ("alarm_active", "1 while the alarm is on.", lambda said: said["alarm"] in SOUNDING),
    ("muted", "1 while buzzer and relay are muted.", lambda said: said["muted"]),
    ("last_frame_age_seconds", "How old the newest picture is.", lambda said: said["frame_age_s"]),
    ("temperature_celsius", "The board's hottest thermometer.", lambda said: said.get("temperature_c")),
    ("undervoltage", "1 while the supply voltage is too low.", lambda said: said.get("low_voltage")),
    ("frame_limit_hertz", "Frames a second allowed while too hot.", lambda said: said.get("slowed_to_fps")),
    ("camera_fault", "1 while the camera gives no picture.", lambda said: bool(said.get("camera_fault"))),
    ("config_fault", "1 while config.yaml is broken.", lambda said: bool(said.get("config_fault"))),
    ("clock_set", "1 once a time server has set the clock.", lambda said: said["clock_set"]),
    ("journal_failing", "1 while the journal cannot be written.", lambda said: said["journal"]["state"] == "failing"),
)
"""Name, help, and where the number is in the status; a number that is None is left out."""


class MaskwatchCollector(Collector):
    """Asks the daemon each time it is asked."""

    def __init__(self, answers: Answers, tally: Tally) -> None:
        """Ask `answers`, which are the control socket's, and `tally`."""
        self._answers, self._tally = answers, tally

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its value now."""
        said, tallies = self._answers["status"]({}), self._tally.read()
        yield InfoMetricFamily("maskwatch_build", "The running version.", {"version": str(said.get("version"))})
        yield from _list_counters(tallies)
        yield _time(tallies.latencies)
        yield _list_states(said["state"])
        for name, text, read in _GAUGES:
            value = read(said)
            if value is not None:
                yield GaugeMetricFamily(f"maskwatch_{name}", text, float(value))


def make_registry(answers: Answers, tally: Tally) -> CollectorRegistry:
    """Return what `generate_latest` needs: Maskwatch's metrics, and what its process uses.

    The process's names begin with maskwatch_ too, since node_exporter has a process of its own.
    """
    registry = CollectorRegistry()
    registry.register(MaskwatchCollector(answers, tally))
    ProcessCollector("maskwatch", registry=registry)
    return registry


def render(registry: CollectorRegistry) -> bytes:
    """Return all metrics in the text format, version 0.0.4."""
    return generate_latest(registry)


def _list_counters(tallies: Tallies) -> Iterator[Metric]:
    yield CounterMetricFamily("maskwatch_frames", "Frames decided.", tallies.frames)
    yield CounterMetricFamily("maskwatch_alarms", "How often the alarm went on.", tallies.alarms)
    visitors = CounterMetricFamily("maskwatch_visitors", "People who came, each counted once.", labels=["verdict"])
    for kind in VerdictKind:
        visitors.add_metric([kind.value], tallies.visitors[kind])
    yield visitors


def _time(latencies: Latencies) -> Metric:
    ends = [*(f"{bound:g}" for bound in BOUNDS_S), "+Inf"]
    buckets = list(zip(ends, accumulate(latencies.counts), strict=True))
    text = "From the camera's picture to the decision."
    return HistogramMetricFamily("maskwatch_decision_latency_seconds", text, buckets, latencies.sum_s)


def _list_states(now: str) -> Metric:
    states = GaugeMetricFamily("maskwatch_state", "1 for the state it is in, 0 for the others.", labels=["state"])
    for state in (StatusPattern.STARTING, StatusPattern.WATCHING, StatusPattern.BLIND):
        states.add_metric([state.value], float(state.value == now))
    return states
