"""What the typed client is given, gets, and leaves behind, at the edges of what it takes."""
import asyncio
import concurrent.futures
import contextlib
import gc
import math
import threading

import grpc
import pytest
from conftest import free_port
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

import synergos_archive
from synarchive.connection import CollaborationRecords
from synergos_archive import (
    ArchiveError,
    ConflictError,
    DeadlineExceededError,
    InvalidArgumentError,
    PermanentError,
    RequestTooLargeError,
    ResponseTooLargeError,
    v1,
)
from synergos_archive.connection import Connection, is_loopback
from synergos_archive.calls import backoff

PROJECT = {"collab_id": "c", "project_id": "p"}

LOOPBACK = [
    "localhost:50051", "LOCALHOST:1", "localhost", "127.0.0.1:1", "127.255.1.2:1", "127.0.0.1", "[::1]:1", "::1",
    "unix:/run/archive.sock", "ipv4:127.0.0.1:1", "ipv6:[::1]:1", "ipv4:127.0.0.1:1,127.0.0.2:1",
]
ELSEWHERE = [
    "localhost.evil.example:1", "127.0.0.1.nip.io:1", "127.evil.example:1", "localhostile:1", "127.0.0.1.2:1", "127.1:1",
    "[::1].evil.example:1", "[::2]:1", "128.0.0.1:1", "0.0.0.0:1", "localhost@evil.example:1", "localhost:1@evil.example:1",
    "localhost/evil.example:1", "evil.example/localhost:1",
    "ipv4:127.0.0.1:1,10.0.0.1:1", "unix.evil.example:1", "", ":1",
]


class TestTokens:
    @pytest.mark.parametrize("address", LOOPBACK)
    def test_go_in_plain_text_to_this_machine(self, address):
        assert is_loopback(address)
        connection = Connection(address, token="secret")
        # And through no proxy, whatever the environment says.
        assert ("grpc.enable_http_proxy", 0) in connection.options()

    @pytest.mark.parametrize("address", ELSEWHERE)
    def test_go_nowhere_else(self, address, monkeypatch):
        for make in (synergos_archive.connect, synergos_archive.connect_async):
            with pytest.raises(ValueError, match="token without TLS"):
                make(address, token="secret")
            assert make(address, token="secret", tls=True)
        assert ("grpc.enable_http_proxy", 0) not in Connection(address).options()
        monkeypatch.delenv("ARCHIVE_ADDRESS", raising=False)
        monkeypatch.setenv("ARCHIVE_TOKEN", "secret")
        with pytest.raises(ValueError, match="token without TLS"):
            CollaborationRecords(db_path="grpc://" + address)


class TestTimeouts:
    @pytest.mark.parametrize("wrong", [math.inf, math.nan, 9e9, -1, 0, -math.inf, "5", True, [], 10**400], ids=repr)
    def test_what_is_no_time_is_named(self, server, wrong, monkeypatch):
        for name in ("timeout", "patience"):
            if not (name == "patience" and wrong == 0):
                with pytest.raises(InvalidArgumentError, match=name) as raised:
                    synergos_archive.connect(server.address, **{name: wrong})
                assert isinstance(raised.value, ValueError) and raised.value.violations[0].subject == name
        with synergos_archive.connect(server.address) as archive:
            for call in (
                lambda: archive.collaboration.get({"collab_id": "c"}, timeout=wrong),
                lambda: archive.stream_descendants(timeout=wrong),
                lambda: archive.count_descendants(timeout=wrong),
                lambda: next(archive.collaboration.list(timeout=wrong)),
            ):
                with pytest.raises(InvalidArgumentError, match="timeout"):
                    call()

        async def call_async():
            async with synergos_archive.connect_async(server.address) as archive:
                with pytest.raises(InvalidArgumentError, match="timeout"):
                    await archive.collaboration.get({"collab_id": "c"}, timeout=wrong)

        asyncio.run(call_async())

    @pytest.mark.parametrize("right", [None, 1, 0.5, 31_536_000])
    def test_what_is_one(self, server, right):
        with synergos_archive.connect(server.address, timeout=right) as archive:
            assert list(archive.collaboration.list(timeout=right)) == []

    def test_in_the_environment(self, server, monkeypatch):
        monkeypatch.setenv("ARCHIVE_ADDRESS", server.address)
        for wrong in ("5s", "nan", "inf", "-1", "9e12"):
            monkeypatch.setenv("ARCHIVE_TIMEOUT", wrong)
            with pytest.raises(ValueError, match="ARCHIVE_TIMEOUT"):
                CollaborationRecords()


class TestLists:
    @pytest.mark.parametrize("wrong", ["age", b"age", {"age": 1}, 5, True], ids=repr)
    def test_text_is_none(self, archive, wrong):
        operation = archive.project.operation
        for make in (
            lambda: operation.create(PROJECT, {"incentives": {}, "universe_alignment": wrong}),
            lambda: operation.update(PROJECT, {}, update_mask=wrong),
            lambda: archive.project.update(PROJECT, {}, update_mask=wrong),
            lambda: archive.project.get(PROJECT, relation_types=wrong),
            lambda: list(archive.project.list(relation_types=wrong)),
        ):
            with pytest.raises(TypeError, match="(universe_alignment|update_mask|relation_types) must be a list"):
                make()

    def test_what_is_iterated_over_is(self, archive):
        operation = archive.project.operation.create(PROJECT, {"universe_alignment": (each for each in "ab")})
        assert list(operation.create.record.project.details.universe_alignment) == ["a", "b"]

    def test_what_is_wrong_is_named(self, archive):
        operation = archive.project.operation
        deep = {}
        for _ in range(40):
            deep = {"a": [deep]}
        for details, path in (
            ({"universe_alignment": ["a", 1]}, r"universe_alignment\[1\]"),
            ({"universe_alignment": ["\ud800"]}, r"universe_alignment\[0\]"),
            ({"action": "NONE"}, "action"),
            ({"action": []}, "action"),
            ({"incentives": {"a": ["\ud800"]}}, r"incentives.a\[0\]"),
            ({"incentives": {"\ud800": 1}}, "incentives"),
            ({"incentives": deep}, "incentives.*deeper than 32"),
        ):
            with pytest.raises((TypeError, ValueError), match=path):
                operation.create(PROJECT, details)
        with pytest.raises(ValueError, match="collab_id"):
            operation.create({"collab_id": "\ud800"})


class TestSizes:
    def test_a_large_request_is_one(self, start_server):
        small = start_server("--max-receive-size", "100000")
        details = {"attributes": {"x": "x" * 200_000}}
        with synergos_archive.connect(small.address) as archive:
            with pytest.raises(RequestTooLargeError) as raised:
                archive.collaboration.create({"collab_id": "c"}, details)
            assert raised.value.reason and isinstance(raised.value, PermanentError)
        options = [("grpc.max_send_message_length", 100_000)]
        with synergos_archive.connect(small.address, options=options) as archive:
            with pytest.raises(RequestTooLargeError):
                archive.collaboration.create({"collab_id": "c"}, details)

    def test_a_large_response_is_one(self, server, archive, grid):
        archive.collaboration.create({"collab_id": "c"}, {"attributes": {"x": "x" * 200_000}})
        options = [("grpc.max_receive_message_length", 100_000)]
        with synergos_archive.connect(server.address, options=options) as small:
            with pytest.raises(ResponseTooLargeError):
                small.collaboration.get({"collab_id": "c"}, view=v1.VIEW_BASIC)


def test_pauses_stay_short_however_often():
    assert all(0 < backoff(attempt).seconds <= 1 for attempt in (1, 2, 10, 1100, 10**9))


@contextlib.contextmanager
def answering(answer):
    """A server of our own, for answers that a real one never gives."""
    handler = grpc.unary_unary_rpc_method_handler(
        answer, v1.GetCollaborationRequest.FromString, v1.GetCollaborationResponse.SerializeToString
    )
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    service = "synergos.archive.v1.CollaborationService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"GetCollaboration": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield "127.0.0.1:%d" % port
    finally:
        server.stop(0).wait()


def _status(*details):
    return status_pb2.Status(code=9, message="m", details=details).SerializeToString()


class TestDetailsOfErrors:
    @pytest.mark.parametrize(
        "trailer",
        [
            b"\xff\xff\xff",
            b"\x0a",
            _status(any_pb2.Any(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")),
            _status(any_pb2.Any(type_url="type.googleapis.com/other.Thing", value=b"\xff")),
            _status(any_pb2.Any(type_url="", value=b"")),
            b"",
        ],
        ids=repr,
    )
    def test_do_not_hide_the_error(self, trailer):
        def answer(request, context):
            context.set_trailing_metadata((("grpc-status-details-bin", trailer),))
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "what it is about")

        async def call_async(address):
            async with synergos_archive.connect_async(address) as archive:
                await archive.collaboration.get({"collab_id": "c"})

        with answering(answer) as address, synergos_archive.connect(address) as archive:
            for call in (lambda: archive.collaboration.get({"collab_id": "c"}), lambda: asyncio.run(call_async(address))):
                with pytest.raises(ArchiveError, match="what it is about") as raised:
                    call()
                assert raised.value.code is grpc.StatusCode.FAILED_PRECONDITION

    def test_what_can_be_read_is(self):
        info = any_pb2.Any()
        info.Pack(error_details_pb2.ErrorInfo(domain="archive.synergos", reason="CONFLICT"))
        broken = any_pb2.Any(type_url="type.googleapis.com/google.rpc.BadRequest", value=b"\xff")

        def answer(request, context):
            context.set_trailing_metadata((("grpc-status-details-bin", _status(info, broken)),))
            context.abort(grpc.StatusCode.ABORTED, "again")

        with answering(answer) as address, synergos_archive.connect(address) as archive:
            with pytest.raises(ConflictError):
                archive.collaboration.get({"collab_id": "c"})

    @pytest.mark.parametrize("reason", ["OVERLOADED", "RATE_LIMITED"])
    def test_a_server_that_has_too_much_to_do_is_asked_again(self, reason):
        info = any_pb2.Any()
        info.Pack(error_details_pb2.ErrorInfo(domain="archive.synergos", reason=reason))
        asked = []

        def answer(request, context):
            asked.append(request)
            if len(asked) < 3:
                context.set_trailing_metadata((("grpc-status-details-bin", _status(info)),))
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "answered")

        with answering(answer) as address, synergos_archive.connect(address) as archive:
            with pytest.raises(InvalidArgumentError):
                archive.collaboration.get({"collab_id": "c"})
        assert len(asked) == 3


class TestClosing:
    """While a call runs: it ends with an error of the archive."""

    @pytest.fixture
    def slow(self):
        came, go = threading.Event(), threading.Event()

        def answer(request, context):
            came.set()
            go.wait(20)
            return v1.GetCollaborationResponse()

        with answering(answer) as address:
            yield address, came
            go.set()

    def test_async(self, slow):
        address, came = slow

        async def work():
            archive = synergos_archive.connect_async(address)
            loop = asyncio.get_event_loop()
            call = asyncio.ensure_future(archive.collaboration.get({"collab_id": "c"}))
            await loop.run_in_executor(None, came.wait)
            await archive.close()
            with pytest.raises(ArchiveError, match="closed while the call ran") as raised:
                await call
            assert raised.value.code is grpc.StatusCode.CANCELLED
            # A task that is cancelled itself still is.
            other = asyncio.ensure_future(archive.collaboration.get({"collab_id": "c"}))
            await asyncio.sleep(0)
            other.cancel()
            with pytest.raises(asyncio.CancelledError):
                await other
            await archive.close()

        asyncio.run(work())

    def test_sync(self, slow):
        address, came = slow
        archive = synergos_archive.connect(address)
        errors = []

        def call():
            try:
                archive.collaboration.get({"collab_id": "c"})
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        came.wait(20)
        archive.close()
        thread.join(20)
        [error] = errors
        assert isinstance(error, ArchiveError) and error.code is grpc.StatusCode.CANCELLED


class TestEventLoops:
    def test_leave_nothing_behind(self, server):
        archive = synergos_archive.connect_async(server.address)

        async def count():
            return len([each async for each in archive.collaboration.list()])

        for _ in range(20):
            assert asyncio.run(count()) == 0
        gc.collect()
        channels = [each for each in gc.get_objects() if isinstance(each, grpc.aio.Channel)]
        assert len(channels) <= 2

    def test_may_run_beside_each_other(self, server):
        archive = synergos_archive.connect_async(server.address)

        async def work():
            for _ in range(20):
                assert [each async for each in archive.collaboration.list()] == []

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for future in [pool.submit(asyncio.run, work()) for _ in range(3)]:
                future.result(60)


def test_a_deadline_that_passes_is_told(server):
    with synergos_archive.connect("127.0.0.1:%d" % free_port(), patience=30) as archive:
        with pytest.raises(DeadlineExceededError):
            archive.collaboration.create({"collab_id": "c"}, timeout=0.3)
