import { Client } from "@grpc/grpc-js";
import {
  ArchiveServiceService,
  BatchWriteRequest,
  BatchWriteResponse,
  CountDescendantsRequest,
  CountDescendantsResponse,
  DescribeHierarchyRequest,
  DescribeHierarchyResponse,
  StreamDescendantsRequest,
  StreamDescendantsResponse,
  WhoAmIRequest,
  WhoAmIResponse,
} from "../../../generated/ts/synergos/archive/v1/archive_service.js";
import { ListChangesRequest, ListChangesResponse } from "../../../generated/ts/synergos/archive/v1/change.js";
import type { Archive, RecordClients } from "./archive.js";
import { Caller } from "./caller.js";
import { type Connection, type ConnectOptions, connection } from "./connect-options.js";
import type { DeepPartial } from "./deep-partial.js";
import { invalid } from "./invalid-argument.js";
import { type Method, method } from "./method.js";
import { RecordClient } from "./record-client.js";
import { recordMethods } from "./record-methods.js";
import { type RecordName, recordServices } from "./record-services.js";
import { watch } from "./watch.js";
import { withKey } from "./with-key.js";
import { writeOperations } from "./write.js";

const service = ArchiveServiceService;
const streamDescendants: Method<DeepPartial<StreamDescendantsRequest>, StreamDescendantsResponse> = method(
  { path: service.streamDescendants.path, writes: false },
  StreamDescendantsRequest,
  StreamDescendantsResponse,
);
const countDescendants: Method<DeepPartial<CountDescendantsRequest>, CountDescendantsResponse> = method(
  { path: service.countDescendants.path, writes: false },
  CountDescendantsRequest,
  CountDescendantsResponse,
);
const batchWrite: Method<DeepPartial<BatchWriteRequest>, BatchWriteResponse> = method(
  { path: service.batchWrite.path, writes: true },
  BatchWriteRequest,
  BatchWriteResponse,
);
const describeHierarchy: Method<DescribeHierarchyRequest, DescribeHierarchyResponse> = method(
  { path: service.describeHierarchy.path, writes: false },
  DescribeHierarchyRequest,
  DescribeHierarchyResponse,
);
const listChanges: Method<DeepPartial<ListChangesRequest>, ListChangesResponse> = method(
  { path: service.listChanges.path, writes: false },
  ListChangesRequest,
  ListChangesResponse,
);

const whoAmI: Method<WhoAmIRequest, WhoAmIResponse> = method(
  { path: service.whoAmI.path, writes: false },
  WhoAmIRequest,
  WhoAmIResponse,
);

/**
 * Connects to an archive: "archive:50051", or "grpcs://archive:443" by TLS. Nothing is sent until the first call, and
 * one connection serves any number of calls at a time.
 */
export function connect(address: string, options: ConnectOptions = {}): Archive {
  const settings = connection(address, options);
  const caller = new Caller(client(settings), settings);
  return {
    ...recordClients(caller),
    async *streamDescendants(request = {}, callOptions) {
      for await (const { records } of caller.stream(streamDescendants, withKey(request), callOptions)) {
        for (const { record } of records) if (record) yield record;
      }
    },
    async countDescendants(request = {}, callOptions) {
      return (await caller.unary(countDescendants, withKey(request), callOptions)).counts;
    },
    async batchWrite(writes, callOptions) {
      return (await caller.unary(batchWrite, { operations: writeOperations(writes) }, callOptions)).results;
    },
    async describeHierarchy(callOptions) {
      return (await caller.unary(describeHierarchy, {}, callOptions)).record_types;
    },
    watch: (request = {}, callOptions) => watch(caller, request, callOptions),
    async *listChanges(request = {}, callOptions) {
      const message = withKey(request);
      let page = await caller.unary(listChanges, message, callOptions);
      yield* page.changes;
      while (page.next_page_token !== "") {
        page = await caller.unary(listChanges, message, callOptions, { page_token: page.next_page_token });
        yield* page.changes;
      }
    },
    async listChangesPage(request = {}, callOptions) {
      return caller.unary(listChanges, withKey(request), callOptions);
    },
    whoAmI: (callOptions) => caller.unary(whoAmI, {}, callOptions),
    close: () => caller.close(),
  };
}

/** grpc-js refuses some addresses and options by itself, and names neither. */
function client({ address, target, credentials, channel }: Connection): Client {
  try {
    return new Client(target, credentials, channel);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid("address", `and options must be such as grpc-js takes; ${address}: ${why}`, cause);
  }
}

const isRecordName = (name: string): name is RecordName => name in recordServices;

function recordClients(caller: Caller): RecordClients {
  const names = Object.keys(recordServices).filter(isRecordName);
  // Each of its own type, which a list of entries cannot say.
  return Object.fromEntries(
    names.map((name) => [name, new RecordClient(caller, recordMethods(name))]),
  ) as unknown as RecordClients;
}
