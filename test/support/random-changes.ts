import type {
  Change,
  ListChangesRequest,
  WatchRequest,
  WatchResponse,
} from "../../generated/ts/synergos/archive/v1/change.js";
import type { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Rights } from "../../src/access/rights.js";
import type { Ids } from "../../src/records/ids.js";
import { type RecordType, recordTypeOfField } from "../../src/records/record-type.js";
import { type ArchiveClient, CallError } from "./client.js";
import { Random } from "./random.js";
import { Cascade } from "./records.js";
import { allItems, detailsIn, type Item, type World } from "./two-worlds.js";

type About = Pick<WatchRequest, "key" | "record_types">;

/** A way to ask, with what is said of it where it fails. */
interface Way {
  readonly request: object;
  send(client: ArchiveClient, world: World): Promise<unknown>;
}

/** A change without what is given by chance, and without revisions: these have gaps, as others write too. */
const steady = ({ kind, key, previous_etag, deleted, principal, record }: Change) => ({
  kind,
  key,
  isFirst: previous_etag === "",
  deleted,
  principal,
  record,
});

/** The first pages of the history of something. */
export function listChanges(random: Random, about: About): Way {
  const request: Partial<ListChangesRequest> = {
    ...about,
    kinds: random.chance(0.6) ? [] : random.some([1, 2, 3], 0.5),
    principal: random.of([undefined, undefined, "administrator", "orchestrator"]),
    order: random.of([0, 1, 2]),
    page_size: random.of([1, 3, 100]),
  };
  return {
    request,
    async send(client, { since }) {
      const start_time = { seconds: BigInt(Math.floor(since.getTime() / 1000)), nanos: since.getMilliseconds() * 1e6 };
      const pages: unknown[] = [];
      let page_token = "";
      for (let count = 0; count < 4; count++) {
        const page = await client.listChanges({ ...request, start_time, page_token });
        page_token = page.next_page_token;
        pages.push([page.changes.map(steady), page_token !== ""]);
        if (page_token === "") break;
      }
      return pages;
    },
  };
}

/**
 * A watch from what there is on, and another that goes on from there. Meanwhile each world has changes of its own that the
 * caller may not see, and both have the same of what it may.
 */
export function watchChanges(random: Random, about: About, rights: Rights): Way {
  const seed = String(random.below(2 ** 31));
  return {
    request: { ...about, seed },
    async send(client, world) {
      const [same, own] = [new Random(seed), new Random(`${seed} ${world.index}`)];
      const watch = client.watch({ ...about, start: { $case: "include_existing", value: true } });
      const existing: ArchiveRecord[] = [];
      let message: WatchResponse;
      do {
        message = (await watch.next()).value as WatchResponse;
        existing.push(...message.existing);
      } while (!message.existing_complete);
      const items = existing.map(itemOf);
      await changeUnseen(world, rights, own);
      const last = items.length > 0 ? same.of(items) : undefined;
      if (!last) {
        await watch.return(undefined);
        return existing;
      }
      const update = (item: Item) =>
        world.administrator.update(item.type.name, {
          key: item.key,
          details: detailsIn(world.index, rights, item, own),
        });
      const gone = same.of(items);
      // A change comes with the record as it is when it is sent: what is deleted soon after may still be there or not.
      for (const item of same.some(items, 0.3)) if (!goesAlong(item, gone)) await update(item);
      if (same.chance(0.5) && !goesAlong(last, gone)) await world.administrator.delete(gone.type.name, gone.key);
      await changeUnseen(world, rights, own);
      const { etag } = await update(last);
      const resumed = client.watch({ ...about, start: { $case: "resume_token", value: message.resume_token } });
      return [existing, await changesUntil(etag, watch), await changesUntil(etag, resumed)];
    },
  };
}

function itemOf({ record }: ArchiveRecord): Item {
  const shown = record?.value as { readonly key?: unknown } | undefined;
  return { type: recordTypeOfField(record?.$case ?? "") as RecordType, key: shown?.key as Ids };
}

/** Whether a record goes when another does. */
const goesAlong = ({ type, key }: Item, other: Item): boolean =>
  [other.type, ...other.type.relations].includes(type) &&
  other.type.key.every((field) => key[field] === other.key[field]);

/** Changes some of what somebody may not see; nothing that it may goes along. */
async function changeUnseen({ administrator, index }: World, rights: Rights, random: Random): Promise<void> {
  const unseen = allItems.filter(({ type, key }) => !rights.may("read", type, key));
  for (let count = 0; count < 4 && unseen.length > 0; count++) {
    const item = random.of(unseen);
    const { type, key } = item;
    const details = detailsIn(index, rights, item, random);
    const write = random.of([
      () => administrator.create(type.name, { key, details }),
      () => administrator.update(type.name, { key, details }),
      () => administrator.delete(type.name, key, { cascade: Cascade.CASCADE_RESTRICT }),
    ]);
    await write().catch((error: unknown) => {
      if (!(error instanceof CallError)) throw error;
    });
  }
}

/** The changes that a watch tells of, up to one. */
async function changesUntil(etag: string, watch: ReturnType<ArchiveClient["watch"]>): Promise<unknown[]> {
  const changes: Change[] = [];
  for await (const message of watch) {
    changes.push(...message.changes);
    if (changes.some((change) => change.etag === etag)) break;
  }
  // A later message may have come with it.
  const end = changes.findIndex((change) => change.etag === etag);
  return changes.slice(0, end + 1).map(steady);
}
