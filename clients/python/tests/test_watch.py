"""Watches, sync and asyncio: told of all, whatever becomes of the server meanwhile."""
import asyncio
import signal
import subprocess
import threading

import pytest
from conftest import MAIN, free_port

from synergos_archive import (
    ArchiveError,
    ArchiveUnavailableError,
    ChangesGoneError,
    DeadlineExceededError,
    InvalidArgumentError,
    TransientError,
    connect,
    connect_async,
    v1,
)


@pytest.fixture(scope="module")
def own(start_server):
    """A server that is killed and started again."""
    return start_server()


@pytest.fixture
def writer(own):
    with connect(own.address, patience=30) as archive:
        yield archive


def synchronous(address, **arguments):
    """The events of a watch of the sync client."""
    with connect(address, timeout=0.5) as archive:
        yield from archive.watch(**arguments)


def asynchronous(address, **arguments):
    """Those of the asyncio client, from a loop of its own."""
    loop = asyncio.new_event_loop()
    archive = connect_async(address, timeout=0.5)

    async def opened():
        return archive.watch(**arguments)

    events = loop.run_until_complete(opened())
    try:
        while True:
            yield loop.run_until_complete(events.__anext__())
    finally:
        loop.run_until_complete(events.aclose())
        loop.run_until_complete(archive.close())
        loop.close()


both = pytest.mark.parametrize("watched", [synchronous, asynchronous])


def participant(event):
    return getattr(event.record, "key", None) and getattr(event.record.key, "participant_id", None)


def until(events, is_last):
    told = []
    for event in events:
        told.append(event)
        if is_last(event):
            break
    events.close()
    return told


@both
def test_existing_records_then_changes(own, writer, watched):
    writer.participant.upsert({"participant_id": "there"})
    events = watched(own.address, record_types=["Participant"], include_existing=True)
    told = []
    for event in events:
        told.append(event)
        if event.type == "bookmark":
            break
    kinds = [event.type for event in told]
    assert kinds == ["existing"] * (len(told) - 2) + ["existing_complete", "bookmark"]
    assert "there" in map(participant, told)
    writer.collaboration.upsert({"collab_id": "other"})
    writer.participant.upsert({"participant_id": "gone"})
    writer.participant.delete({"participant_id": "gone"})
    changes = until(events, lambda event: event.type == "change" and event.change.kind == v1.CHANGE_KIND_DELETED)
    changes = [event for event in changes if event.type == "change"]
    assert [event.change.kind for event in changes] == [v1.CHANGE_KIND_CREATED, v1.CHANGE_KIND_DELETED]
    assert changes[1].record is None and changes[1].change.key.participant.participant_id == "gone"
    # A program of another day goes on by the token, which goes before include_existing.
    again = watched(own.address, resume_token=told[-1].resume_token, include_existing=True)
    again = until(again, lambda event: event.type == "change" and event.change == changes[1].change)
    assert [event.type for event in again if event.type != "bookmark"] == ["change"] * 3


@both
def test_nothing_is_lost_while_the_server_is_killed_and_stopped(own, writer, watched):
    names = ["%s-%02d" % (watched.__name__, index) for index in range(40)]
    # Longer than it takes: who waits for what is not written would wait for ever.
    events = watched(own.address, timeout=120)
    assert next(events).type == "bookmark"

    def upsert(name):
        while True:
            try:
                return writer.participant.upsert({"participant_id": name})
            except TransientError:  # Nobody else writes it, so it may be done twice.
                pass

    def write():
        for index, name in enumerate(names):
            upsert(name)
            if index in (10, 25):
                own.stop(signal.SIGKILL if index == 10 else signal.SIGTERM)
                own.start()

    thread = threading.Thread(target=write)
    thread.start()
    told = until(events, lambda event: participant(event) == names[-1])
    thread.join()
    revisions = sorted({event.change.revision for event in told if event.type == "change"})
    assert revisions == list(range(revisions[0], revisions[-1] + 1))
    assert list(dict.fromkeys(participant(event) for event in told if event.type == "change")) == names
    assert "restarted" not in {event.type for event in told}


@both
def test_another_history_is_begun_anew(own, writer, watched):
    writer.participant.upsert({"participant_id": "kept"})
    events = watched(own.address)
    token = next(events).resume_token
    own.stop(signal.SIGKILL)
    database = own._command[own._command.index("--database-url") + 1]
    subprocess.run(["node", str(MAIN), "migrate", "--new-history", "--database-url", database], check=True)
    own.start()
    for each in (events, watched(own.address, resume_token=token)):
        told = until(each, lambda event: event.type == "existing_complete")
        [index] = [index for index, event in enumerate(told) if event.type == "restarted"]
        assert isinstance(told[index].error, ChangesGoneError) and told[index].error.reason == "HISTORY_CHANGED"
        assert "kept" in map(participant, told[index:])


@both
def test_a_timeout_of_its_own_ends_it(own, writer, watched):
    with pytest.raises(DeadlineExceededError):
        list(watched(own.address, timeout=0.5))


@both
def test_a_server_that_never_was_there_is_not_waited_for(watched):
    with pytest.raises(ArchiveUnavailableError):
        next(watched("127.0.0.1:%d" % free_port()))


def test_closing_ends_it(own):
    archive = connect(own.address)
    events = archive.watch()
    next(events)
    threading.Timer(0.1, archive.close).start()
    with pytest.raises(ArchiveError, match="closed"):
        list(events)

    async def work():
        remote = connect_async(own.address)
        watching = remote.watch()
        await watching.__anext__()
        asyncio.get_event_loop().call_later(0.1, lambda: asyncio.ensure_future(remote.close()))
        with pytest.raises(ArchiveError, match="closed"):
            async for _ in watching:
                pass

    asyncio.run(work())


def test_arguments_are_checked_at_once(writer):
    with pytest.raises(InvalidArgumentError, match="after_revision"):
        writer.watch(after_revision=1, include_existing=True)
    with pytest.raises(TypeError, match="record_types must be a list"):
        writer.watch(record_types="Run")
    with pytest.raises(InvalidArgumentError) as caught:
        next(writer.watch(resume_token="damaged"))
    assert caught.value.reason == "INVALID_RESUME_TOKEN"


def test_changes_are_listed(own, writer):
    key = v1.ParticipantKey(participant_id="listed")
    for _ in range(2):
        writer.participant.upsert(key)
        writer.participant.delete(key)
    kinds = [change.kind for change in writer.list_changes(key, page_size=1)]
    assert kinds == [v1.CHANGE_KIND_DELETED, v1.CHANGE_KIND_CREATED] * 2
    created = writer.list_changes(key, ["Participant"], ["CHANGE_KIND_CREATED"], order="CHANGE_ORDER_OLDEST_FIRST")
    revisions = [change.revision for change in created]
    assert len(revisions) == 2 and revisions == sorted(revisions)

    async def listed():
        async with connect_async(own.address) as archive:
            return [change.kind async for change in archive.list_changes(key)]

    assert asyncio.run(listed()) == kinds
