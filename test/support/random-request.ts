import type { WriteOperation } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Rights } from "../../src/access/rights.js";
import { archiveRecord, detailsShape } from "../../src/archive/record-message.js";
import type { Ids } from "../../src/records/ids.js";
import type { Message } from "../../src/records/message-shape.js";
import { type RecordType, recordTypes } from "../../src/records/record-type.js";
import { unsaid } from "../../src/records/unsaid.js";
import type { ArchiveClient } from "./client.js";
import type { Random } from "./random.js";
import { listChanges, watchChanges } from "./random-changes.js";
import { markedDetails, universe, type World } from "./two-worlds.js";

/** A request, as it is sent and as it is shown where it fails. */
export interface RandomRequest {
  readonly text: string;
  send(client: ArchiveClient, world: World): Promise<unknown>;
}

const keyOf = (random: Random, type: RecordType): Ids =>
  Object.fromEntries(
    type.key.map((field) => {
      const [usual = "", ...others] = universe[field] ?? [];
      return [field, others.length === 0 || random.chance(0.7) ? usual : random.of(others)];
    }),
  );

const archiveKey = (type: RecordType, key: Ids) => ({ $case: type.field, value: key }) as unknown as ArchiveKey["key"];

/** Details, some of which give what is sensitive, and some a guess at what the archive has of it. */
function detailsOf(random: Random, type: RecordType): Message {
  const mark = () => `world${random.below(2)}-${random.below(10)}`;
  const details = { ...markedDetails(type, mark(), mark()) };
  for (const { name, level } of detailsShape(type).fields) if (level && random.chance(0.6)) delete details[name];
  for (const field of detailsShape(type).fields) if (field.container === "list") details[field.name] ??= [];
  return details;
}

function maskOf(random: Random, type: RecordType): string[] | undefined {
  if (random.chance(0.5)) return undefined;
  const names = detailsShape(type).fields.map(({ name }) => name);
  const deep = ["socials.net", "attributes.secret", "catalogue.host", "nodes.node_0.host", "nodes.node_0", "catalogue"];
  const known = deep.filter((path) => names.includes(path.split(".")[0] as string));
  const paths = [...random.some(names, 0.3), ...random.some(known, 0.3)];
  return paths.length > 0 ? [...new Set(paths)] : undefined;
}

const relationTypes = (random: Random, type: RecordType) =>
  random.chance(0.7) ? [] : random.some(type.relations, 0.5).map(({ number }) => number);

function operation(random: Random, type: RecordType): WriteOperation {
  const key = keyOf(random, type);
  const record = archiveRecord(type, { key, details: detailsOf(random, type), ...unsaid });
  const kind = random.below(3);
  if (kind === 0) return { operation: { $case: "create", value: { record } } };
  if (kind === 1) {
    const value = { record, update_mask: maskOf(random, type), allow_missing: random.chance(0.5), etag: "" };
    return { operation: { $case: "update", value } };
  }
  const value = { key: { key: archiveKey(type, key) }, etag: "", allow_missing: random.chance(0.5), cascade: 0 };
  return { operation: { $case: "delete", value } };
}

/** A request of any kind, mostly of types that matter to the caller. */
export function makeRequest(
  random: Random,
  /** Of the caller. */
  rights: Rights,
): RandomRequest {
  const [readable, writable] = (["read", "write"] as const).map((verb) =>
    recordTypes.filter((type) => rights.scope(verb, type).length > 0),
  ) as [RecordType[], RecordType[]];
  const kind = random.below(15);
  const usual = kind < 6 || writable.length === 0 ? readable : writable;
  const anyType = () => random.of(random.chance(0.85) ? usual : recordTypes);
  const type = anyType();
  const key = keyOf(random, type);
  const view = random.of([0, 1, 2]);
  const made = (name: string, request: object, send: RandomRequest["send"]): RandomRequest => ({
    text: `${name} ${type.name} ${JSON.stringify(request, (_, value) => (typeof value === "bigint" ? String(value) : value))}`,
    send,
  });
  switch (kind) {
    case 0:
    case 1: {
      const request = { view, relation_types: view === 1 ? [] : relationTypes(random, type) };
      return made("get", { key, ...request }, (client) => client.get(type.name, key, request));
    }
    case 2:
    case 3: {
      const filter = {
        ...Object.fromEntries(random.some(Object.entries(key), 0.4)),
        id_prefix: random.of(["", "", "r", "p0"]),
      };
      const relations = view === 2 ? relationTypes(random, type) : [];
      const request = { filter, view, relation_types: relations, page_size: random.of([0, 1, 2]), with_total: true };
      return made("list", request, async (client) => {
        const first = await client.list(type.name, request);
        if (first.next_page_token === "") return first;
        return [first, await client.list(type.name, { ...request, page_token: first.next_page_token })];
      });
    }
    case 6:
    case 7:
    case 8: {
      const request = { key, details: detailsOf(random, type), validate_only: random.chance(0.5) };
      return made("create", request, (client) => client.create(type.name, request));
    }
    case 9:
    case 10: {
      const request = {
        key,
        details: detailsOf(random, type),
        update_mask: maskOf(random, type),
        allow_missing: random.chance(0.3),
      };
      return made("update", request, (client) => client.update(type.name, request));
    }
    case 5: {
      const request = {
        view,
        cascade: random.of([0, 1, 2]),
        allow_missing: random.chance(0.3),
        validate_only: random.chance(0.6),
      };
      return made("delete", { key, ...request }, (client) => client.delete(type.name, key, request));
    }
    case 4: {
      const whole = random.chance(0.3);
      const request = whole ? {} : { key: { key: archiveKey(type, key) }, include_root: random.chance(0.5) };
      return made("stream", request, async (client) => {
        const counts = await client.counts(whole ? undefined : archiveKey(type, key));
        const records: unknown[] = [];
        for await (const response of client.stream(request)) records.push(...response.records);
        return [counts, records];
      });
    }
    case 11: {
      const operations = Array.from({ length: 1 + random.below(3) }, () => operation(random, anyType()));
      return made("batch", operations, (client) => client.batchWrite({ operations }));
    }
    case 12:
    case 13: {
      const root = random.chance(0.4) ? undefined : archiveKey(type, key);
      const possible = root ? [type, ...type.relations] : recordTypes;
      const some = random.chance(0.5) ? [] : random.some(possible, 0.4);
      const about = { key: root && { key: root }, record_types: some.map(({ number }) => number) };
      const way = kind === 12 ? listChanges(random, about) : watchChanges(random, about, rights);
      return made(kind === 12 ? "changes" : "watch", way.request, way.send);
    }
    default: {
      const records = Array.from({ length: 1 + random.below(3) }, () => {
        const each = anyType();
        return archiveRecord(each, { key: keyOf(random, each), details: detailsOf(random, each), ...unsaid });
      });
      const options = { on_conflict: random.of([0, 1, 2, 3]), validate_only: random.chance(0.3) };
      return made("import", { options, records }, (client) => client.import([records], options));
    }
  }
}
