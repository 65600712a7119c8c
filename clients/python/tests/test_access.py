"""An archive with access control, as components meet it: each has a token of its own."""
import asyncio
import hashlib
import json
import os
import subprocess
import sys

import pytest

from synergos_archive import AccessDeniedError, UnauthenticatedError, connect, connect_async
from test_life_of_a_grid import PROGRAM


def token_of(name):
    return "token-of-" + name


def principal(name, *grants):
    digest = hashlib.sha256(token_of(name).encode()).hexdigest()
    return {"name": name, "tokens": [{"sha256": digest}], "grants": list(grants)}


@pytest.fixture(scope="module")
def guarded(start_server, tmp_path_factory):
    """An archive of an orchestrator, which also clears away what no orchestrator does, and of two participants."""
    caretaker = {"may": {name: {"delete": "everywhere", "read": "everywhere"} for name in ("Participant", "MLFlow")}}
    participants = [
        principal(name, {"role": "participant", "participant": name, "scope": {"collab_id": "c"}})
        for name in ("heart", "lung")
    ]
    orchestrator = principal(
        "orchestrator",
        {"role": "orchestrator", "scope": {}, "sees": ["personal"]},
        {"role": "caretaker", "scope": {}},
    )
    file = tmp_path_factory.mktemp("access") / "access.yaml"
    file.write_text(json.dumps({"roles": {"caretaker": caretaker}, "principals": [orchestrator, *participants]}))
    return start_server("--access", str(file))


@pytest.fixture(scope="module")
def project(guarded):
    """A project with a run, and its two participants."""
    with connect(guarded.address, token=token_of("orchestrator")) as archive:
        archive.collaboration.create({"collab_id": "c"})
        archive.project.create({"collab_id": "c", "project_id": "p"}, {"incentives": {}})
        for name in ("heart", "lung"):
            archive.participant.create({"participant_id": name}, {"phone": "555"})
    return {"collab_id": "c", "project_id": "p"}


@pytest.mark.parametrize("variable", ["ARCHIVE_TOKEN", "ARCHIVE_TOKEN_FILE"])
def test_a_predecessors_program_runs_unchanged_as_orchestrator(guarded, tmp_path, variable):
    (tmp_path / "token").write_text(token_of("orchestrator") + "\n")
    token = token_of("orchestrator") if variable == "ARCHIVE_TOKEN" else str(tmp_path / "token")
    environment = {**os.environ, "ARCHIVE_ADDRESS": guarded.address, variable: token}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, timeout=60)
    assert (run.returncode, run.stdout) == (0, b"lived\n")


def test_the_drop_in_takes_one_token(guarded, monkeypatch):
    from synarchive.connection import RunRecords

    monkeypatch.setenv("ARCHIVE_ADDRESS", guarded.address)
    monkeypatch.setenv("ARCHIVE_TOKEN", "one")
    monkeypatch.setenv("ARCHIVE_TOKEN_FILE", "other")
    with pytest.raises(ValueError, match="ARCHIVE_TOKEN and ARCHIVE_TOKEN_FILE"):
        RunRecords(db_path="/data/archive.json").read_all()


def test_a_participant_has_what_is_its_own(guarded, project):
    own, other = ({**project, "participant_id": name} for name in ("heart", "lung"))
    details = {"role": "ROLE_GUEST", "n_count": 1, "nodes": {"node_0": {"host": "h", "port": 1}}}
    # A function is asked for each call, so that it can bring a fresh token.
    with connect(guarded.address, token=lambda: token_of("heart")) as archive:
        registered = archive.registration.create(own, details)
        assert registered.created_by == "heart" and not registered.masked
        archive.tag.create(own, {"train": {"tags": [{"tokens": ["train"]}]}})
        assert [each.key.participant_id for each in archive.registration.list()] == ["heart"]
        assert [each.key.participant_id for each in archive.participant.list()] == ["heart"]
        for call in (archive.registration.get, archive.registration.delete):
            with pytest.raises(AccessDeniedError) as raised:
                call(other)
            assert raised.value.reason == "ACCESS_DENIED"
        archive.registration.delete(own)
        me = archive.who_am_i()
        assert me.principal == "heart" and [grant.participant_id for grant in me.grants] == ["heart"]


@pytest.mark.parametrize("token, reason", [(None, "CREDENTIAL_MISSING"), ("unknown", "CREDENTIAL_INVALID")])
def test_who_is_not_known_gets_nothing(guarded, token, reason):
    with connect(guarded.address, token=token) as archive:
        with pytest.raises(UnauthenticatedError) as raised:
            list(archive.run.list())
    assert raised.value.reason == reason and "unknown" not in str(raised.value)


def test_asyncio(guarded, project):
    async def names():
        async with connect_async(guarded.address, token=token_of("lung")) as archive:
            me = await archive.who_am_i()
            return [me.principal, *[each.key.participant_id async for each in archive.participant.list()]]

    assert asyncio.run(names()) == ["lung", "lung"]
