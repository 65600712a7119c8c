"""Processes that fork, threads, and servers that end and start again."""
import os
import signal
import subprocess
import sys
import threading

import pytest
from conftest import CLASSES

import synergos_archive
from synarchive import archives

FORKING = '''
import os, sys
sys.path.insert(0, sys.argv[1])
from conftest import CLASSES
everything = {cls.subject: cls(db_path="/data/archive.json") for cls in CLASSES}

def work(child):
    records = everything["Collaboration"]
    for number in range(200):
        collab_id = "child_%d_%03d" % (child, number)
        records.create(collab_id, details={"number": number})
        assert records.read(collab_id)["number"] == number

children = []
for child in range(4):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work(child)
            status = 0
        finally:
            os._exit(status)
    children.append(pid)
sys.exit(max(os.waitpid(pid, 0)[1] for pid in children) != 0)
'''


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forks_after_import(grid, archive, server):
    environment = {**os.environ, "ARCHIVE_ADDRESS": server.address}
    command = [sys.executable, "-c", FORKING, os.path.dirname(__file__)]
    assert subprocess.run(command, env=environment, timeout=60).returncode == 0
    # Read without relations, which would take longer than all the rest.
    found = {record.key.collab_id: record.details.attributes["number"] for record in archive.collaboration.list()}
    assert found == {"child_%d_%03d" % (child, number): number for child in range(4) for number in range(200)}


def test_threads_share_one_object(grid, archive):
    def work(thread):
        for number in range(25):
            grid["Collaboration"].create("%d_%d" % (thread, number), details={})

    in_threads(work, 8)
    assert len(list(archive.collaboration.list())) == 200


def test_updates_at_the_same_time_all_arrive(grid):
    grid["Collaboration"].create("c", details={})

    def work(thread):
        for number in range(10):
            grid["Collaboration"].update("c", updates={"%d_%d" % (thread, number): number})

    in_threads(work, 4)
    assert len(grid["Collaboration"].read("c")) == 40 + 3


def in_threads(work, count):
    failures = []

    def run(thread):
        try:
            work(thread)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_the_loop_goes_on_while_the_server_is_killed_and_started(start_server, monkeypatch):
    server = start_server()
    monkeypatch.setenv("ARCHIVE_ADDRESS", server.address)
    # As long as a start may take on a machine that is busy.
    monkeypatch.setattr(archives, "_PATIENCE", 60)
    records = {cls.subject: cls() for cls in CLASSES}["Collaboration"]
    acknowledged = {}
    restarts = []
    failures = []

    def restart(how):
        try:
            server.stop(how)
            server.start()
        except BaseException as error:
            failures.append(error)

    for number in range(120):
        if number % 60 == 30:
            how = signal.SIGKILL if number == 30 else signal.SIGTERM
            restarts.append(threading.Thread(target=restart, args=(how,)))
            restarts[-1].start()
        collab_id = "%03d" % number
        try:
            record = records.create(collab_id, details={"number": number})
        except Exception:
            assert failures == []
            raise
        acknowledged[collab_id] = record.doc_id
        if number % 5 == 0:
            assert records.update(collab_id, updates={"updated": True})["number"] == number
        if number % 7 == 0:
            assert records.read(collab_id).doc_id == record.doc_id
        if number % 60 == 59:
            restarts[-1].join()
            assert failures == []
    with synergos_archive.connect(server.address) as archive:
        found = list(archive.collaboration.list())
    assert {record.key.collab_id: record.record_id for record in found} == acknowledged
    assert [record.details.attributes["number"] for record in found] == list(range(120))
