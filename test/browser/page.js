// What a page of the grid does, in the browser. It tells what came of it to the server that it is from.
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

const { archive } = await (await fetch("/setting")).json();
const descriptors = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, new Uint8Array(await (await fetch("/descriptors")).arrayBuffer())),
);
const service = (name) => descriptors.getService(`synergos.archive.v1.${name}`);
const errorInfo = descriptors.getMessage("google.rpc.ErrorInfo");

const transports = {
  "Connect in JSON": createConnectTransport({ baseUrl: archive }),
  "Connect in bytes": createConnectTransport({ baseUrl: archive, useBinaryFormat: true }),
  "gRPC-Web in bytes": createGrpcWebTransport({ baseUrl: archive }),
  "gRPC-Web in JSON": createGrpcWebTransport({ baseUrl: archive, useBinaryFormat: false }),
};

/** What a call came to: its answer, or the code of its error with the reason. */
async function outcome(call) {
  try {
    return await call();
  } catch (error) {
    const { code, rawMessage, metadata } = ConnectError.from(error);
    const [info] = ConnectError.from(error).findDetails(errorInfo);
    return { code: Code[code], reason: info?.reason, message: rawMessage, id: Boolean(metadata.get("x-request-id")) };
  }
}

const results = {};
for (const [name, transport] of Object.entries(transports)) {
  const collaborations = createClient(service("CollaborationService"), transport);
  const records = createClient(service("ArchiveService"), transport);
  results[name] = {
    read: await outcome(
      async () => (await collaborations.getCollaboration({ key: { collabId: "grid" } })).record.key.collabId,
    ),
    missing: await outcome(() => collaborations.getCollaboration({ key: { collabId: "näh" } })),
    stream: await outcome(async () => {
      let count = 0;
      for await (const response of records.streamDescendants({})) count += response.records.length;
      return count;
    }),
    failingStream: await outcome(async () => {
      for await (const _ of records.streamDescendants({ key: { key: { case: "run", value: {} } } }));
    }),
    late: await outcome(() => collaborations.getCollaboration({ key: { collabId: "grid" } }, { timeoutMs: 0.5 })),
  };
}

const post = (headers, body, options = {}) =>
  fetch(`${archive}/synergos.archive.v1.CollaborationService/CreateCollaboration`, {
    method: "POST",
    headers,
    body,
    ...options,
  }).then(
    async (response) => ({ status: response.status, id: Boolean(response.headers.get("x-request-id")) }),
    (error) => ({ failed: error.name }),
  );
const create = (id) => JSON.stringify({ key: { collabId: id } });
results.fetch = await post({ "content-type": "application/json" }, create("by-fetch"));
// What a browser sends without asking first.
results.simple = await post({ "content-type": "text/plain" }, create("by-simple"));
results.opaque = await post({ "content-type": "text/plain" }, create("by-opaque"), { mode: "no-cors" });
results.metrics = await fetch(`${archive}/metrics`).then(
  ({ status }) => status,
  (error) => error.name,
);

await fetch("/results", { method: "POST", body: JSON.stringify(results) });
