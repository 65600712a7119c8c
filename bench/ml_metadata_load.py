"""Makes calls of ML Metadata in this process, on an SQLite database: for each line on stdin one round.

Usage: python ml_metadata_load.py DATABASE. A line is JSON: {"call": "put", "seconds": 1, "properties": {...}}. The
answer is a line too: the latency of each call, in milliseconds.
"""

import json
import sys
import time

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as protos

config = protos.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = protos.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
store = metadata_store.MetadataStore(config)

kinds = {str: protos.STRING, float: protos.DOUBLE, int: protos.INT}
types = {}
ids = []


def type_of(properties):
    """The execution type that has such properties, made once."""
    if "run" not in types:
        made = protos.ExecutionType(name="run")
        for name, value in properties.items():
            made.properties[name] = kinds[type(value)]
        types["run"] = store.put_execution_type(made)
    return types["run"]


def execution(properties):
    made = protos.Execution(type_id=type_of(properties))
    for name, value in properties.items():
        field = {str: "string_value", float: "double_value", int: "int_value"}[type(value)]
        setattr(made.properties[name], field, value)
    return made


def put(properties, _):
    ids.extend(store.put_executions([execution(properties)]))


def get(_, index):
    (found,) = store.get_executions_by_id([ids[index % 1000]])
    return found


def list_100(_, index):
    assert len(store.get_executions(metadata_store.ListOptions(limit=100, order_by=metadata_store.OrderByField.ID))) == 100


calls = {"put": put, "get": get, "list": list_100}
for line in sys.stdin:
    job = json.loads(line)
    call, properties = calls[job["call"]], job["properties"]
    latencies = []
    began = now = time.perf_counter()
    while (job.get("count") is None or len(latencies) < job["count"]) and now - began < job["seconds"]:
        call(properties, len(latencies))
        done = time.perf_counter()
        latencies.append((done - now) * 1000)
        now = done
    print(json.dumps({"seconds": now - began, "latencies": latencies}), flush=True)
