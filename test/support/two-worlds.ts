import { OnConflict } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { Rights } from "../../src/access/rights.js";
import { archiveRecord, detailsShape } from "../../src/archive/record-message.js";
import type { Ids } from "../../src/records/ids.js";
import type { Message } from "../../src/records/message-shape.js";
import { type RecordType, recordTypes } from "../../src/records/record-type.js";
import { unsaid } from "../../src/records/unsaid.js";
import type { ArchiveClient } from "./client.js";
import type { Random } from "./random.js";
import { someDetails } from "./records.js";

/** Few ids, so that requests meet records. */
export const universe: Readonly<Record<string, readonly string[]>> = {
  collab_id: ["c0", "c1"],
  project_id: ["j0", "j1"],
  expt_id: ["e0"],
  run_id: ["r0", "r1"],
  participant_id: ["p0", "p1"],
  collaboration: ["c0", "c1"],
  project: ["j0"],
  record: ["e0"],
  name: ["n0", "n1"],
};

/** All keys of a type. */
export const keysOf = (type: RecordType): Ids[] =>
  type.key.reduce<Ids[]>(
    (keys, field) => keys.flatMap((key) => (universe[field] ?? []).map((id) => ({ ...key, [field]: id }))),
    [{}],
  );

/** One of two archives, for who may do everything there. */
export interface World {
  readonly index: number;
  readonly administrator: ArchiveClient;
  /** From when on its history is like the other's; before, somebody else was asked. */
  readonly since: Date;
}

export interface Item {
  readonly type: RecordType;
  readonly key: Ids;
}

/** All that there can be. */
export const allItems: readonly Item[] = recordTypes.flatMap((type) => keysOf(type).map((key) => ({ type, key })));

const textOf = (type: RecordType, key: Ids) => `${type.name} ${type.key.map((field) => key[field]).join("/")}`;

/** Details of a type, with sensitive fields, and others, that tell worlds apart. */
export function markedDetails(type: RecordType, mark: string, plain: string): Message {
  const details = { ...someDetails(type.name) };
  if (type.name === "Participant") {
    const socials = mark.endsWith("0") ? undefined : { net: mark };
    return {
      ...details,
      summary: plain,
      phone: mark,
      email: `${mark}@example.org`,
      socials,
      attributes: { secret: mark },
    };
  }
  if (type.name === "Collaboration") {
    const component = { secure: true, ports: { main: mark.length }, host: mark, attributes: { mark } };
    const meter = plain.startsWith("world0") ? undefined : { secure: true };
    return { ...details, meter, catalogue: component, logs: component, attributes: { mq_host: mark } };
  }
  if (type.name === "Registration") {
    const node = { host: mark, port: mark.length, f_port: 1, log_msgs: true, attributes: { mark } };
    return { ...details, nodes: { node_0: node, node_1: node } };
  }
  const isOpen = detailsShape(type).byName.get("attributes")?.level === undefined;
  return isOpen && detailsShape(type).byName.has("attributes") ? { ...details, attributes: { plain } } : details;
}

/** Details of a record in one of two worlds: the same in both as far as some rights show them, and else by chance. */
export function detailsIn(world: number, rights: Rights, { type, key }: Item, random: Random): Message {
  const mark = `world${world}-${random.below(10)}`;
  const same = textOf(type, key);
  const isSeen = rights.may("read", type, key);
  const hides = rights.hidden(type, key)?.has(type.name === "Participant" ? "personal" : "infrastructure");
  return markedDetails(type, isSeen && !hides ? same : mark, isSeen ? same : mark);
}

/** Fills two archives anew: alike in what some rights show, and each by chance in all else. */
export async function fillWorlds(
  administrators: readonly ArchiveClient[],
  rights: Rights,
  random: Random,
): Promise<void> {
  const shared = new Set<string>();
  // What is seen, and all above it, is there in both: little at times, so that there are gaps above what is written.
  for (const { type, key } of random.some(allItems, random.of([0.05, 0.2, 0.5]))) {
    if (!rights.may("read", type, key)) continue;
    shared.add(textOf(type, key));
    for (const ancestor of type.ancestors) shared.add(textOf(ancestor, key));
  }
  for (const [index, administrator] of administrators.entries()) {
    const present = new Set<string>();
    const records = allItems.flatMap(({ type, key }) => {
      const text = textOf(type, key);
      const isSeen = rights.may("read", type, key);
      const hasParents = type.parents.every((parent) => present.has(textOf(parent, key)));
      if (!shared.has(text) && (isSeen || !hasParents || !random.chance(index === 0 ? 0.8 : 0.2))) return [];
      present.add(text);
      const details = detailsIn(index, rights, { type, key }, random);
      return [archiveRecord(type, { key, details, ...unsaid })];
    });
    for (const type of recordTypes.filter(({ parents }) => parents.length === 0)) {
      for (const key of keysOf(type)) await administrator.delete(type.name, key, { allow_missing: true });
    }
    const { refusals } = await administrator.import([records], { on_conflict: OnConflict.ON_CONFLICT_REPLACE });
    if (refusals.length > 0) throw new Error(refusals[0]?.message);
  }
}
