"""Servers that lose events, or speak another dialect, are refused with one line."""

from pathlib import Path

import pytest

from deploy.embedded.versions import require_nats, require_postgres, says
from deploy.trouble import Trouble


@pytest.mark.parametrize("said", ["v2.9.10", "v2.12.11", "v2.13.0", "v2.14.2", "who knows"])
def test_a_nats_without_the_fixes_is_refused(said):
    with pytest.raises(Trouble) as trouble:
        require_nats(f"nats-server: {said}", "nats-server")

    assert "make up" in trouble.value.en
    assert "\n" not in str(trouble.value)


@pytest.mark.parametrize("said", ["v2.12.12", "v2.14.3", "v2.15.1", "v3.0.0"])
def test_a_nats_with_the_fixes_is_taken(said):
    require_nats(f"nats-server: {said}", "nats-server")


@pytest.mark.parametrize("said", ["17", "postgres (PostgreSQL) 17.6", "19beta1", ""])
def test_another_postgresql_is_refused(said):
    with pytest.raises(Trouble) as trouble:
        require_postgres(said, "the server")

    assert "18" in trouble.value.en
    assert "\n" not in str(trouble.value)


@pytest.mark.parametrize("said", ["18", "postgres (PostgreSQL) 18.6"])
def test_postgresql_18_is_taken(said):
    require_postgres(said, "the server")


def test_a_program_that_does_not_run_is_said_so():
    with pytest.raises(Trouble, match="does not run here"):
        says(Path("/no/such/server"))
