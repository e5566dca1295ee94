"""The section `metrics` of config.yaml. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge.rules import Rule, between, setting

_PROM_FILE = Rule(
    pattern=r"/.*\.prom", example="/var/lib/prometheus/node-exporter/maskwatch.prom: from / on, and ending in .prom"
)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Prometheus metrics: at /metrics of the page, in a file for node_exporter, or both."""

    enabled: bool = setting(False)
    textfile: str | None = setting(None, _PROM_FILE)
    write_every_s: float = setting(15.0, between(1, 3600))


def find_metrics_clashes(metrics: Metrics, has_page: bool) -> Iterator[Mapping[str, str]]:
    """Yield what is wrong between settings, as `edge.clashes` does; `has_page` is whether `web.enabled` is true."""
    if metrics.enabled and not metrics.textfile and not has_page:
        yield {"metrics.enabled": "has nowhere to go; name a file in metrics.textfile, or set web.enabled: true"}
