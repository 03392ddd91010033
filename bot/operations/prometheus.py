"""The bot's numbers in Prometheus's text format."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from bot.core.ports import Measure

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Measures(Collector):
    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = tuple(measures)

    def collect(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for measure in self._measures:
            names = [name for name, _ in measure.labels]
            kind = CounterMetricFamily if measure.only_grows else GaugeMetricFamily
            family = families.setdefault(
                measure.name, kind(f"paperbot_{measure.name}", measure.words, labels=names)
            )
            family.add_metric([value for _, value in measure.labels], measure.value)
        yield from families.values()


def render_measures(measures: Iterable[Measure]) -> bytes:
    """What `/metrics` answers; every name begins with `paperbot_`."""
    registry = CollectorRegistry()
    registry.register(_Measures(measures))
    return generate_latest(registry)
