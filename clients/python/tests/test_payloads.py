"""Every payload, and every value that a payload may hold, comes back as it was given."""
import copy
import datetime
import math
import reprlib

import pytest
from conftest import CLASSES, IDS, LEAST, fill, ids_of, payloads, same
from google.protobuf.internal import api_implementation
from google.protobuf.timestamp_pb2 import Timestamp

from synarchive import ValidationError
from synarchive.shapes import NOTES

PAYLOADS = [(cls, payload) for cls in CLASSES for payload in payloads()[cls.subject]]


#: Ids that no record can have.
IMPOSSIBLE = ["", " c", "c\n", "x" * 129, "\ud800", None, 7, [], {}]

#: Empty values that a new payload may hold.
EMPTY_BY_SCHEMA = {
    "Collaboration": {"logs": {}, "meter": {"host": None, "secure": None, "ports": {"main": None, "ttp": None}}},
    "Project": {"incentives": {}, "universe_alignment": [], "start_at": None},
    "Experiment": {"model": [{"is_input": True, "l_type": "", "structure": {}, "activation": None}]},
    "Run": {"optimizer": "", "none": None, "list": [], "dict": {}},
    "Participant": dict(id="worker_1", category=None, summary=None, phone=None, email=None, socials=None),
    "Registration": {"role": "host", "n_count": 0, "node_0": {}},
    "Tag": {"train": [], "evaluate": [[]], "predict": [], "model": [], "hyperparameters": []},
    "Alignment": {"train": {"X": [], "y": []}},
    "Model": {"global": {"checkpoints": {}}, "local_1": {"checkpoints": {"round_0": {"epoch_0": {}}}}},
    "Validation": {"train": {}, "evaluate": {"statistics": {}}},
    "Prediction": {},
}

#: By subject: payloads that its schema did not allow, and which field the error names.
REFUSED_BY_SCHEMA = [
    *((subject, details, "details") for subject in EMPTY_BY_SCHEMA for details in (None, [], "", 0, False)),
    *(("Run", {name: empty}, name) for name in ("epochs", "lr", "is_snn", "optimizer", "mode") for empty in (None, [], {})),
    *(("Collaboration", {"logs": empty}, "logs") for empty in (None, [])),
    ("Collaboration", {"logs": {"ports": None}}, "logs.ports"),
    ("Collaboration", {"logs": {"host": []}}, "logs.host"),
    ("Collaboration", {"collab_id": 5}, "collab_id"),
    *(("Project", {"incentives": empty}, "incentives") for empty in (None, [])),
    *(("Project", {"incentives": {}, "universe_alignment": empty}, "universe_alignment") for empty in (None, {})),
    ("Project", {"incentives": {}, "action": None}, "action"),
    ("Project", {}, "incentives"),
    ("Experiment", {}, "model"),
    *(("Experiment", {"model": empty}, "model") for empty in (None, {})),
    *(("Experiment", {"model": [{"is_input": True, "l_type": "Linear", **wrong}]}, "model[0]") for wrong in (
        {"structure": None}, {"structure": []}, {"activation": []}, {"l_type": None}, {"is_input": None},
    )),
    ("Experiment", {"model": [{"is_input": True}]}, "model[0].l_type"),
    ("Participant", {}, "id"),
    *(("Participant", {"id": wrong}, "id") for wrong in (None, "other", [], 1)),
    *(("Participant", {"id": "worker_1", "category": empty}, "category") for empty in ({}, "")),
    ("Participant", {"id": "worker_1", "socials": []}, "socials"),
    ("Registration", {"n_count": 1, "node_0": {}}, "role"),
    ("Registration", {"role": "host", "node_0": {}}, "n_count"),
    ("Registration", {"role": "host", "n_count": 1}, "node_0"),
    *(("Registration", {"role": "host", "n_count": 1, "node_0": empty}, "node_0") for empty in (None, [])),
    ("Registration", {"role": "host", "n_count": 1, "node_0": {"port": None}}, "node_0.port"),
    ("Tag", {}, "train"),
    *(("Tag", {"train": [], name: empty}, name) for name in ("evaluate", "model") for empty in (None, {})),
    ("Alignment", {}, "train"),
    ("Alignment", {"train": {"X": []}}, "train.y"),
    ("Alignment", {"train": {"X": None, "y": []}}, "train.X"),
    ("Model", {}, "global"),
    ("Model", {"global": {"checkpoints": None}}, "global.checkpoints"),
    ("Model", {"global": {"checkpoints": []}}, "global.checkpoints"),
    ("Model", {"global": {"path": None}}, "global.path"),
    ("Model", {"global": {}, "local_1": None}, "local_1"),
    *(("Validation", {"evaluate": empty}, "evaluate") for empty in (None, [])),
    *(("Prediction", {"predict": {"statistics": empty}}, "predict.statistics") for empty in (None, [])),
]


def details_of(record):
    beside = ("key", "created_at", "link", "relations", "collaboration", "participant")
    own = {name: value for name, value in record.items() if name not in beside}
    if "role" in own:  # A registration; others have an attribute of that name.
        own.pop("project", None)
    return own


def mlflow_details_of(record):
    return {name: value for name, value in record.items() if name not in ("key", "created_at", "relations")}


@pytest.mark.parametrize("cls, payload", PAYLOADS, ids=lambda value: getattr(value, "subject", ""))
def test_payload_survives(grid, archive, cls, payload):
    fill(archive)
    records = grid[cls.subject]
    details = mlflow_details_of if cls.subject == "MLFlow" else details_of
    ids = ids_of(cls)
    if cls.subject == "MLFlow":
        ids = {name: payload[name] for name in cls.ids}
    given = copy.deepcopy(payload)
    assert same(details(records.create(**ids, details=payload)), given)
    assert same(payload, given)
    assert same(details(records.read(**ids)), given)
    [only] = [record for record in records.read_all() if record["key"] == ids]
    assert same(details(only), given)
    assert same(details(records.update(**ids, updates={})), given)
    assert same(details(records.update(**ids, updates=payload)), given)
    assert same(details(records.delete(**ids)), given)
    assert records.read(**ids) is None
    assert records.delete(**ids) is None
    assert records.update(**ids, updates=payload) is None


def nested(depth):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


TOO_EARLY = datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=9)))
ITSELF = []
ITSELF.append(ITSELF)


class TestTypes:
    @pytest.mark.parametrize(
        "details",
        [
            {"lr": 1, "mu": 0, "base_lr": 0.5},
            {"lr": 1.0, "epochs": 2, "last_epoch": -1},
            {"epochs": 2.0},
            {"lr": math.nan, "max_lr": math.inf, "mu": -math.inf, "delta": 5e-324},
            {"seed": 2**63 - 1, "patience": -(2**63)},
            {"betas": [0.9, 1.0, 1], "momentum": 1.0, "nesterov": True, "n": 2**53, "x": 1e300},
            {"none": None, "list": [], "dict": {}, "nested": {"none": None, "list": [[]], "dict": {"a": {}}}},
            {"attributes": {"attributes": 1}, "été": "日本", "a.b": 1, "": 0, "`": 1, "__proto__": {"a": 1}},
            {"is_snn": False, "use_CLR": True, "mode": "exp_range", "scale_mode": "iterations", "reduction": "none"},
        ],
        ids=reprlib.repr,
    )
    def test_run(self, grid, archive, details):
        fill(archive)
        grid["Run"].create("c", "p", "e", "r", details)
        assert same(details_of(grid["Run"].read("c", "p", "e", "r")), details)

    def test_negative_zero(self, grid, archive):
        fill(archive)
        grid["Run"].create("c", "p", "e", "r", details={"lr": -0.0, "momentum": -0.0})
        record = grid["Run"].read("c", "p", "e", "r")
        assert [math.copysign(1, record["lr"]), math.copysign(1, record["momentum"])] == [-1, -1]

    @pytest.mark.parametrize(
        "statistics",
        [
            {"R2": 1.0, "MSE": 2, "MAE": math.nan, "max": math.inf},
            {"a": [1, 2], "b": [1.0, 2.0], "c": [1, 0.5, math.nan, 2.0], "d": [], "e": [-0.0]},
            {},
        ],
        ids=reprlib.repr,
    )
    def test_statistics(self, grid, archive, statistics):
        fill(archive)
        details = {"evaluate": {"statistics": statistics, "res_path": "/r.json"}, "other": 1}
        ids = ("worker_1", "c", "p", "e", "r")
        grid["Validation"].create(*ids, details=details)
        assert same(details_of(grid["Validation"].read(*ids)), details)

    @pytest.mark.parametrize(
        "start_at",
        [
            "2021-04-10 22:33:40",
            "1969-12-31 23:59:59",
            datetime.datetime(2021, 4, 10, 22, 33, 40),
            datetime.datetime(2021, 4, 10, 22, 33, 40, 123456),
            datetime.datetime(2021, 4, 10, 22, 33, 40, tzinfo=datetime.timezone(datetime.timedelta(hours=8))),
            None,
            [],
        ],
        ids=reprlib.repr,
    )
    def test_times(self, grid, archive, start_at):
        fill(archive)
        details = {"incentives": {}, "start_at": start_at}
        grid["Project"].create("c", "p", details=details)
        assert same(details_of(grid["Project"].read("c", "p")), details)

    def test_a_participant_without_id(self, grid, archive):
        """As other clients write it: its id is in the key."""
        archive.participant.create({"participant_id": "worker_1"}, {"summary": "s"})
        expected = {"id": "worker_1", "summary": "s"}
        assert same(details_of(grid["Participant"].read("worker_1")), expected)
        assert same(details_of(grid["Participant"].update("worker_1", {"x": 1})), {**expected, "x": 1})

    @pytest.mark.parametrize(
        "subject, changes",
        [
            ("Run", {"lr": None, "mode": None, "optimizer": None, "is_snn": None, "epochs": None}),
            ("Run", {"optimizer": "", "lr": [], "algorithm": {}}),
            ("Collaboration", {"logs": None, "mq": [], "mlops": {}, "meter": {"ports": None, "host": ""}}),
            ("Tag", {"train": [], "evaluate": None, "predict": [[]], "model": [], "hyperparameters": None, "x": 1}),
            ("Tag", {"train": [[], ["a"]], "evaluate": {}}),
            ("Alignment", {"train": {}, "evaluate": None, "predict": {"X": None, "y": {}}}),
            ("Model", {"global": {"checkpoints": {"round_0": {}, "round_1": {"epoch_0": {}}}, "x": [1.0, 1]}}),
            ("Model", {"global": {}, "local_10": {"checkpoints": None, "path": None}}),
            ("Validation", {"train": None, "evaluate": [], "predict": {}}),
            ("Validation", {"evaluate": {"statistics": None, "res_path": None}, "predict": {"statistics": []}}),
            ("Experiment", {"model": None}),
            ("Project", {"incentives": {"a": None, "b": [], "c": 1.0}, "action": None, "universe_alignment": None}),
        ],
        ids=reprlib.repr,
    )
    def test_empties_in_updates(self, grid, archive, subject, changes):
        """Which the schemas never checked; the next create of the same is refused again."""
        fill(archive)
        cls = type(grid[subject])
        grid[subject].update(**ids_of(cls), updates=changes)
        assert same(details_of(grid[subject].read(**ids_of(cls))), {**LEAST[subject], **changes})

    @pytest.mark.parametrize("subject, details", sorted(EMPTY_BY_SCHEMA.items()), ids=reprlib.repr)
    def test_empties_that_the_schemas_allow(self, grid, archive, subject, details):
        fill(archive)
        cls = type(grid[subject])
        grid[subject].create(**ids_of(cls), details=details)
        assert same(details_of(grid[subject].read(**ids_of(cls))), details)

    def test_names_become_text_as_in_json(self, grid, archive):
        fill(archive)
        grid["Run"].create("c", "p", "e", "r", {"a": {1: {2.5: [{None: 1}]}}, "b": {True: 2}, 7: 1, "lr": 1})
        expected = {"7": 1, "a": {"1": {"2.5": [{"null": 1}]}}, "b": {"true": 2}, "lr": 1}
        assert same(details_of(grid["Run"].read("c", "p", "e", "r")), expected)

    # protobuf in pure Python copies what lies in a map at each level, several times: what is deep takes it for ever.
    @pytest.mark.parametrize("depth", [1, 6] if api_implementation.Type() == "python" else [1, 31])
    def test_deep_values(self, grid, archive, depth):
        fill(archive)
        grid["Run"].create("c", "p", "e", "r", {"deep": nested(depth)})
        assert grid["Run"].read("c", "p", "e", "r")["deep"] == nested(depth)

    def test_times_keep_their_nanoseconds(self, grid, archive):
        fill(archive)
        time = Timestamp(seconds=1618094020, nanos=123456789)
        key = {"collab_id": "c", "project_id": "p"}
        archive.project.update(key, {"start_at": time}, update_mask=["start_at"])
        grid["Project"].update("c", "p", {"note": 1})
        assert archive.project.get(key).details.start_at == time
        grid["Project"].update("c", "p", {"start_at": "2021-04-10 22:33:40"})
        assert archive.project.get(key).details.start_at.nanos == 0

    @pytest.mark.parametrize(
        "notes",
        [5, None, "int", ["int"], {"int": 5}, {"int": [5, [], None, "a"]}, {"absent": 5}, {"float": [["x", "y"], [{}]]},
         {"datetime": [["lr"]]}, {"int": [[None]]}, {"int": {"a": 1}}],
        ids=reprlib.repr,
    )
    def test_attributes_of_others_that_are_named_as_the_notes(self, grid, archive, notes):
        fill(archive)
        key = {name: IDS[name] for name in ("collab_id", "project_id", "expt_id", "run_id")}
        archive.run.update(key, {"lr": 0.5, "attributes": {NOTES: notes, "x": 1}})
        archive.participant.update({"participant_id": "worker_1"}, {"attributes": {NOTES: notes}})
        assert details_of(grid["Run"].read("c", "p", "e", "r")) == {"lr": 0.5, "x": 1}
        assert details_of(grid["Participant"].read("worker_1")) == {"id": "worker_1"}
        assert details_of(grid["Run"].update("c", "p", "e", "r", {"y": 1})) == {"lr": 0.5, "x": 1, "y": 1}
        archive.run.update(key, {"lr": 0.5, "attributes": {NOTES: notes, "x": 1}})
        assert details_of(grid["Collaboration"].delete("c")["relations"]["Run"][0]) == {"lr": 0.5, "x": 1}

    def test_attributes_of_others_that_are_named_as_what_a_record_has(self, grid, archive):
        fill(archive)
        key = {name: IDS[name] for name in ("collab_id", "project_id", "expt_id", "run_id")}
        names = {"key": 1, "created_at": 1, "relations": 1, "link": 1}
        archive.run.update(key, {"attributes": names})
        read = grid["Run"].read("c", "p", "e", "r")
        assert (read["key"], type(read["created_at"])) == (key, datetime.datetime)
        assert list(read["relations"]) == ["Model", "Validation", "Prediction"]

    def test_notes_of_what_others_changed_are_ignored(self, grid, archive):
        fill(archive)
        grid["Run"].create("c", "p", "e", "r", details={"lr": 1, "mu": 0})
        key = {name: IDS[name] for name in ("collab_id", "project_id", "expt_id", "run_id")}
        archive.run.update(key, {"lr": 0.5}, update_mask=["lr", "mu"])
        assert same(details_of(grid["Run"].read("c", "p", "e", "r")), {"lr": 0.5})


class TestRefusals:
    @pytest.mark.parametrize(
        "subject, changes, field",
        [
            ("Run", {"epochs": "2"}, "epochs"),
            ("Run", {"epochs": 0.5}, "epochs"),
            ("Run", {"epochs": True}, "epochs"),
            ("Run", {"epochs": 2**63}, "epochs"),
            ("Run", {"lr": "0.1"}, "lr"),
            ("Run", {"is_snn": 1}, "is_snn"),
            ("Run", {"optimizer": 3}, "optimizer"),
            ("Run", {"optimizer": "\ud800"}, "optimizer"),
            ("Run", {"mode": "TRIANGULAR"}, "mode"),
            ("Run", {"momentum": math.nan}, "momentum"),
            ("Run", {"deep": {"list": [1, {"x": math.inf}]}}, "deep.list[1].x"),
            ("Run", {"n": 2**53 + 1}, "n"),
            ("Run", {"n": {(1,): 2}}, "n.(1,)"),
            ("Run", {"mode": ["triangular"]}, "mode"),
            ("Run", {"mode": {"a": 1}}, "mode"),
            ("Run", {"deep": nested(32)}, "deep"),
            ("Run", {"deep": nested(5000)}, "deep"),
            ("Run", {"epochs": nested(5000)}, "epochs"),
            ("Run", {"deep": ITSELF}, "deep"),
            ("Project", {"incentives": nested(33)}, "incentives"),
            ("Run", {"\ud800": 1}, "Unicode"),
            ("Run", {"a": {"\ud800": 1}}, "Unicode"),
            ("Run", {"a": ["\ud800"]}, "a[0]"),
            ("Validation", {"evaluate": {"statistics": {"\ud800": 1}}}, "Unicode"),
            ("Model", {"global": {"checkpoints": {"\ud800": {}}}}, "Unicode"),
            ("Project", {"start_at": TOO_EARLY}, "start_at"),
            ("Run", {"when": datetime.datetime(2021, 1, 1)}, "when"),
            ("Run", {NOTES: {}}, NOTES),
            ("Project", {"start_at": "2021-04-10T22:33:40"}, "start_at"),
            ("Project", {"start_at": "2021-04-10 22:33:40+08:00"}, "start_at"),
            ("Project", {"action": "Regress"}, "action"),
            ("Project", {"incentives": [1]}, "incentives"),
            ("Registration", {"role": "HOST"}, "role"),
            ("Registration", {"role": None}, "role"),
            ("Registration", {"n_count": 1.0}, "n_count"),
            ("Registration", {"node_1": None}, "node_1"),
            ("Registration", {"nodes": {}}, "nodes"),
            ("Registration", {"node_01": {}}, "node_01"),
            ("Registration", {"x": 1}, "x"),
            ("Registration", {"node_0": {"port": 2**31}}, "node_0.port"),
            ("Registration", {"node_0": {"port": 65536}}, "nodes.node_0.port"),
            ("Tag", {"train": [["a", 1]]}, "train[0][1]"),
            ("Tag", {"train": ["a"]}, "train[0]"),
            ("Tag", {"train": None}, "train"),
            ("Model", {"local_1": {"checkpoints": {"round_0": {"epoch_0": None}}}}, "local_1.checkpoints.round_0.epoch_0"),
            ("Validation", {"results": {"a": 1}}, "results"),
            ("Validation", {"evaluate": {"statistics": {"R2": None}}}, "evaluate.statistics.R2"),
            ("Validation", {"evaluate": {"statistics": {"R2": ["a"]}}}, "evaluate.statistics.R2[0]"),
            ("Experiment", {"model": [{"is_input": True, "l_type": "Linear", "structure": {"bias": 1}}]}, "structure.bias"),
            ("Experiment", {"model": [None]}, "model[0]"),
            ("Experiment", {"model": [{}]}, "is_input"),
            ("MLFlow", {"name": "other"}, "name"),
            ("MLFlow", {"mlflow_id": 1}, "mlflow_id"),
        ],
        ids=reprlib.repr,
    )
    def test_what_cannot_be_kept_is_named(self, grid, archive, subject, changes, field):
        fill(archive)
        records = grid[subject]
        details = {**LEAST[subject], **changes}
        with pytest.raises(ValidationError) as raised:
            records.create(**ids_of(type(records)), details=details)
        assert field in str(raised.value)
        if subject != "MLFlow":
            before = records.read(**ids_of(type(records)))
            with pytest.raises(ValidationError):
                records.update(**ids_of(type(records)), updates=details)
            assert records.read(**ids_of(type(records))) == before

    @pytest.mark.parametrize("subject, details, field", REFUSED_BY_SCHEMA, ids=reprlib.repr)
    def test_what_the_schemas_did_not_allow(self, grid, archive, subject, details, field):
        fill(archive)
        records = grid[subject]
        before = records.read(**ids_of(type(records)))
        with pytest.raises(ValidationError) as raised:
            records.create(**ids_of(type(records)), details=details)
        assert field in str(raised.value)
        assert records.read(**ids_of(type(records))) == before

    @pytest.mark.parametrize("name", sorted(LEAST["MLFlow"]))
    def test_all_of_mlflow_is_required(self, grid, name):
        details = {**LEAST["MLFlow"]}
        del details[name]
        with pytest.raises(ValidationError, match="%s: is required" % name):
            grid["MLFlow"].create("c", "p", "e", "c_>_p_>_e", details)

    @pytest.mark.parametrize("updates", [None, [], "", 0])
    def test_updates_are_dicts(self, grid, archive, updates):
        fill(archive)
        with pytest.raises(ValidationError, match="updates: must be a dict"):
            grid["Run"].update("c", "p", "e", "r", updates)

    @pytest.mark.parametrize("id", [None, "other"])
    def test_a_participants_id_is_not_changed(self, grid, id):
        before = grid["Participant"].create("worker_1", {"id": "worker_1"})
        with pytest.raises(ValidationError, match="id: must be that of the key"):
            grid["Participant"].update("worker_1", {"id": id})
        assert grid["Participant"].update("worker_1", {"id": "worker_1", "x": 1}) == {**before, "x": 1}

    @pytest.mark.parametrize("id", IMPOSSIBLE, ids=reprlib.repr)
    def test_ids(self, grid, archive, id):
        with pytest.raises(ValidationError) as raised:
            grid["Collaboration"].create(id, details={})
        assert "collab_id" in str(raised.value)
        fill(archive)
        assert grid["Collaboration"].read(id) is None
        assert grid["Collaboration"].update(id, {"x": 1}) is None
        assert grid["Collaboration"].delete(id) is None
        assert grid["Run"].read("c", "p", id, "r") is None
        assert grid["Run"].delete("c", "p", id, "r") is None
        for filter in ({"collab_id": id}, {"run_id": id, "collab_id": "c"}):
            assert grid["Run"].read_all(filter=filter) == []
        assert len(grid["Run"].read_all()) == 1

    def test_is_that_of_jsonschema_if_it_is_installed(self):
        exceptions = pytest.importorskip("jsonschema.exceptions")
        assert ValidationError is exceptions.ValidationError
