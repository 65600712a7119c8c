import { Client } from "@grpc/grpc-js";
import {
  ArchiveServiceService,
  BatchWriteRequest,
  BatchWriteResponse,
  DescribeHierarchyRequest,
  DescribeHierarchyResponse,
  StreamDescendantsRequest,
  StreamDescendantsResponse,
} from "../../../generated/ts/synergos/archive/v1/archive_service.js";
import type { Archive, RecordClients } from "./archive.js";
import { Caller } from "./caller.js";
import { type ConnectOptions, channelTarget } from "./connect-options.js";
import type { DeepPartial } from "./deep-partial.js";
import { type Method, method } from "./method.js";
import { RecordClient } from "./record-client.js";
import { recordMethods } from "./record-methods.js";
import { type RecordName, recordServices } from "./record-services.js";
import { archiveKey, writeOperation } from "./write.js";

const service = ArchiveServiceService;
const streamDescendants: Method<DeepPartial<StreamDescendantsRequest>, StreamDescendantsResponse> = method(
  service.streamDescendants,
  StreamDescendantsRequest,
  StreamDescendantsResponse,
);
const batchWrite: Method<DeepPartial<BatchWriteRequest>, BatchWriteResponse> = method(
  service.batchWrite,
  BatchWriteRequest,
  BatchWriteResponse,
);
const describeHierarchy: Method<DescribeHierarchyRequest, DescribeHierarchyResponse> = method(
  service.describeHierarchy,
  DescribeHierarchyRequest,
  DescribeHierarchyResponse,
);

/**
 * Connects to an archive: "archive:50051", or "grpcs://archive:443" by TLS. Nothing is sent until the first call, and
 * one connection serves any number of calls at a time.
 */
export function connect(address: string, options: ConnectOptions = {}): Archive {
  const { target, credentials, channel } = channelTarget(address, options);
  const client = new Client(target, credentials, channel);
  const caller = new Caller(client, {
    timeout: options.timeout ?? 30_000,
    metadata: options.metadata ?? {},
    retry: options.retry ?? true,
  });
  return {
    ...recordClients(caller),
    async *streamDescendants({ key, ...request } = {}, callOptions) {
      const given = { ...request, key: key && archiveKey(key) };
      for await (const { records } of caller.stream(streamDescendants, given, callOptions)) {
        for (const { record } of records) if (record) yield record;
      }
    },
    async batchWrite(writes, callOptions) {
      const operations = Array.from(writes, writeOperation);
      return (await caller.unary(batchWrite, { operations }, callOptions)).results;
    },
    async describeHierarchy(callOptions) {
      return (await caller.unary(describeHierarchy, {}, callOptions)).record_types;
    },
    close: () => client.close(),
  };
}

const isRecordName = (name: string): name is RecordName => name in recordServices;

function recordClients(caller: Caller): RecordClients {
  const names = Object.keys(recordServices).filter(isRecordName);
  // Each of its own type, which a list of entries cannot say.
  return Object.fromEntries(
    names.map((name) => [name, new RecordClient(caller, recordMethods(name))]),
  ) as unknown as RecordClients;
}
