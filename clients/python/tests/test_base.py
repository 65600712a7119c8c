"""The predecessor's base classes, and what programs took from its modules beside the classes of records."""
import copy
import datetime
import inspect
import json
import multiprocessing
import os
import pickle
import subprocess
import sys

import pytest
from conftest import CLASSES, LEAST, fill, ids_of, same

from synarchive import Document, ParentNotFoundError, ValidationError, config
from synarchive.abstract import AbstractRecords
from synarchive.base import AssociationRecords, Records, TopicalRecords
from synarchive.connection import CollaborationRecords, RegistrationRecords
from synarchive.datetime_serialization import DateTimeSerializer, TimeDeltaSerializer
from synergos_archive.record_types import RECORD_TYPES

KEY = {"collab_id": "c", "project_id": "p"}


class TestSerializers:
    def test_naive_times(self):
        time = datetime.datetime(2021, 3, 18, 16, 33, 40)
        assert DateTimeSerializer().encode(time) == "2021-03-18 16:33:40 N"
        assert DateTimeSerializer().encode(time.replace(microsecond=999999)) == "2021-03-18 16:33:40 N"
        assert same(DateTimeSerializer().decode("2021-03-18 16:33:40 N"), time)

    def test_aware_times(self):
        time = datetime.datetime(2021, 3, 18, 16, 33, 40, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
        assert DateTimeSerializer().encode(time) == "2021-03-18 08:33:40 A"
        assert DateTimeSerializer().decode("2021-03-18 08:33:40 A") == time

    @pytest.mark.parametrize("text", ["", "N", "2021-03-18 16:33:40", "2021-03-18 16:33:40 X", "2021-03-18 16:33:40  A"])
    def test_other_text(self, text):
        with pytest.raises(ValueError):
            DateTimeSerializer().decode(text)

    @pytest.mark.parametrize("days, seconds", [(0, 0), (3, 7), (-1, 86399), (400, 1)])
    def test_durations(self, days, seconds):
        duration = datetime.timedelta(days, seconds)
        assert TimeDeltaSerializer().encode(duration) == "%d.%d" % (days, seconds)
        assert TimeDeltaSerializer().decode("%d.%d" % (days, seconds)) == duration

    def test_classes(self):
        assert (DateTimeSerializer.OBJ_CLASS, TimeDeltaSerializer.OBJ_CLASS) == (datetime.datetime, datetime.timedelta)


class TestConfig:
    def test_is_empty(self):
        assert config.SCHEMAS == config.template_paths == config.detect_configurations(config.TEMPLATE_DIR) == {}

    def test_finds_files(self, tmp_path):
        (tmp_path / "connection").mkdir()
        (tmp_path / "connection" / "run_schema.json").write_text("{}")
        found = config.detect_configurations(str(tmp_path))
        assert found == {"run_schema": str(tmp_path / "connection" / "run_schema.json")}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.subject)
class TestEveryClass:
    def test_attributes(self, grid, cls):
        records = grid[cls.subject]
        assert isinstance(records, AbstractRecords) and records.db_path == "/data/archive.json"
        assert (records.subject, records.identifier) == (cls.subject, IDENTIFIERS[cls.subject])
        assert records.relations == tuple(relation.name for relation in RECORD_TYPES[cls.subject].relations)
        if issubclass(cls, AssociationRecords):
            assert records.associations == ASSOCIATIONS.get(cls.subject, ())
        assert cls.create.__qualname__ == cls.__name__ + ".create" and cls.create.__module__ == cls.__module__

    def test_survives_pickling_and_copying(self, grid, archive, cls):
        fill(archive)
        records = grid[cls.subject]
        for again in (pickle.loads(pickle.dumps(records)), copy.deepcopy(records), copy.copy(records)):
            assert type(again) is cls and (again.subject, again.db_path) == (records.subject, records.db_path)
            again.create(**ids_of(cls), details=LEAST[cls.subject])
            assert same(again.read(**ids_of(cls)), records.read(**ids_of(cls)))

    def test_details_and_filters_are_not_changed(self, grid, archive, cls):
        fill(archive)
        details = copy.deepcopy(LEAST[cls.subject])
        grid[cls.subject].create(**ids_of(cls), details=details)
        filter = dict(ids_of(cls))
        grid[cls.subject].read_all(filter=filter)
        assert (details, filter) == (LEAST[cls.subject], ids_of(cls))
        defaults = inspect.signature(cls.read_all).parameters["filter"].default
        assert defaults == {}


IDENTIFIERS = {
    "Collaboration": "collab_id",
    "Project": "project_id",
    "Experiment": "expt_id",
    "Run": "run_id",
    "Participant": "participant_id",
    "Registration": "registration_id",
    "Tag": "tag_id",
    "Alignment": "alignment_id",
    "Model": "model_id",
    "Validation": "val_id",
    "Prediction": "pred_id",
    "MLFlow": "name",
}
ASSOCIATIONS = {"Tag": ("Registration",), "Alignment": ("Registration", "Tag")}


def test_a_pickle_holds_no_credentials(grid, monkeypatch):
    monkeypatch.setenv("ARCHIVE_TOKEN", "very-secret")
    records = CollaborationRecords()
    assert b"very-secret" not in pickle.dumps(records)


def _count(records):
    return len(records.read_all())


def test_processes_that_are_spawned(grid, server):
    grid["Collaboration"].create("c", {})
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_count, [grid["Collaboration"], grid["Project"]]) == [1, 0]


class TestOrder:
    def test_lists_and_relations_come_in_the_order_of_creation(self, grid, archive):
        fill(archive, participant_id="worker_5")
        for worker in ("worker_9", "worker_1", "worker_3"):
            grid["Participant"].create(worker, {"id": worker})
            grid["Registration"].create("c", "p", worker, LEAST["Registration"])
        order = ["worker_5", "worker_9", "worker_1", "worker_3"]
        for read in (grid["Registration"].read_all(), grid["Registration"].read_all({"collab_id": "c"}),
                     grid["Registration"].read_all({"role": "host"}),
                     grid["Project"].read("c", "p")["relations"]["Registration"],
                     grid["Participant"].load_database().table("Registration").all(),
                     Records().read_all("Registration"),
                     grid["Project"].delete("c", "p")["relations"]["Registration"]):
            assert [each["key"]["participant_id"] for each in read] == order

    def test_replacing_does_not_move(self, grid):
        for collab_id in ("b", "a", "c"):
            grid["Collaboration"].create(collab_id, {})
        grid["Collaboration"].create("b", {"x": 1})
        assert [each["key"]["collab_id"] for each in grid["Collaboration"].read_all()] == ["b", "a", "c"]

    def test_names_come_in_the_same_order_in_every_process(self, grid, server):
        names = ["b", "é", "a10", "a9", "", "Z"] + ["n%d" % number for number in range(6)]
        value = {name: {name: 1 for name in names} for name in names}
        grid["Collaboration"].create("c", {**value, "logs": value})
        program = (
            "import json, sys; from synarchive.connection import CollaborationRecords; "
            "print(json.dumps({**CollaborationRecords().read('c'), 'created_at': 0}))"
        )
        seen = set()
        for seed in ("1", "2", "3"):
            environment = {**os.environ, "ARCHIVE_ADDRESS": server.address, "PYTHONHASHSEED": seed}
            seen.add(subprocess.check_output([sys.executable, "-c", program], env=environment))
        [only] = seen
        assert same(json.loads(only)["logs"], value)

    def test_of_the_parts_of_a_record(self, grid, archive):
        fill(archive)
        details = {"node_10": {"port": 1, "host": "h"}, "role": "host", "node_0": {}, "n_count": 2}
        record = grid["Registration"].create("c", "p", "worker_1", details)
        assert list(record) == ["key", *details, "link", "created_at"]
        assert list(record["node_10"]) == ["port", "host"]
        read = grid["Registration"].read("c", "p", "worker_1")
        assert list(read)[:7] == ["key", "role", "n_count", "node_0", "node_10", "link", "created_at"]
        assert list(read)[7:] == ["relations", "collaboration", "project", "participant"]
        again = grid["Registration"].create("c", "p", "worker_1", read)
        assert same(again, record)


class TestRecords:
    """Of any subject, as the other classes are built on it."""

    def test_all_of_it(self, grid, archive):
        fill(archive)
        records = Records(db_path="/data/archive.json")
        created = records.create("Project", "key", {"key": KEY, "incentives": {}, "x": 1})
        assert type(created) is Document and created["x"] == 1
        assert same(records.read("Project", "key", KEY), created) and same(records.read_all("Project"), [created])
        assert records.update("Project", "key", KEY, {"x": 2})["x"] == 2
        link = grid["Tag"].read("c", "p", "worker_1")["link"]
        assert records.read("Tag", "link", link)["link"] == link
        assert records.read("Tag", "link", {"tag_id": "x"}) is None
        assert records.delete("Project", "key", KEY)["x"] == 2
        assert records.read("Project", "key", KEY) is None and records.delete("Project", "key", KEY) is None
        assert records.read_all("Run") == []

    def test_registrations_are_bare(self, grid, archive):
        fill(archive)
        key = {**KEY, "participant_id": "worker_1"}
        assert set(Records().read("Registration", "key", key)) == {*LEAST["Registration"], "key", "link", "created_at"}

    def test_what_cannot_be(self, grid):
        records = Records()
        with pytest.raises(ValueError, match="'Other' is not one of"):
            records.read_all("Other")
        with pytest.raises(ValueError, match="not by its 'name'"):
            records.read("Project", "name", KEY)
        with pytest.raises(ValueError, match="not by its 'link'"):
            records.create("Project", "link", {"key": KEY})
        for wrong in (None, [], {}, {"key": None}, {"key": {"collab_id": "c"}}, {"key": {**KEY, "x": "y"}}):
            with pytest.raises(ValidationError):
                records.create("Project", "key", {**wrong, "incentives": {}} if isinstance(wrong, dict) else wrong)
        for r_id in (None, 5, {}, {"collab_id": "c"}, {**KEY, "x": "y"}, [KEY]):
            assert records.read("Project", "key", r_id) is None
            assert records.delete("Project", "key", r_id) is None


class TestTopicalRecords:
    def test_all_of_it(self, grid, archive):
        archive.collaboration.create({"collab_id": "c"})
        records = TopicalRecords("Project", "project_id", "/data/archive.json", "Experiment", "Run")
        assert (records.subject, records.identifier, records.relations) == ("Project", "project_id", ("Experiment", "Run"))
        created = records.create({"key": KEY, "incentives": {}, "x": 1})
        read = records.read(KEY)
        assert same({name: value for name, value in read.items() if name != "relations"}, dict(created))
        assert set(read["relations"]) == set(grid["Project"].relations)
        assert same(records.read_all(), [read]) and same(records.read_all(f_key="key", filter={"x": 1}), [read])
        assert records.read_all("key", {"x": 2}) == []
        with pytest.raises(KeyError):
            records.read_all(f_key="link", filter={"x": 1})
        assert records.update(KEY, {"x": 2, "key": {}})["x"] == 2
        assert records.delete(KEY)["x"] == 2 and records.read(KEY) is None

    def test_may_be_subclassed(self, grid):
        class Mine(TopicalRecords):
            def __init__(self, db_path):
                super().__init__(subject="Collaboration", identifier="collab_id", db_path=db_path)

            def create(self, collab_id, details):
                return super().create({"key": {"collab_id": collab_id}, **details})

        assert Mine("/data/archive.json").create("c", {"x": 1})["x"] == 1
        assert Mine("/data/archive.json").read({"collab_id": "c"})["x"] == 1

    def test_classes_of_records_may_be_too(self, grid):
        class Mine(CollaborationRecords):
            def create(self, collab_id, details):
                return super().create(collab_id, {**details, "mine": True})

        assert Mine().create("c", details={})["mine"] and pickle.loads(pickle.dumps(CollaborationRecords())).read("c")

    def test_parents(self, grid):
        with pytest.raises(ParentNotFoundError):
            TopicalRecords("Project", "project_id", None).create({"key": KEY, "incentives": {}})


class TestAssociationRecords:
    def test_all_of_it(self, grid, archive):
        fill(archive)
        key = {**KEY, "participant_id": "worker_1"}
        records = AssociationRecords("Tag", "tag_id", "/data/archive.json", ["Alignment"], "Registration")
        assert (records.relations, records.associations) == (("Alignment",), ("Registration",))
        link = records.read(key)["link"]
        assert records.create({"key": key, "train": [], "link": {"tag_id": "x"}})["link"] == link
        assert same(records.read_all({"tag_id": link["tag_id"]}), [records.read(key)])
        assert records.update(key, {"x": 1})["x"] == 1
        with pytest.raises(AssertionError):
            records.update(key, {"link": {}})
        assert records.delete(key)["relations"]["Alignment"] and records.read(key) is None


class TestDatabase:
    def test_is_read(self, grid, archive):
        fill(archive)
        fill(archive, collab_id="d", participant_id="worker_2")
        with grid["Run"].load_database() as database:
            assert {"Run", "MLFlow", "Collaboration"} <= database.tables()
            table = database.table("Run")
            first, second = table.all()
            assert len(table) == 2 and list(table) == [first, second] and type(first) is Document
            assert table.get(doc_id=second.doc_id) == second and table.get(doc_id=-1) is None
            in_d = lambda document: document["key"]["collab_id"] == "d"  # noqa: E731
            assert table.search(in_d) == [second] and table.get(in_d) == second
            assert (table.count(in_d), table.contains(in_d), table.contains(doc_id=-1)) == (1, True, False)
            assert database.table("_default").all() == []

    def test_is_not_written(self, grid):
        table = grid["Run"].load_database().table("Run")
        for write in (table.insert, table.update, table.remove, table.truncate, table.upsert):
            with pytest.raises(NotImplementedError, match="methods of the classes of records"):
                write({})


def test_signatures_are_real():
    assert str(inspect.signature(RegistrationRecords.create)) == "(self, collab_id, project_id, participant_id, details)"
    assert str(inspect.signature(RegistrationRecords.read)) == "(self, collab_id, project_id, participant_id)"
