"""What wakes a person: every alert speaks when it should, leads to a page, and asks for what there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from chassis import metrics
from deploy import exporter, nats_exporter
from tests.docs.readme import HOUSE

FOLDER = HOUSE / "deploy/prometheus"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
TESTS = yaml.safe_load((FOLDER / "tests.yml").read_text(encoding="utf-8"))["tests"]
PAGES = HOUSE / "docs/runbooks"
OURS_OF_PROMETHEUS = {"up"}
WORDS = {"sum", "max", "by", "rate", "increase", "time"}


def page(rule):
    return re.sub(r"(?<!^)(?=[A-Z])", "-", rule["alert"]).lower() + ".md"


def asked(expr):
    """Return the metrics an expression asks for: its names, less functions, labels and durations."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)", "", expr)
    return set(re.findall(r"[a-z_]{2,}", bare)) - WORDS


def known():
    """Return the names of every series our processes give."""
    names = set()
    for found in vars(metrics).values():
        if isinstance(found, MetricWrapperBase):
            described = next(iter(found.describe()))
            tails = {"counter": ["_total"], "histogram": ["_count", "_sum", "_bucket"]}
            names |= {described.name + tail for tail in tails.get(described.type, [""])}
    for module in (exporter, nats_exporter):
        for held in vars(module).values():
            if isinstance(held, tuple) and len(held) == 2:
                names.add(held[0])
            elif isinstance(held, dict):
                names |= {name for name in held if isinstance(name, str)}
    return names


@pytest.fixture
def promtool():
    found = shutil.which("promtool")
    if not found:
        pytest.skip("promtool is not here: Debian's package prometheus has it")
    return found


def run(*argv):
    return subprocess.run(argv, cwd=FOLDER, capture_output=True, text=True, check=False)


def test_the_rules_speak_when_they_should_and_are_silent_when_they_should(promtool):
    tried = run(promtool, "test", "rules", "tests.yml")

    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_the_rules_and_what_loads_them_are_read_by_prometheus(promtool, tmp_path):
    assert run(promtool, "check", "rules", "rules.yml").returncode == 0
    shipped = (HOUSE / "deploy/compose/prometheus.yml").read_text(encoding="utf-8")
    here = tmp_path / "prometheus.yml"
    here.write_text(shipped.replace("/etc/prometheus/rules.yml", str(FOLDER / "rules.yml")))

    checked = run(promtool, "check", "config", here)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_is_tried_both_speaking_and_silent():
    tried = [check for case in TESTS for check in case["alert_rule_test"]]
    for rule in RULES:
        of_it = [check["exp_alerts"] for check in tried if check["alertname"] == rule["alert"]]

        assert any(of_it), rule["alert"]
        assert not all(of_it), rule["alert"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_a_page_that_says_what_to_do(rule):
    said = rule["annotations"]

    assert said["runbook"] == f"docs/runbooks/{page(rule)}"
    assert said["zh"]
    assert said["summary"]
    assert rule["labels"]["severity"] in ("page", "ticket")
    text = (HOUSE / said["runbook"]).read_text(encoding="utf-8")
    assert text.startswith(f"# {rule['alert']}\n")
    for heading in ("Means", "Look", "Do"):
        assert f"\n## {heading}\n" in text


def test_every_page_has_its_alert():
    pages = {path.name for path in PAGES.glob("*.md")} - {"README.md"}

    assert pages == {page(rule) for rule in RULES}


def test_an_alert_asks_only_for_what_somebody_measures():
    assert "outbox_oldest_seconds" in known()
    for rule in RULES:
        wanted = asked(rule["expr"])

        assert wanted, rule["alert"]
        assert wanted <= known() | OURS_OF_PROMETHEUS, rule["alert"]


def test_what_reads_an_expression_finds_a_metric_that_nobody_measures():
    expr = 'sum by (part) (rate(no_such_total{part!="x"}[5m])) / up > 0.5'

    assert asked(expr) == {"no_such_total", "up"}


def test_prometheus_has_every_part_by_name():
    config = yaml.safe_load((HOUSE / "deploy/compose/prometheus.yml").read_text())
    jobs = {job["job_name"]: job["static_configs"] for job in config["scrape_configs"]}

    assert {one["labels"]["part"]: one["targets"] for one in jobs["part"]} == {
        part: [f"{part}:8080"] for part in ("registry", "casework", "procurement", "evaluation")
    } | {"gateway": ["gateway:9464"]}, "the gateway's own are apart from its callers"
    assert Path(config["rule_files"][0]).name == "rules.yml"
