"""compose.yaml cannot be run everywhere; held against the code, it stays true all the same."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from shared.health import READY
from shared.settings import CommonSettings
from waterdesk.cli import commands
from waterdesk.composition import SETTINGS
from waterdesk.installation import SERVICES

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: COMPOSE["services"][name] for name in SERVICES}
KNOWN_SETTINGS = {
    f"WATERDESK_{field.upper()}"
    for settings in SETTINGS.values()
    for field in settings.model_fields
}
PORTS = {name: CommonSettings.model_fields[f"{name}_port"].default for name in SERVICES}


def test_it_is_the_three_services_with_their_database_and_their_broker() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "kafka", "migrate", *SERVICES}


@pytest.mark.parametrize("name", [*SERVICES, "migrate"])
def test_every_command_is_one_that_waterdesk_has(name: str) -> None:
    command, *arguments = COMPOSE["services"][name]["command"]
    assert command in typer.main.get_command(commands()).commands  # type: ignore[attr-defined]
    assert arguments == ([name] if name in SERVICES else [])


@pytest.mark.parametrize("name", [*SERVICES, "migrate"])
def test_every_variable_is_a_setting_that_the_code_reads(name: str) -> None:
    given = set(COMPOSE["services"][name]["environment"])
    assert given <= KNOWN_SETTINGS


def test_the_settings_given_are_settings_the_code_accepts() -> None:
    environment = dict(OURS["intake"]["environment"])
    accepted = CommonSettings(
        **{
            name.removeprefix("WATERDESK_").lower(): value
            for name, value in environment.items()
            if not str(value).startswith("${")
        }
    )
    assert accepted.bus == "kafka"
    assert "{service}" in (accepted.database_url or "")
    assert accepted.kafka == "kafka:9092"
    assert accepted.intake_url == f"http://intake:{PORTS['intake']}"
    assert accepted.reply_url == f"http://reply:{PORTS['reply']}"


@pytest.mark.parametrize("name", SERVICES)
def test_the_health_check_asks_the_address_the_service_answers(name: str) -> None:
    check = " ".join(OURS[name]["healthcheck"]["test"])
    assert f"http://127.0.0.1:{PORTS[name]}{READY}" in check


@pytest.mark.parametrize("name", SERVICES)
def test_a_published_port_is_the_services_own_and_this_machines_alone(name: str) -> None:
    for published in OURS[name].get("ports", []):
        assert published == f"${{WATERDESK_PUBLISH_ON:-127.0.0.1}}:{PORTS[name]}:{PORTS[name]}"


@pytest.mark.parametrize("name", ["postgres", "kafka"])
def test_what_keeps_data_has_a_volume_a_health_check_and_no_port_outside(name: str) -> None:
    service = COMPOSE["services"][name]
    volumes = {volume.split(":")[0] for volume in service["volumes"]}
    assert volumes <= set(COMPOSE["volumes"])
    assert service["healthcheck"]["test"]
    assert "ports" not in service


def test_services_wait_for_the_migration_and_the_broker() -> None:
    for service in OURS.values():
        assert service["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "kafka": {"condition": "service_healthy"},
        }


def test_the_database_and_the_broker_are_of_the_deadlined_generations() -> None:
    image, version = COMPOSE["services"]["postgres"]["image"].split(":")
    assert image == "postgres"
    assert int(version) >= 17
    image, version = COMPOSE["services"]["kafka"]["image"].split(":")
    assert image == "apache/kafka"
    assert int(version.split(".")[0]) >= 4
    assert "controller" in COMPOSE["services"]["kafka"]["environment"]["KAFKA_PROCESS_ROLES"]


def test_no_secret_has_a_value_of_its_own() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    secrets = re.findall(r"(\w*(?:PASSWORD|SECRET|KEYS)\w*): (.+)", text)
    assert len(secrets) >= 3
    for name, value in secrets:
        assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name} must be demanded, not given"
    assert (
        "${WATERDESK_POSTGRES_PASSWORD:?" in OURS["reply"]["environment"]["WATERDESK_DATABASE_URL"]
    )


def test_the_example_of_secrets_names_all_that_is_demanded_and_gives_none() -> None:
    demanded = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    given = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert demanded <= set(given)
    assert all(given[name] == "" for name in demanded)


def test_the_image_exposes_the_services_ports_and_runs_waterdesk_as_nobody_special() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    exposed = re.search(r"^EXPOSE (.+)$", dockerfile, re.MULTILINE)
    assert exposed is not None
    assert {int(port) for port in exposed[1].split()} == set(PORTS.values())
    assert 'ENTRYPOINT ["waterdesk"]' in dockerfile
    assert re.search(r"^USER waterdesk$", dockerfile, re.MULTILINE)
    for copied in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE):
        for source in copied.split():
            assert (ROOT / source).exists(), f"the Dockerfile copies {source}, which is not there"
