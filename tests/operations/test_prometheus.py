from prometheus_client.parser import text_string_to_metric_families

from bot.core.ports import Measure
from bot.operations.prometheus import render_measures


def test_measures_are_read_back_by_prometheus_own_parser() -> None:
    text = render_measures(
        [
            Measure("deliveries", "Deliveries by state.", 3, (("state", "sent"),)),
            Measure("deliveries", "Deliveries by state.", 1, (("state", 'od"d\n'),)),
            Measure("pump_failures", "Failures of a pump.", 7, only_grows=True),
        ]
    ).decode()

    families = {family.name: family for family in text_string_to_metric_families(text)}
    deliveries = families["paperbot_deliveries"]
    assert {sample.labels["state"]: sample.value for sample in deliveries.samples} == {
        "sent": 3,
        'od"d\n': 1,
    }
    assert families["paperbot_pump_failures"].samples[0].name == "paperbot_pump_failures_total"
