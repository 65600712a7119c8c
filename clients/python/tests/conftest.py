"""A real server for the tests: the one that the repository builds."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import synergos_archive
from synarchive.connection import (
    CollaborationRecords,
    ExperimentRecords,
    ParticipantRecords,
    ProjectRecords,
    RegistrationRecords,
    RunRecords,
    TagRecords,
)
from synarchive.evaluation import MLFRecords, PredictionRecords, ValidationRecords
from synarchive.encoding import encode
from synarchive.training import AlignmentRecords, ModelRecords
from synergos_archive.record_types import RECORD_TYPES

PYTHON_CLIENT = Path(__file__).resolve().parent.parent
MAIN = PYTHON_CLIENT.parent.parent / "dist" / "src" / "main.js"

#: Classes, parents before children.
CLASSES = [
    CollaborationRecords,
    ProjectRecords,
    ExperimentRecords,
    RunRecords,
    ParticipantRecords,
    RegistrationRecords,
    TagRecords,
    AlignmentRecords,
    ModelRecords,
    ValidationRecords,
    PredictionRecords,
    MLFRecords,
]


def free_port():
    """A port for a server that ends and starts again: below those from which connections go out, which would take it."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Server:
    """A server over an embedded database, which can be killed and started again."""

    def __init__(self, folder, *options):
        self.port = free_port()
        self.address = "127.0.0.1:%d" % self.port
        self._log = folder / "server.log"
        self._command = ["node", str(MAIN), "serve", "--port", str(self.port)]
        self._command += ["--database-url", "sqlite:%s" % (folder / "archive.db"), *options]
        self.start()

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVE_")}
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=environment)
        for _ in range(600):
            if self._process.poll() is not None:
                raise RuntimeError("The server ended:\n" + self._log.read_text())
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("The server does not listen:\n" + self._log.read_text())

    def stop(self, how=signal.SIGTERM):
        self._process.send_signal(how)
        self._process.wait(timeout=30)


@pytest.fixture(scope="session")
def start_server(tmp_path_factory):
    """Starts servers of one's own, with further options; all end with the tests."""
    if not MAIN.exists() or not shutil.which("node"):
        pytest.exit("The tests need the server: npm ci && npm run build", returncode=1)
    servers = []

    def start(*options):
        servers.append(Server(tmp_path_factory.mktemp("server"), *options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def server(start_server):
    return start_server()


@pytest.fixture(scope="session")
def archive(server):
    with synergos_archive.connect(server.address) as archive:
        yield archive


@pytest.fixture
def grid(server, archive, monkeypatch):
    """All classes of the drop-in by their subject, over an archive that holds nothing."""
    monkeypatch.setenv("ARCHIVE_ADDRESS", server.address)
    yield {cls.subject: cls(db_path="/data/archive.json") for cls in CLASSES}
    clear(archive)


def clear(archive):
    roots = (archive.collaboration, archive.participant, archive.mlflow)
    archive.batch_write([records.operation.delete(record.key) for records in roots for record in records.list()])


IDS = {
    "collab_id": "c",
    "project_id": "p",
    "expt_id": "e",
    "run_id": "r",
    "participant_id": "worker_1",
    "collaboration": "c",
    "project": "p",
    "record": "e",
    "name": "c_>_p_>_e",
}

#: The least details that each type takes.
LEAST = {
    "Collaboration": {},
    "Project": {"incentives": {}},
    "Experiment": {"model": []},
    "Run": {},
    "Participant": {"id": "worker_1"},
    "Registration": {"role": "host", "n_count": 1, "node_0": {"host": "h", "port": 1}},
    "Tag": {"train": [["train"]]},
    "Alignment": {"train": {"X": [], "y": []}},
    "Model": {"global": {"origin": "ttp"}},
    "Validation": {"evaluate": {}},
    "Prediction": {"predict": {}},
    "MLFlow": {
        "collaboration": "c",
        "project": "p",
        "record": "e",
        "name": "c_>_p_>_e",
        "mlflow_type": "run",
        "mlflow_id": "1",
        "mlflow_uri": "/mlflow",
    },
}


def ids_of(cls, **others):
    return {name: others.get(name, IDS[name]) for name in cls.ids}


def fill(archive, **others):
    """Creates one record of each type, but for MLFlow."""
    archive.batch_write(
        getattr(archive, record_type.field).operation.create(
            {name: others.get(name, IDS[name]) for name in record_type.key},
            encode(record_type, IDS, LEAST[record_type.name], is_new=True),
        )
        for record_type in RECORD_TYPES.values()
        if record_type.name != "MLFlow"
    )


def payloads():
    """What components really send, by type; each in several variants."""
    folder = PYTHON_CLIENT / "tests" / "payloads"
    return {
        cls.subject: json.loads((folder / (cls.subject.lower() + ".json")).read_text(encoding="utf-8"))
        for cls in CLASSES
    }


def same(one, other):
    """Whether values are equal and all their leaves of the same types; NaN is NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)
