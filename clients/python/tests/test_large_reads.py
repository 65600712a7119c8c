"""Records that outgrow a message are streamed and assembled."""
import os

import pytest
from conftest import CLASSES, IDS, LEAST, fill, ids_of

import synergos_archive
from synergos_archive import ResponseTooLargeError, v1
from synergos_archive.flows import RecordFlows
from synergos_archive.record_types import RECORD_TYPES

#: Models of 2 MB against a server of default limits, or the same in small.
FULL_SIZE = os.environ.get("ARCHIVE_TEST_FULL_SIZE") == "1"
MODELS, MODEL_SIZE, LIMIT = (100, 2_000_000, None) if FULL_SIZE else (30, 50_000, 200_000)


@pytest.fixture(scope="module")
def large(start_server):
    """All classes over a server whose messages are too small for what is in it."""
    server = start_server(*(["--max-send-size", str(LIMIT)] if LIMIT else []))
    os.environ["ARCHIVE_ADDRESS"] = server.address
    try:
        grid = {cls.subject: cls() for cls in CLASSES}
    finally:
        del os.environ["ARCHIVE_ADDRESS"]
    with synergos_archive.connect(server.address) as archive:
        fill(archive)
        for number in range(MODELS):
            ids = ("c", "p", "e", "run_%03d" % number)
            archive.run.create(dict(zip(RECORD_TYPES["Run"].key, ids)))
            path = "%03d" % number + "x" * MODEL_SIZE
            grid["Model"].create(*ids, details={"global": {"origin": "ttp", "path": path}})
        grid["archive"] = archive
        yield grid


def check(record):
    models = record["relations"]["Model"]
    assert [model["key"]["run_id"] for model in models] == ["r"] + ["run_%03d" % number for number in range(MODELS)]
    assert [len(model["global"]["path"]) for model in models[1:]] == [MODEL_SIZE + 3] * MODELS
    assert len(record["relations"]["Run"]) == MODELS + 1
    for name in ("Registration", "Tag", "Alignment", "Validation", "Prediction"):
        assert len(record["relations"].get(name, ".")) == 1


def test_the_server_refuses(large):
    page = large["archive"].model.list_page()
    assert 0 < len(page.records) < MODELS and page.next_page_token
    with pytest.raises(ResponseTooLargeError):
        large["archive"].project.list_page(view=v1.VIEW_FULL)


def test_read(large):
    for subject, ids in (("Collaboration", ("c",)), ("Project", ("c", "p")), ("Experiment", ("c", "p", "e"))):
        record = large[subject].read(*ids)
        assert list(record["relations"]) == [each.name for each in RECORD_TYPES[subject].relations]
        check(record)


def test_read_all(large):
    [project] = large["Project"].read_all()
    check(project)
    assert len(large["Model"].read_all()) == MODELS + 1
    assert len(large["Model"].read_all(filter={"global": LEAST["Model"]["global"]})) == 1
    [participant] = large["Participant"].read_all()
    assert len(participant["relations"]["Validation"]) == 1


def test_list_goes_on_where_a_record_is_too_large(large):
    archive = large["archive"]
    keys = [{"collab_id": "c", "project_id": project_id} for project_id in ("a", "p", "z")]
    for key in (keys[0], keys[2]):
        archive.project.create(key, {"incentives": {}})
    listed = list(archive.project.list(view=v1.VIEW_FULL, page_size=2))
    assert [record.key.project_id for record in listed] == ["a", "p", "z"]
    assert [len(record.relations.models) for record in listed] == [0, MODELS + 1, 0]
    for key in (keys[0], keys[2]):
        archive.project.delete(key)


def test_update(large):
    assert large["Project"].update("c", "p", updates={"note": 1})["note"] == 1


def test_delete(large):
    check(large["Project"].delete("c", "p"))
    assert large["Project"].read("c", "p") is None and large["Run"].read_all() == []


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.subject)
def test_what_is_assembled_is_what_a_message_would_hold(grid, archive, cls):
    fill(archive)
    grid["MLFlow"].create(**ids_of(type(grid["MLFlow"])), details=LEAST["MLFlow"])
    record_type = RECORD_TYPES[cls.subject]
    flows = RecordFlows(record_type, 0)
    key = flows.key({name: IDS[name] for name in record_type.key})
    record = archive._run(flows.get(key, v1.VIEW_FULL, ()), None)
    assert archive._run(flows._assembled(key, []), None) == record
    if record_type.relations:
        some = [record_type.relations[-1].number]
        assert archive._run(flows._assembled(key, some), None) == archive._run(flows.get(key, 0, some), None)
