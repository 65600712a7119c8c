"""A program written against the old package, as components write it. It knows nothing of a server."""
import os
import subprocess
import sys

PROGRAM = '''
import math
from synarchive.connection import (
    CollaborationRecords, ProjectRecords, ExperimentRecords, RunRecords,
    ParticipantRecords, RegistrationRecords, TagRecords,
)
from synarchive.training import AlignmentRecords, ModelRecords
from synarchive.evaluation import ValidationRecords, PredictionRecords, MLFRecords

db_path = "/orchestrator/database.json"
collaborations = CollaborationRecords(db_path=db_path)
projects = ProjectRecords(db_path=db_path)
experiments = ExperimentRecords(db_path=db_path)
runs = RunRecords(db_path=db_path)
participants = ParticipantRecords(db_path=db_path)
registrations = RegistrationRecords(db_path=db_path)
tags = TagRecords(db_path=db_path)
alignments = AlignmentRecords(db_path=db_path)
models = ModelRecords(db_path=db_path)
validations = ValidationRecords(db_path=db_path)
predictions = PredictionRecords(db_path=db_path)
mlflow = MLFRecords(db_path=db_path)

workers = ["worker_1", "worker_2"]
for worker in workers:
    participants.create(participant_id=worker, details={"id": worker, "category": None, "email": None})

# Two collaborations whose records have equal ids.
for collab_id in ("a", "b"):
    collaborations.create(collab_id=collab_id, details={"mq": {"host": "mq", "ports": {"main": 5672}}})
    projects.create(collab_id=collab_id, project_id="p", details={"action": "classify", "incentives": {}})
    for worker in workers:
        node = {"host": worker, "port": 8020, "f_port": 5000, "log_msgs": True, "verbose": False}
        entry = {"role": "guest", "n_count": 1, "node_0": node}
        first = registrations.create(collab_id, "p", worker, details=entry)
        # Tags that are not there are updated first, as the components do.
        assert tags.update(collab_id, "p", worker, updates={"train": [["train"]]}) is None
        tag = tags.create(collab_id=collab_id, project_id="p", participant_id=worker, details={"train": [["train"]]})
        assert tag["link"]["registration_id"] == first["link"]["registration_id"]
        # A registration is replaced by deleting and creating it.
        old = registrations.delete(collab_id, "p", worker)
        assert [each["train"] for each in old["relations"]["Tag"]] == [[["train"]]]
        assert tags.read(collab_id, "p", worker) is None
        second = registrations.create(collab_id, "p", worker, details=entry)
        assert second["link"] != first["link"] and second.doc_id != first.doc_id
        tags.create(collab_id, "p", worker, details={"train": [["a", "train"]], "predict": []})
        alignments.create(collab_id, "p", worker, details={"train": {"X": [0, 2], "y": []}})
    assert tags.update(collab_id, "p", "worker_1", updates={"evaluate": [["a", "evaluate"]]})["predict"] == []
    # Changing a tag's data does away with nothing below it.
    assert len(tags.read(collab_id, "p", "worker_1")["relations"]["Alignment"]) == 1

    experiments.create(collab_id, "p", "e", details={"model": []})
    for run_id in ("r1", "r2"):
        runs.create(collab_id, "p", "e", run_id, details={"rounds": 2, "epochs": 1, "lr": 0.1, "mu": 0})
        # Scored before it is trained, and again after.
        for worker in workers:
            validations.create(worker, collab_id, "p", "e", run_id, details={"evaluate": {}})
        trained = {"global": {"origin": "ttp", "path": "/1.pt"}, "local_1": {"origin": "worker_1", "path": "/l.pt"}}
        model = models.create(collab_id, "p", "e", run_id, details=trained)
        again = models.create(collab_id, "p", "e", run_id, details={"global": {"origin": "ttp", "path": "/2.pt"}})
        assert again["link"] == model["link"] and "local_1" not in again
        for worker in workers:
            scores = {"statistics": {"roc_auc_score": [math.nan, 0.5], "TPs": [0, 3]}, "res_path": "/r.json"}
            validations.update(worker, collab_id, "p", "e", run_id, updates={"evaluate": scores})
            predictions.create(worker, collab_id, "p", "e", run_id, details={"predict": {"statistics": {"R2": -9.07}}})
    mlflow.create(
        collaboration=collab_id, project="p", record="e", name="n",
        details={"collaboration": collab_id, "project": "p", "record": "e", "name": "n",
                 "mlflow_type": "experiment", "mlflow_id": "1", "mlflow_uri": "/mlflow"},
    )

# What belongs to one collaboration is not touched by what happens in the other.
project = projects.read(collab_id="a", project_id="p")
assert {name: len(found) for name, found in project["relations"].items()} == {
    "Experiment": 1, "Run": 2, "Model": 2, "Validation": 4, "Prediction": 4,
    "Registration": 2, "Tag": 2, "Alignment": 2,
}
assert all(each["key"]["collab_id"] == "a" for found in project["relations"].values() for each in found)
validation = validations.read("worker_1", "a", "p", "e", "r1")
nan, half = validation["evaluate"]["statistics"]["roc_auc_score"]
assert math.isnan(nan) and half == 0.5 and validation["evaluate"]["statistics"]["TPs"] == [0, 3]

models.delete("a", "p", "e", "r1")
assert validations.read("worker_1", "a", "p", "e", "r1") is None
assert len(validations.read_all(filter={"collab_id": "a"})) == 2 and len(validations.read_all()) == 6
collaborations.delete("a")
assert projects.read_all(filter={"collab_id": "a"}) == [] and len(runs.read_all()) == 2
assert len(participants.read("worker_1")["relations"]["Validation"]) == 2
assert len(mlflow.read_all()) == 2
collaborations.delete("b")
for worker in workers:
    deleted = participants.delete(worker)
    assert deleted["category"] is None and not any(deleted["relations"].values())
for name in ("a", "b"):
    assert mlflow.delete(name, "p", "e", "n")["mlflow_id"] == "1"
print("lived")
'''


def test_runs_unchanged(grid, server):
    environment = {**os.environ, "ARCHIVE_ADDRESS": server.address}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, timeout=60)
    assert (run.returncode, run.stdout) == (0, b"lived\n")
