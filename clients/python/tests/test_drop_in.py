"""The classes behave as components know them."""
import copy
import datetime
import pickle

import pytest
from conftest import CLASSES, LEAST, fill, free_port, ids_of, same

from synarchive import ArchiveUnavailableError, Document, ParentNotFoundError, PermanentError, TransientError
from synarchive.connection import CollaborationRecords, ProjectRecords
from synarchive.evaluation import ValidationRecords

RELATIONS = {
    "Collaboration": "Project Experiment Run Model Validation Prediction Registration Tag Alignment",
    "Project": "Experiment Run Model Validation Prediction Registration Tag Alignment",
    "Experiment": "Run Model Validation Prediction",
    "Run": "Model Validation Prediction",
    "Model": "Validation Prediction",
    "Participant": "Registration Tag Alignment Validation Prediction",
    "Registration": "Tag Alignment",
    "Tag": "Alignment",
    "Validation": "",
    "Prediction": "",
    "Alignment": "",
    "MLFlow": "",
}

LINKS = {
    "Registration": {"registration_id"},
    "Tag": {"registration_id", "tag_id"},
    "Alignment": {"registration_id", "tag_id", "alignment_id"},
    "Model": {"model_id"},
    "Validation": {"val_id"},
    "Prediction": {"pred_id"},
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.subject)
class TestEveryClass:
    def test_records_hold_just_what_they_should(self, grid, archive, cls):
        fill(archive)
        grid["MLFlow"].create(**ids_of(type(grid["MLFlow"])), details=LEAST["MLFlow"])
        subject, ids = cls.subject, ids_of(cls)
        before = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
        created = grid[subject].create(**ids, details=LEAST[subject])
        assert type(created) is Document and isinstance(created.doc_id, int) and "doc_id" not in created
        own = {*LEAST[subject], "key", "created_at"} | ({"link"} if subject in LINKS else set())
        assert set(created) == own
        assert created["key"] == ids
        assert created["created_at"].tzinfo is None and created["created_at"].microsecond == 0
        assert abs(created["created_at"] - before) < datetime.timedelta(minutes=1)
        assert set(created.get("link", ())) == LINKS.get(subject, set())
        parents = {"collaboration", "project", "participant"} if subject == "Registration" else set()
        read = grid[subject].read(**ids)
        [listed] = grid[subject].read_all()
        updated = grid[subject].update(**ids, updates={})
        deleted = grid[subject].delete(**ids)
        assert same(read, listed)
        assert set(read) == own | parents | {"relations"}
        assert set(updated) == own
        assert set(deleted) == own | {"relations"}
        for record in (read, listed, deleted):
            assert set(record["relations"]) == set(RELATIONS[subject].split())
            for name, relations in record["relations"].items():
                [relation] = relations
                assert type(relation) is Document and "relations" not in relation
                assert set(LEAST[name]) < set(relation)
        for parent in parents:
            assert read[parent]["key"] and "relations" not in read[parent]
        for record in (created, read, listed, updated, deleted):
            assert record.doc_id == created.doc_id and record.get("link") == created.get("link")

    def test_create_replaces(self, grid, archive, cls):
        fill(archive)
        first = grid[cls.subject].create(**ids_of(cls), details=LEAST[cls.subject])
        second = grid[cls.subject].create(**ids_of(cls), details=dict(LEAST[cls.subject]))
        assert (second.doc_id, second["created_at"]) == (first.doc_id, first["created_at"])
        assert second.get("link") == first.get("link")

    def test_ids_by_position_and_keyword(self, grid, archive, cls):
        fill(archive)
        records, ids = grid[cls.subject], ids_of(cls)
        details = LEAST[cls.subject]
        created = records.create(*ids.values(), details=details)
        assert records.create(*ids.values(), details) == created
        first, *others = ids.items()
        assert records.read(first[1], **dict(others))["key"] == ids
        assert records.read(**ids)["key"] == ids
        with pytest.raises(TypeError):
            records.read(*list(ids.values())[:-1])
        with pytest.raises(TypeError):
            records.read(**ids, other="x")

    def test_what_is_not_there(self, grid, cls):
        records, ids = grid[cls.subject], ids_of(cls)
        assert records.read(**ids) is None
        assert records.update(**ids, updates={"x": 1}) is None
        assert records.delete(**ids) is None
        assert records.read_all() == []
        assert records.read_all(filter={cls.ids[0]: "x"}) == []

    def test_a_missing_parent_is_named(self, grid, cls):
        if cls.subject in ("Collaboration", "Participant", "MLFlow"):
            return
        with pytest.raises(ParentNotFoundError) as raised:
            grid[cls.subject].create(**ids_of(cls), details=LEAST[cls.subject])
        assert isinstance(raised.value, PermanentError) and not raised.value.retryable
        assert 'Collaboration "c"' in str(raised.value)
        assert raised.value.violations[0].subject == "Collaboration/c"

    def test_updates_merge_at_the_top(self, grid, archive, cls):
        fill(archive)
        records, ids = grid[cls.subject], ids_of(cls)
        created = records.create(**ids, details=LEAST[cls.subject])
        updates = {"key": {"collab_id": "other"}, "created_at": None, "relations": {}}
        if cls.subject not in ("Registration", "Model", "MLFlow"):
            updates["extra"] = {"a": [1, 2.0, None]}
        given = copy.deepcopy(updates)
        expected = {**created, **{name: value for name, value in updates.items() if name == "extra"}}
        assert same(dict(records.update(**ids, updates=updates)), expected)
        assert same(updates, given)
        if "extra" in updates:
            assert same(records.update(**ids, updates={"extra": {"b": 1}})["extra"], {"b": 1})
        if cls.subject in LINKS:
            with pytest.raises(AssertionError):
                records.update(**ids, updates={"link": {}})

    def test_a_record_read_can_be_created_again(self, grid, archive, cls):
        fill(archive)
        records, ids = grid[cls.subject], ids_of(cls)
        created = records.create(**ids, details=LEAST[cls.subject])
        read = records.read(**ids)
        assert records.create(**ids, details=read) == created


class TestFilters:
    def test_key(self, grid, archive):
        fill(archive)
        fill(archive, collab_id="d", participant_id="worker_2")
        filter = {"collab_id": "c"}
        [record] = grid["Run"].read_all(filter=filter)
        assert record["key"]["collab_id"] == "c"
        assert filter == {"collab_id": "c"}
        assert len(grid["Run"].read_all({"run_id": "r", "expt_id": "e"})) == 2
        assert len(grid["Run"].read_all()) == len(grid["Run"].read_all(None)) == 2

    def test_details_and_link(self, grid, archive):
        fill(archive)
        fill(archive, collab_id="d", participant_id="worker_2")
        link = grid["Tag"].read("c", "p", "worker_1")["link"]
        for filter in (link, {"tag_id": link["tag_id"]}, {"registration_id": link["registration_id"]}, {"link": link}):
            assert [record["key"]["collab_id"] for record in grid["Tag"].read_all(filter=filter)] == ["c"]
        assert len(grid["Tag"].read_all(filter={"train": [["train"]]})) == 2
        assert grid["Tag"].read_all(filter={"train": []}) == []
        assert len(grid["Registration"].read_all(filter={"role": "host", "n_count": 1})) == 2
        assert grid["Registration"].read_all(filter={"role": "host", "n_count": 2}) == []
        [record] = grid["Participant"].read_all(filter={"participant_id": "worker_2"})
        assert record["relations"]["Tag"][0]["key"]["collab_id"] == "d"
        assert grid["Run"].read_all(filter={"collab_id": None}) == []

    def test_a_filter_lies_wholly_in_one_of_them(self, grid, archive):
        fill(archive)
        link = grid["Tag"].read("c", "p", "worker_1")["link"]
        assert grid["Tag"].read_all(filter={"collab_id": "c", "train": [["train"]]}) == []
        assert grid["Tag"].read_all(filter={"collab_id": "c", **link}) == []


class TestAddress:
    def test_a_file_alone_is_refused(self, monkeypatch):
        monkeypatch.delenv("ARCHIVE_ADDRESS", raising=False)
        for db_path in ("/data/archive.json", None, "http://x:1"):
            with pytest.raises(ValueError, match="ARCHIVE_ADDRESS"):
                ProjectRecords(db_path=db_path)

    def test_db_path(self, server, monkeypatch):
        monkeypatch.delenv("ARCHIVE_ADDRESS", raising=False)
        records = CollaborationRecords(db_path="grpc://" + server.address)
        assert records.create("c", details={})["key"] == {"collab_id": "c"}
        records.delete("c")

    def test_the_environment_goes_first(self, server, monkeypatch):
        monkeypatch.setenv("ARCHIVE_ADDRESS", server.address)
        assert CollaborationRecords(db_path="grpc://127.0.0.1:1").read_all() == []
        monkeypatch.setenv("ARCHIVE_ADDRESS", "grpc://" + server.address)
        assert CollaborationRecords(db_path="x").read_all() == []

    def test_a_server_that_is_away(self, monkeypatch):
        monkeypatch.delenv("ARCHIVE_ADDRESS", raising=False)
        monkeypatch.setattr("synarchive.archives._PATIENCE", 0.1)
        records = CollaborationRecords(db_path="grpc://127.0.0.1:%d" % free_port())
        with pytest.raises(ArchiveUnavailableError) as raised:
            records.read_all()
        assert isinstance(raised.value, TransientError) and raised.value.retryable


def test_documents_survive_pickling():
    document = pickle.loads(pickle.dumps(Document({"a": 1}, 7)))
    assert document == {"a": 1} and document.doc_id == 7


def test_id_order():
    assert ValidationRecords.ids == ("participant_id", "collab_id", "project_id", "expt_id", "run_id")
