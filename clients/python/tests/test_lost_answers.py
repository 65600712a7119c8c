"""What was done once is not done again, though its answer got lost: another may have written meanwhile."""
import asyncio
import threading

import grpc
import pytest
from conftest import CLASSES, fill, free_port, ids_of, same
from cutting_proxy import CuttingProxy

import synergos_archive
from synarchive import OutcomeUnknownError as DropInOutcomeUnknownError
from synergos_archive import ArchiveUnavailableError, EtagMismatchError, OutcomeUnknownError, RecordNotFoundError

KEY = {"collab_id": "c"}

#: What the answer to a read takes before that to the write of an update: its headers and trailers.
READ = 2


def value(number):
    return {"attributes": {"number": number}}


def number_of(record):
    return record.details.attributes["number"]


@pytest.fixture
def proxy(server, grid):
    proxy = CuttingProxy(server.port)
    yield proxy
    proxy.close()


class Async:
    """An async client's records, driven from outside of its event loop."""

    def __init__(self, address):
        self._loop = asyncio.new_event_loop()
        self._archive = synergos_archive.connect_async(address, patience=10)

    def __getattr__(self, name):
        def call(*args, **kwargs):
            return self._loop.run_until_complete(getattr(self._archive.collaboration, name)(*args, **kwargs))

        return call

    def batch_write(self, operations):
        return self._loop.run_until_complete(self._archive.batch_write(operations))

    def close(self):
        self._loop.run_until_complete(self._archive.close())
        self._loop.close()


@pytest.fixture(params=["sync", "async"])
def records(request, proxy):
    """Records of collaborations through the proxy."""
    if request.param == "async":
        remote = Async(proxy.address)
        yield remote
    else:
        remote = synergos_archive.connect(proxy.address, patience=10)
        yield remote.collaboration
    remote.close()


#: Writes that are pinned by nothing, on a record that is there.
WRITES = {
    "delete": lambda records, archive: records.delete(KEY),
    "update": lambda records, archive: records.update(KEY, value(1)),
    "masked update": lambda records, archive: records.update(KEY, value(1), update_mask=["attributes"]),
    "upsert": lambda records, archive: records.upsert(KEY, value(1)),
}


class TestWrites:
    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_what_another_writes_meanwhile_stays(self, proxy, records, archive, write):
        archive.collaboration.create(KEY, value(0))
        proxy.cut_answer(lambda: archive.collaboration.upsert(KEY, value(2)))
        with pytest.raises(OutcomeUnknownError, match="Read before you send it again") as raised:
            write(records, archive)
        assert isinstance(raised.value, ArchiveUnavailableError) and not raised.value.retryable
        assert number_of(archive.collaboration.get(KEY)) == 2 and proxy.cuts == 1

    def test_a_create_that_another_deletes_meanwhile_stays_deleted(self, proxy, records, archive):
        proxy.cut_answer(lambda: archive.collaboration.delete(KEY))
        with pytest.raises(OutcomeUnknownError):
            records.create(KEY)
        with pytest.raises(RecordNotFoundError):
            archive.collaboration.get(KEY)

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_not_done_is_not_known_either(self, proxy, records, archive, write):
        before = archive.collaboration.create(KEY, value(0))
        proxy.cut_request()
        with pytest.raises(OutcomeUnknownError):
            write(records, archive)
        assert archive.collaboration.get(KEY).etag == before.etag

    @pytest.mark.parametrize("verb", ["delete", "update"])
    def test_pinned_and_not_done_is_sent_again(self, proxy, records, archive, verb):
        etag = archive.collaboration.create(KEY, value(0)).etag
        proxy.cut_request()
        getattr(records, verb)(KEY, **({"details": value(1)} if verb == "update" else {}), etag=etag)
        left = list(archive.collaboration.list())
        assert proxy.cuts == 1 and [number_of(each) for each in left] == ([1] if verb == "update" else [])

    @pytest.mark.parametrize("verb", ["delete", "update"])
    def test_pinned_and_done_is_not_known(self, proxy, records, archive, verb):
        etag = archive.collaboration.create(KEY, value(0)).etag
        proxy.cut_answer(lambda: archive.collaboration.upsert(KEY, value(2)))
        with pytest.raises(OutcomeUnknownError) as raised:
            getattr(records, verb)(KEY, **({"details": value(1)} if verb == "update" else {}), etag=etag)
        assert isinstance(raised.value.__cause__, EtagMismatchError)
        assert number_of(archive.collaboration.get(KEY)) == 2

    def test_what_was_never_sent_is(self, server, archive, grid):
        port = free_port()
        with synergos_archive.connect("127.0.0.1:%d" % port, patience=20) as remote:
            done = []
            thread = threading.Thread(target=lambda: done.append(remote.collaboration.create(KEY, value(1))))
            thread.start()
            late = CuttingProxy(server.port, port)
            thread.join(30)
            late.close()
        assert [number_of(each) for each in done] == [1]

    def test_what_a_server_that_ends_refused_is_sent_again(self, proxy, records, archive):
        archive.collaboration.create(KEY, value(0))
        proxy.refuse_request(leaves=False)
        if grpc.__version__.startswith("1.32."):  # Which says the same of all that an end of a connection leaves.
            with pytest.raises(OutcomeUnknownError):
                records.update(KEY, value(1))
        else:
            assert number_of(records.update(KEY, value(1))) == 1
        assert proxy.cuts == 1


class TestReads:
    def test_are_repeated(self, proxy, records, archive):
        archive.collaboration.create(KEY, value(0))
        for read in (
            lambda: number_of(records.get(KEY)),
            lambda: number_of(records.list_page().records[0]),
            lambda: number_of(records.delete(KEY, validate_only=True).record),
            lambda: number_of(records.update(KEY, value(0), etag=archive.collaboration.get(KEY).etag)),
        ):
            (proxy.cut_answer if proxy.cuts < 3 else proxy.cut_request)()
            assert read() == 0
        assert proxy.cuts == 4

    def test_streams_counts_and_the_hierarchy_are_too(self, proxy, archive):
        archive.collaboration.create(KEY)
        with synergos_archive.connect(proxy.address) as remote:
            for read in (remote.describe_hierarchy, remote.stream_descendants, remote.count_descendants):
                proxy.cut_request()
                assert list(read())
        assert proxy.cuts == 3

    @pytest.mark.parametrize("attempt", range(3))
    def test_a_stream_that_no_server_takes_ends(self, proxy, attempt):
        """Which way it goes is a matter of luck, so thrice: where gRPC itself sends it again, it mostly waits for ever."""
        with synergos_archive.connect(proxy.address, patience=0, timeout=5) as remote:
            proxy.refuse_request(leaves=True)
            ended = []

            def read():
                with pytest.raises(ArchiveUnavailableError):
                    list(remote.stream_descendants())
                ended.append(True)

            thread = threading.Thread(target=read, daemon=True)
            thread.start()
            thread.join(20)
            assert ended

    def test_async_streams_are_too(self, proxy, archive):
        archive.collaboration.create(KEY)

        async def read():
            async with synergos_archive.connect_async(proxy.address) as remote:
                proxy.cut_request()
                return [record async for record in remote.stream_descendants()]

        assert len(asyncio.run(read())) == proxy.cuts == 1


def test_batches_are_not(proxy, archive):
    with synergos_archive.connect(proxy.address, patience=10) as remote:
        proxy.cut_answer(lambda: archive.collaboration.delete(KEY))
        with pytest.raises(OutcomeUnknownError, match="BatchWrite"):
            remote.batch_write([remote.collaboration.operation.create(KEY)])
    assert list(archive.collaboration.list()) == []


class TestDropIn:
    @pytest.fixture
    def records(self, proxy, monkeypatch):
        monkeypatch.setenv("ARCHIVE_ADDRESS", proxy.address)
        return {cls.subject: cls() for cls in CLASSES}

    def test_a_create_that_was_done(self, proxy, records, archive):
        fill(archive)
        archive.validation.delete(ids_of(records["Validation"]))
        proxy.cut_answer()
        details = {"evaluate": {"statistics": {"a": float("nan"), "b": [1.0]}}, "x": {"y": 1.0, "z": 2}}
        record = records["Validation"].create(**ids_of(records["Validation"]), details=details)
        assert same(record["evaluate"], details["evaluate"]) and proxy.cuts == 1
        assert [each.doc_id for each in records["Validation"].read_all()] == [record.doc_id]

    def test_a_create_that_was_not_done(self, proxy, records, archive):
        proxy.cut_request()
        assert records["Collaboration"].create("c", {"number": 1})["number"] == 1
        assert (proxy.cuts, number_of(archive.collaboration.get(KEY))) == (1, 1)

    def test_a_create_that_another_replaced(self, proxy, records, archive):
        proxy.cut_answer(lambda: archive.collaboration.upsert(KEY, value(2)))
        with pytest.raises(DropInOutcomeUnknownError):
            records["Collaboration"].create("c", {"number": 1})
        assert number_of(archive.collaboration.get(KEY)) == 2

    def test_an_update_that_was_done(self, proxy, records, archive):
        records["Collaboration"].create("c", {"number": 0})
        proxy.cut_answer(after=READ)
        assert records["Collaboration"].update("c", {"number": 1})["number"] == 1
        assert (proxy.cuts, number_of(archive.collaboration.get(KEY))) == (1, 1)

    def test_an_update_that_another_replaced(self, proxy, records, archive):
        records["Collaboration"].create("c", {"number": 0})
        proxy.cut_answer(lambda: archive.collaboration.upsert(KEY, value(2)), after=READ)
        with pytest.raises(DropInOutcomeUnknownError):
            records["Collaboration"].update("c", {"number": 1})
        assert number_of(archive.collaboration.get(KEY)) == 2

    def test_a_delete_of_what_another_made_anew(self, proxy, records, archive):
        records["Collaboration"].create("c", {"number": 0})
        proxy.cut_answer(lambda: archive.collaboration.create(KEY, value(2)))
        with pytest.raises(DropInOutcomeUnknownError):
            records["Collaboration"].delete("c")
        assert number_of(archive.collaboration.get(KEY)) == 2
