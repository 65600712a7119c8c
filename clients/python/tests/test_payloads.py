"""Every payload, and every value that a payload may hold, comes back as it was given."""
import copy
import datetime
import math

import pytest
from conftest import CLASSES, IDS, LEAST, fill, ids_of, payloads, same

from synarchive import ValidationError
from synarchive.payloads import NOTES

PAYLOADS = [(cls, payload) for cls in CLASSES for payload in payloads()[cls.subject]]


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
            {"lr": None, "mode": None, "optimizer": None, "is_snn": None, "epochs": None},
            {"optimizer": "", "lr": [], "algorithm": {}},
            {"none": None, "list": [], "dict": {}, "nested": {"none": None, "list": [[]], "dict": {"a": {}}}},
            {"attributes": {"attributes": 1}, "été": "日本", "a.b": 1, "": 0, "`": 1, "__proto__": {"a": 1}},
            {"is_snn": False, "use_CLR": True, "mode": "exp_range", "scale_mode": "iterations", "reduction": "none"},
        ],
        ids=repr,
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
            None,
            [],
        ],
        ids=repr,
    )
    def test_statistics(self, grid, archive, statistics):
        fill(archive)
        details = {"evaluate": {"statistics": statistics, "res_path": None}, "other": 1}
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
        ids=repr,
    )
    def test_times(self, grid, archive, start_at):
        fill(archive)
        details = {"incentives": {}, "start_at": start_at}
        grid["Project"].create("c", "p", details=details)
        assert same(details_of(grid["Project"].read("c", "p")), details)

    @pytest.mark.parametrize("details", [{}, {"id": None}, {"id": "other"}, {"id": "worker_1", "x": {}}], ids=repr)
    def test_participant_id(self, grid, details):
        grid["Participant"].create("worker_1", details=details)
        assert same(details_of(grid["Participant"].read("worker_1")), details)

    @pytest.mark.parametrize(
        "subject, details",
        [
            ("Collaboration", {"logs": None, "mq": [], "mlops": {}, "meter": {"ports": None, "host": ""}}),
            ("Tag", {"train": [], "evaluate": None, "predict": [[]], "model": [], "hyperparameters": None, "x": 1}),
            ("Tag", {"train": [[], ["a"]], "evaluate": {}}),
            ("Alignment", {"train": {}, "evaluate": None, "predict": {"X": None, "y": {}}}),
            ("Model", {"global": {"checkpoints": {"round_0": {}, "round_1": {"epoch_0": {}}}, "x": [1.0, 1]}}),
            ("Model", {"global": {}, "local_10": {"checkpoints": None, "path": None}}),
            ("Validation", {"train": None, "evaluate": [], "predict": {}}),
            ("Prediction", {}),
            ("Experiment", {}),
            ("Experiment", {"model": None}),
            ("Project", {"incentives": {"a": None, "b": [], "c": 1.0}, "action": None, "universe_alignment": None}),
        ],
        ids=repr,
    )
    def test_empties(self, grid, archive, subject, details):
        fill(archive)
        cls = type(grid[subject])
        grid[subject].create(**ids_of(cls), details=details)
        assert same(details_of(grid[subject].read(**ids_of(cls))), details)

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
            ("Run", {"n": {1: 2}}, "n[1]"),
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
        ids=repr,
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

    @pytest.mark.parametrize("id", ["", " c", "c\n", "x" * 129, None, 7])
    def test_ids(self, grid, id):
        with pytest.raises(ValidationError) as raised:
            grid["Collaboration"].create(id, details={})
        assert "collab_id" in str(raised.value)

    def test_is_that_of_jsonschema_if_it_is_installed(self):
        exceptions = pytest.importorskip("jsonschema.exceptions")
        assert ValidationError is exceptions.ValidationError
