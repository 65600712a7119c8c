import { recordType } from "../../src/records/record-type.js";
import { type ArchiveClient, CallError } from "./client.js";
import { details, ids, type Key, keyOf, someDetails, View } from "./records.js";

/** What came of all writes. */
export interface Tally {
  /** Writes that were acknowledged. */
  acknowledged: number;
  /** The longest time without one, in milliseconds. */
  stall: number;
  /** The longest call, however it ended, in milliseconds. */
  longest: number;
  /** Errors that no client may see here, and how many of them. */
  readonly unexpected: Map<string, number>;
}

interface Attempt {
  readonly project: string;
  readonly began: number;
  readonly ended: number;
  readonly acknowledged: boolean;
}

const retriable = new Set(["DATABASE_UNAVAILABLE", "CONFLICT", "DEADLINE_EXCEEDED"]);

/** What a create may meet where others delete the records above it, and the other way round. */
const inRace = new Set(["ALREADY_EXISTS", "PARENT_NOT_FOUND", "RECORD_NOT_FOUND"]);

/**
 * Creators and deleters who call copies of the service at random: runs of one project are only created, those of the
 * others lie where whole projects are deleted. Each run has an id of its own and is tried to be created once.
 */
export class ClusterLoad {
  readonly tally: Tally = { acknowledged: 0, stall: 0, longest: 0, unexpected: new Map() };
  readonly #creates = new Map<string, Attempt>();
  readonly #deletes: Attempt[] = [];
  /** How often each run was answered as deleted. */
  readonly #deleted = new Map<string, number>();
  #doubled = 0;
  #last = performance.now();
  #isOver = false;
  #working: Promise<unknown> = Promise.resolve();

  constructor(private readonly copies: readonly ArchiveClient[]) {}

  async begin(creators = 6, deleters = 2): Promise<void> {
    await this.#ensure("kept");
    this.#last = performance.now();
    this.#working = Promise.all([
      ...Array.from({ length: creators }, (_, index) => this.#loop((turn) => this.#create(`${index} ${turn}`, turn))),
      ...Array.from({ length: deleters }, () => this.#loop((turn) => this.#delete(`contested ${turn % 2}`))),
    ]);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#working;
  }

  /** What is not as it was answered, by the runs that are there: ids of runs that are lost, and how many are doubled. */
  verdict(found: ReadonlySet<string>): { lost: string[]; doubled: number } {
    const lost = [...this.#creates].filter(([id, { acknowledged, project, began }]) => {
      if (!acknowledged || found.has(id) || this.#deleted.has(id)) return false;
      // Who deletes and is not answered may have deleted it all the same.
      return !this.#deletes.some((other) => other.project === project && !other.acknowledged && began < other.ended);
    });
    const twice = [...this.#deleted].filter(([id, times]) => times > 1 || found.has(id));
    return { lost: lost.map(([id]) => id), doubled: this.#doubled + twice.length };
  }

  async #loop(work: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) await work(turn);
  }

  #copy(): ArchiveClient {
    return this.copies[Math.floor(Math.random() * this.copies.length)] as ArchiveClient;
  }

  async #create(id: string, turn: number): Promise<void> {
    const project = turn % 3 === 0 ? "kept" : `contested ${turn % 2}`;
    if (project !== "kept") await this.#ensure(project);
    const began = performance.now();
    const key: Key = { ...keyOf(recordType("Run"), { ...ids("1"), project_id: project }), run_id: id };
    const error = await this.#outcome(
      this.#copy().create("Run", { key, details: details("Run", {}) }, { deadline: 10_000 }),
    );
    // Nobody else creates it.
    if (error === "ALREADY_EXISTS") this.#doubled++;
    const mayMiss = project !== "kept" && error === "PARENT_NOT_FOUND";
    if (error && !retriable.has(error) && !mayMiss) this.#unexpected(`create in ${project}: ${error}`);
    this.#creates.set(id, { project, began, ended: performance.now(), acknowledged: !error });
  }

  async #delete(project: string): Promise<void> {
    const began = performance.now();
    const key = keyOf(recordType("Project"), { ...ids("1"), project_id: project });
    let runs: { key: Key }[] = [];
    const call = this.#copy().delete("Project", key, { view: View.VIEW_FULL }, { deadline: 10_000 });
    const error = await this.#outcome(
      call.then(({ record }) => {
        runs = (record?.relations?.[recordType("Run").plural] ?? []) as { key: Key }[];
      }),
    );
    for (const { key } of runs) {
      const id = String(key.run_id);
      this.#deleted.set(id, (this.#deleted.get(id) ?? 0) + 1);
    }
    if (error && !retriable.has(error) && error !== "RECORD_NOT_FOUND") this.#unexpected(`delete: ${error}`);
    const isSure = !error || error === "RECORD_NOT_FOUND";
    this.#deletes.push({ project, began, ended: performance.now(), acknowledged: isSure });
  }

  /** Sees that a project is there, and an experiment in it. */
  async #ensure(project: string): Promise<void> {
    for (const name of ["Collaboration", "Project", "Experiment"] as const) {
      const key = keyOf(recordType(name), { ...ids("1"), project_id: project });
      const request = { key, details: someDetails(name), allow_missing: true };
      const error = await this.#outcome(this.#copy().update(name, request, { deadline: 10_000 }));
      if (error && !retriable.has(error) && !inRace.has(error)) this.#unexpected(`update: ${error}`);
    }
  }

  /** How a write ended: undefined if well. */
  async #outcome(write: Promise<unknown>): Promise<string | undefined> {
    const began = performance.now();
    try {
      await write;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      return error.reason === "RECORD_EXISTS" ? "ALREADY_EXISTS" : (error.reason ?? error.code);
    } finally {
      this.tally.longest = Math.max(this.tally.longest, performance.now() - began);
    }
    const now = performance.now();
    this.tally.acknowledged++;
    this.tally.stall = Math.max(this.tally.stall, now - this.#last);
    this.#last = now;
    return undefined;
  }

  #unexpected(what: string): void {
    this.tally.unexpected.set(what, (this.tally.unexpected.get(what) ?? 0) + 1);
  }
}
