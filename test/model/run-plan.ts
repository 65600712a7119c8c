import { setTimeout as delay } from "node:timers/promises";
import type { Ids } from "../../src/records/ids.js";
import type { ArchiveClient } from "../support/client.js";
import { idOf, type Write } from "./hierarchy-model.js";
import type { History, MadeCall } from "./history.js";
import { type Observation, observe } from "./observe.js";
import type { DrawnWrite } from "./operations.js";
import type { Deed, Plan, PlannedDeed } from "./plans.js";
import type { SingleCall } from "./single-call.js";

/** As many pages are walked at the most: what is created meanwhile makes more of them. */
const maxPages = 8;

/** So many numbers has each call for its writes: more than a batch has of them. */
const numbersOfCall = 100;

const neverAnEtag = "0000000000000000";

/** Clients that do what a plan says, all at once, below a collaboration and with participants of their own. */
export class PlanRun {
  readonly #calls: MadeCall[] = [];
  readonly #etags = new Map<string, number>();
  /** The etag that each record was last seen to be written with. */
  readonly #latest = new Map<string, string>();
  #clock = 0;
  #numbers = 0;
  /** The milliseconds that the longest call took. */
  longest = 0;

  constructor(
    /** Copies of the service: each client has one of them. */
    private readonly copies: readonly ArchiveClient[],
    /** What the collaboration and the participants have their names from. */
    private readonly mark: string,
  ) {}

  /** Resolves to all that was done, the tables as they are in the end included. */
  async done({ before, clients }: Plan): Promise<History> {
    if (before.length > 0) await this.#do("first", { kind: "batch", writes: before }, this.#copy(0), undefined);
    await Promise.all(clients.map((deeds, index) => this.#client(`client ${index + 1}`, deeds, this.#copy(index))));
    for (const [index, deed] of this.#everything().entries()) await this.#read(deed, this.#copy(index));
    return { calls: this.#calls, etags: this.#etags };
  }

  async #client(name: string, deeds: readonly PlannedDeed[], copy: ArchiveClient): Promise<void> {
    for (const { deed, patience } of deeds) await this.#do(name, deed, copy, patience);
  }

  async #do(name: string, deed: Deed, copy: ArchiveClient, patience: number | undefined): Promise<void> {
    if (deed.kind !== "walk") {
      await this.#make(name, this.#resolved(deed), copy, "", patience);
      return;
    }
    const { type, size } = deed;
    let after: Ids | undefined;
    let token = "";
    for (let page = 0; page < maxPages; page++) {
      const filter = this.#own(deed.filter);
      const call = { kind: "page" as const, type, filter, prefix: this.#prefix(type), size, after };
      const observed = await this.#make(name, call, copy, token, patience);
      after = observed?.answer.entries?.at(-1)?.ids;
      token = observed?.token ?? "";
      if (token === "") return;
    }
  }

  /** Every record that the run can have made. */
  #everything(): SingleCall[] {
    const page = { kind: "page" as const, size: 1000, after: undefined };
    return [
      { kind: "stream", type: "Collaboration", ids: this.#own({ collab_id: "a" }) },
      { ...page, type: "Participant", filter: {}, prefix: this.#prefix("Participant") },
      { ...page, type: "MLFlow", filter: this.#own({ collaboration: "a" }), prefix: "" },
    ];
  }

  /** Reads until there is an answer. */
  async #read(call: SingleCall, copy: ArchiveClient): Promise<void> {
    while (!(await this.#make("tables", call, copy, "", undefined))) await delay(50);
  }

  async #make(
    client: string,
    call: SingleCall,
    copy: ArchiveClient,
    token: string,
    patience: number | undefined,
  ): Promise<Observation | undefined> {
    const number = ++this.#numbers * numbersOfCall;
    const called = ++this.#clock;
    const began = performance.now();
    const options = patience === undefined ? {} : { deadline: patience };
    const observed = await observe(call, { client: copy, token, options, etagOf: (write) => this.#etagOf(write) });
    this.longest = Math.max(this.longest, performance.now() - began);
    const returned = ++this.#clock;
    if (observed === "nothing done") return undefined;
    if (observed === "unknown") {
      this.#calls.push({ client, call, number, called, returned: Number.POSITIVE_INFINITY, answer: undefined });
      return undefined;
    }
    this.#calls.push({ client, call, number, called, returned, answer: observed.answer });
    this.#learn(number, observed);
    return observed;
  }

  /** Takes down which of the service's etags is which of the model's. */
  #learn(number: number, { written = [] }: Observation): void {
    for (const [index, entry] of written.entries()) {
      if (!entry) continue;
      this.#etags.set(entry.etag, number + index);
      this.#latest.set(idOf(entry.type, entry.ids), entry.etag);
    }
  }

  #copy(index: number): ArchiveClient {
    return this.copies[index % this.copies.length] as ArchiveClient;
  }

  /** A deed with ids of this run, and with the etags that it chose. */
  #resolved(deed: Exclude<Deed, { kind: "walk" }>): SingleCall {
    if (deed.kind === "write") return { ...deed, write: this.#write(deed.write) };
    if (deed.kind === "batch") return { ...deed, writes: deed.writes.map((write) => this.#write(write)) };
    return { ...deed, ids: this.#own(deed.ids) };
  }

  #write({ choice, ...drawn }: DrawnWrite): Write {
    const own = { ...drawn, ids: this.#own(drawn.ids) };
    if (own.verb === "create" || choice === "none") return own;
    const latest = this.#etags.get(this.#latest.get(idOf(own.type, own.ids)) ?? "");
    return { ...own, etag: choice === "current" && latest !== undefined ? latest : -1 };
  }

  #etagOf(write: Write): string {
    if (write.verb === "create" || write.etag === undefined) return "";
    const [etag] = [...this.#etags].find(([, number]) => number === write.etag) ?? [];
    return etag ?? neverAnEtag;
  }

  /** The last id's beginning, where it is all that tells the run's records from others. */
  #prefix(type: string): string {
    return type === "Participant" ? this.mark : "";
  }

  #own(ids: Ids): Ids {
    return Object.fromEntries(
      Object.entries(ids).map(([field, id]) => [field, marked.includes(field) ? `${this.mark} ${id}` : id]),
    );
  }
}

/** The ids that no other run has. */
const marked = ["collab_id", "collaboration", "participant_id"];
