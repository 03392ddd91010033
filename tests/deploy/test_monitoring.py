"""The dashboard and the alert rules ask for what `/metrics` has."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.arxiv.services.polling import measure_arxiv
from bot.operations.prometheus import render_measures
from bot.operations.services.health import HealthMonitor
from tests.arxiv.stage import staged
from tests.fakes.arxiv import FaultKind

MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
OTHERS = {"up", "probe_success"}
"""Metrics of Prometheus and of its blackbox exporter."""


@pytest.fixture
async def exported(tmp_path: Path) -> list[Metric]:
    """`/metrics` of a bot whose pump and whose request to arXiv have failed once."""
    async with staged(tmp_path / "vault", MONDAY) as stage:
        stage.arxiv.fail(FaultKind.HTML, path="/atom/")
        await stage.round()
        monitor = HealthMonitor(stage.db, clock=stage.time)
        await monitor.look()
        measures = (*monitor.measures([("plan", 1)]), *await measure_arxiv(stage.db))
    return list(text_string_to_metric_families(render_measures(measures).decode()))


def expressions(root: Path) -> Iterator[str]:
    dashboard = json.loads((root / "deploy" / "grafana-dashboard.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (rule["expr"] for rule in rules(root))


def rules(root: Path) -> list[dict[str, Any]]:
    text = (root / "deploy" / "prometheus-alerts.yaml").read_text("utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_each_number_that_is_asked_for_is_exported(root: Path, exported: list[Metric]):
    samples = [sample for family in exported for sample in family.samples]
    for expression in expressions(root):
        asked = re.findall(r"\b(paperbot_\w+|up|probe_success)(?:\{([^}]*)\})?", expression)
        assert asked, expression
        for name, matchers in asked:
            if name in OTHERS:
                continue
            found = [sample for sample in samples if sample.name == name]
            assert found, f"{name} is not exported"
            for label, values in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
                if label == "job":  # Prometheus adds it
                    continue
                have = {sample.labels.get(label) for sample in found}
                assert set(values.split("|")) <= have, f"{name}: {label}={values}"
        by = re.findall(r"by \((\w+)\)", expression)
        known = {label for sample in samples for label in sample.labels}
        assert set(by) <= known, expression


def test_each_alert_says_what_to_do(root: Path):
    names = [rule["alert"] for rule in rules(root)]

    assert len(set(names)) == len(names)
    for rule in rules(root):
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_each_panel_has_its_own_place(root: Path):
    dashboard = json.loads((root / "deploy" / "grafana-dashboard.json").read_text("utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]}

    assert len(set(ids)) == len(places) == len(dashboard["panels"])
