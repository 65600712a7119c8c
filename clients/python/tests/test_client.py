"""The typed client, sync and asyncio."""
import asyncio
import concurrent.futures
import pickle
import shutil
import subprocess

import grpc
import pytest
from conftest import IDS, fill, free_port

import synergos_archive
from synergos_archive import (
    ArchiveError,
    ArchiveUnavailableError,
    DeadlineExceededError,
    EtagMismatchError,
    HasRelationsError,
    InvalidArgumentError,
    ParentNotFoundError,
    RecordExistsError,
    RecordNotFoundError,
    TransientError,
    v1,
)
from synergos_archive.record_types import RECORD_TYPES

PROJECT = {"collab_id": "c", "project_id": "p"}


@pytest.fixture(autouse=True)
def nothing_left(grid):
    yield


def test_the_table_is_that_of_the_server(archive):
    described = {each.name: each for each in archive.describe_hierarchy()}
    assert set(described) == set(RECORD_TYPES)
    numbers = {record_type.number: record_type for record_type in RECORD_TYPES.values()}
    for name, each in described.items():
        mine = RECORD_TYPES[name]
        assert (tuple(each.key_fields), tuple(each.link_fields), each.service) == (mine.key, mine.link, mine.service)
        assert tuple(numbers[number] for number in each.parents) == mine.parents
        assert {numbers[number] for number in each.ancestors} == mine.ancestors
        assert tuple(numbers[number] for number in each.relations) == mine.relations


def test_a_record_of_every_type(archive):
    fill(archive)
    for record_type in RECORD_TYPES.values():
        if record_type.name == "MLFlow":
            continue
        records = getattr(archive, record_type.field)
        key = {name: IDS[name] for name in record_type.key}
        record = records.get(key)
        assert isinstance(record, record_type.message("{}"))
        assert records.get(record.key, view=v1.VIEW_BASIC).etag == record.etag
        [listed] = records.list(filter=key)
        assert listed.record_id == record.record_id
        changed = records.update(record.key, record.details, etag=record.etag)
        assert changed.etag != record.etag and changed.details == record.details
        with pytest.raises(EtagMismatchError):
            records.delete(key, etag=record.etag)
        assert records.delete(key, validate_only=True).record.key == record.key
        assert records.upsert(key, record.details).record_id == record.record_id


def test_details_are_messages_or_mappings(archive):
    archive.collaboration.create({"collab_id": "c"})
    details = {
        "action": "ACTION_REGRESS",
        "universe_alignment": ["a"],
        "incentives": {"tier_1": [{"rank": 1, "share": 0.5}, None, True]},
        "attributes": {"a": {"b": []}},
    }
    record = archive.project.create(key=PROJECT, details=details)
    assert record.details.action == v1.ACTION_REGRESS
    assert record.details.incentives["tier_1"][0]["share"] == 0.5
    assert archive.project.upsert(record.key, record.details).details == record.details
    changed = archive.project.update(record.key, {"action": "ACTION_CLASSIFY"}, update_mask=["action"])
    assert changed.details.action == v1.ACTION_CLASSIFY and changed.details.universe_alignment == ["a"]
    for wrong in ({"x": 1}, {"action": "REGRESS"}, {"incentives": 1}, {"incentives": {"a": float("nan")}}):
        with pytest.raises((TypeError, ValueError)):
            archive.project.update(record.key, wrong)


def test_lists(archive):
    archive.batch_write(archive.collaboration.operation.create({"collab_id": "c%02d" % n}) for n in range(25))
    assert [each.key.collab_id for each in archive.collaboration.list(page_size=7)] == ["c%02d" % n for n in range(25)]
    assert len(list(archive.collaboration.list(filter={"id_prefix": "c1"}))) == 10
    page = archive.collaboration.list_page(page_size=20, with_total=True)
    assert (len(page.records), page.total_size) == (20, 25)
    page = archive.collaboration.list_page(page_size=20, page_token=page.next_page_token)
    assert (len(page.records), page.total_size, page.next_page_token) == (5, None, "")
    assert list(archive.collaboration.list(filter={"collab_id": "none"})) == []


def test_batches(archive):
    operation = archive.collaboration.operation
    results = archive.batch_write(
        [
            operation.create({"collab_id": "a"}),
            operation.upsert({"collab_id": "a"}, {"attributes": {"x": 1}}),
            archive.project.operation.create({"collab_id": "a", "project_id": "p"}, {"incentives": {}}),
            operation.delete({"collab_id": "a"}),
        ]
    )
    assert results[1].record.collaboration.details.attributes["x"] == 1
    assert [each.count for each in results[3].deleted] == [1, 1]
    with pytest.raises(RecordNotFoundError) as raised:
        archive.batch_write([operation.create({"collab_id": "a"}), operation.delete({"collab_id": "b"})])
    assert raised.value.metadata["operation"] == "1"
    assert list(archive.collaboration.list()) == []


def test_streams(archive):
    fill(archive)
    streamed = list(archive.stream_descendants(v1.ProjectKey(**PROJECT), include_root=True))
    assert isinstance(streamed[0], v1.Project) and len(streamed) == 9
    assert len(list(archive.stream_descendants(v1.ProjectKey(**PROJECT), relation_types=["Run", "Tag"]))) == 2
    assert len(list(archive.stream_descendants())) == 11
    for record in archive.stream_descendants():
        break  # Which cancels the call.
    with pytest.raises(RecordNotFoundError):
        list(archive.stream_descendants(v1.ProjectKey(collab_id="c", project_id="x")))


def test_counts(archive):
    assert archive.count_descendants() == {}
    fill(archive)
    project = v1.ProjectKey(**PROJECT)
    counts = archive.count_descendants(project)
    assert list(counts)[0] == "Project" and sum(counts.values()) == 9
    assert counts == archive.project.delete(project, validate_only=True).counts
    assert sum(archive.count_descendants().values()) == 11
    assert archive.count_descendants(v1.RunKey(**PROJECT, expt_id=IDS["expt_id"], run_id=IDS["run_id"]))["Run"] == 1
    with pytest.raises(RecordNotFoundError):
        archive.count_descendants(v1.ProjectKey(collab_id="c", project_id="x"))
    with pytest.raises(TypeError):
        archive.count_descendants(v1.Project())


class TestErrors:
    def test_what_they_say(self, archive):
        with pytest.raises(ParentNotFoundError) as raised:
            archive.run.create({"collab_id": "c", "project_id": "p", "expt_id": "e", "run_id": "r"})
        error = raised.value
        assert (error.code, error.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
        assert [each.subject for each in error.violations] == ["Collaboration/c", "Project/c/p", "Experiment/c/p/e"]
        assert error.metadata == {"missing": "Collaboration,Project,Experiment"}
        assert error.request_id
        assert not error.retryable
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is ParentNotFoundError and again.violations == error.violations

    def test_each_has_its_class(self, archive):
        fill(archive)
        with pytest.raises(RecordExistsError):
            archive.project.create(PROJECT, {"incentives": {}})
        with pytest.raises(RecordNotFoundError):
            archive.project.get({"collab_id": "c", "project_id": "x"})
        with pytest.raises(HasRelationsError) as raised:
            archive.project.delete(PROJECT, cascade=v1.CASCADE_RESTRICT)
        assert raised.value.metadata["Run"] == "1"
        with pytest.raises(InvalidArgumentError) as raised:
            archive.registration.create({"collab_id": "", "project_id": " "}, {"nodes": {"x": {"port": -1}}})
        fields = {each.subject for each in raised.value.violations}
        assert {"key.collab_id", "key.project_id", "key.participant_id", "details.role"} < fields

    def test_deadlines(self, archive):
        with pytest.raises(DeadlineExceededError) as raised:
            archive.collaboration.get({"collab_id": "c"}, timeout=1e-6)
        assert raised.value.retryable and isinstance(raised.value, TimeoutError)

    def test_nobody_there(self):
        with synergos_archive.connect("127.0.0.1:%d" % free_port()) as archive:
            with pytest.raises(ArchiveUnavailableError) as raised:
                archive.collaboration.create({"collab_id": "c"})
            assert raised.value.retryable and isinstance(raised.value, ConnectionError)


def test_conflicts_are_tried_again():
    """Against a server of our own, for a real one conflicts only when it will."""
    calls = []

    def create(request, context):
        calls.append(request.key.collab_id)
        if len(calls) < 3:
            from google.protobuf import any_pb2
            from google.rpc import error_details_pb2, status_pb2

            detail = any_pb2.Any()
            detail.Pack(error_details_pb2.ErrorInfo(domain="archive.synergos", reason="CONFLICT"))
            status = status_pb2.Status(code=10, message="again", details=[detail])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.ABORTED, "again")
        assert dict(context.invocation_metadata())["authorization"] == "Bearer secret"
        return v1.CreateCollaborationResponse(record=v1.Collaboration(key=request.key))

    handler = grpc.unary_unary_rpc_method_handler(
        create, v1.CreateCollaborationRequest.FromString, v1.CreateCollaborationResponse.SerializeToString
    )
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
    service = "synergos.archive.v1.CollaborationService"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"CreateCollaboration": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with synergos_archive.connect("127.0.0.1:%d" % port, token=lambda: "secret") as archive:
            assert archive.collaboration.create({"collab_id": "c"}).key.collab_id == "c"
            assert len(calls) == 3
    finally:
        server.stop(0).wait()


class TestConnections:
    def test_nothing_connects_before_the_first_call(self):
        assert synergos_archive.connect("grpcs://nowhere.invalid:1")._channel is None

    def test_what_cannot_be(self):
        with pytest.raises(ValueError, match="not 'http"):
            synergos_archive.connect("http://x:1")
        with pytest.raises(ValueError, match="token"):
            synergos_archive.connect("example.org:1", token="x")
        with pytest.raises(ValueError, match="both"):
            synergos_archive.connect("example.org:1", private_key=b"x")

    def test_closed_ones_open_again(self, server):
        archive = synergos_archive.connect("grpc://" + server.address)
        assert list(archive.collaboration.list()) == []
        archive.close()
        assert list(archive.collaboration.list()) == []
        archive.close()

    def test_mutual_tls(self, start_server, tmp_path):
        assert shutil.which("openssl"), "openssl is not on the PATH: install it (apt-get install openssl, brew install openssl)"
        key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
        request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        request += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout %s -out %s" % (key, certificate)
        subprocess.run(request.split(), check=True, stderr=subprocess.DEVNULL)
        server = start_server("--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", certificate)
        address = "grpcs://localhost:%d" % server.port
        own = {"certificate_chain": certificate, "private_key": key}
        with synergos_archive.connect(address, root_certificates=certificate, token="t", **own) as archive:
            assert archive.collaboration.create({"collab_id": "c"}).key.collab_id == "c"
        with synergos_archive.connect(address, root_certificates=certificate, timeout=0.5) as archive:
            with pytest.raises(TransientError):
                list(archive.collaboration.list())


class TestAsync:
    def test_all_of_it(self, server, archive):
        fill(archive)

        async def work():
            async with synergos_archive.connect_async(server.address) as remote:
                record = await remote.project.get(PROJECT)
                assert len(record.relations.runs) == 1
                await remote.project.upsert(PROJECT, record.details)
                with pytest.raises(RecordExistsError) as raised:
                    await remote.project.create(PROJECT, record.details)
                assert raised.value.reason == "RECORD_EXISTS"
                assert isinstance(raised.value, ArchiveError)
                await remote.batch_write(
                    remote.collaboration.operation.create({"collab_id": "d%02d" % number}) for number in range(20)
                )
                listed = [each.key.collab_id async for each in remote.collaboration.list(page_size=6)]
                assert listed == ["c"] + ["d%02d" % number for number in range(20)]
                assert (await remote.collaboration.list_page(with_total=True)).total_size == 21
                assert len([each async for each in remote.stream_descendants(v1.ProjectKey(**PROJECT))]) == 8
                with pytest.raises(RecordNotFoundError):
                    [each async for each in remote.stream_descendants(v1.ProjectKey(collab_id="x", project_id="y"))]
                counts = await remote.count_descendants(v1.ProjectKey(**PROJECT))
                assert counts["Project"] == 1 and sum(counts.values()) == 9
                with pytest.raises(RecordNotFoundError):
                    await remote.count_descendants(v1.ProjectKey(collab_id="x", project_id="y"))
                gets = (remote.collaboration.get({"collab_id": "d%02d" % number}) for number in range(20))
                assert len(await asyncio.gather(*gets)) == 20
                updated = await remote.project.update(PROJECT, {}, update_mask=["action"], etag="")
                assert (await remote.project.delete(PROJECT, etag=updated.etag)).counts["Run"] == 1
                assert len(await remote.describe_hierarchy()) == 12
                with pytest.raises(DeadlineExceededError):
                    await remote.collaboration.get({"collab_id": "c"}, timeout=1e-6)

        asyncio.run(work())

    def test_event_loops_one_after_another(self, server):
        archive = synergos_archive.connect_async(server.address)

        async def count():
            return len([each async for each in archive.collaboration.list()])

        assert asyncio.run(count()) == asyncio.run(count()) == 0
