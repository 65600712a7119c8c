import type { Payload, PayloadValue } from "../../src/records/payload.js";
import { type RecordName, recordType, recordTypes } from "../../src/records/record-type.js";
import { keyOf, payloads } from "./records.js";

/** A file as the predecessor wrote it, and what an import of it must refuse: the reasons, by document. */
export interface TinyDbFile {
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, string>>;
}

const collaborationSize = 1000;

/** Writes JSON as Python does: 2 and 2.0 apart, and NaN and the infinities as bare tokens. */
export function pythonJson(value: PayloadValue, indent = ""): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value) || !Number.isInteger(value)) return String(value);
    return Object.is(value, -0) ? "-0.0" : Math.abs(value) < 1e16 ? value.toFixed(1) : value.toExponential();
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => inner + pythonJson(item, inner))
    : Object.entries(value).map(([name, item]) => `${inner}${JSON.stringify(name)}: ${pythonJson(item, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  return items.length === 0 ? `${open}${close}` : `${open}\n${items.join(",\n")}\n${indent}${close}`;
}

/** A file of about so many records: all types, and among them orphans, invalid ones, NaN and an older layout. */
export function tinyDbFile(size: number): TinyDbFile {
  const tables: Record<string, Payload> = { _default: {} };
  const refused: Record<string, string> = {};
  let number = 0;
  let second = 0;
  const add = (name: RecordName, grid: Record<string, string>, payload: Payload, reason?: string) => {
    const type = recordType(name);
    number++;
    const time = new Date(1_600_000_000_000 + 1000 * second++).toISOString();
    const hex = number.toString(16).padStart(8, "0");
    const links = type.links.map(({ link, type: owner }) => {
      const own = owner === type ? `${hex}` : `${grid[owner.field]}`;
      return [link, own.padEnd(32, "0")] as const;
    });
    tables[name] ??= {};
    (tables[name] as Payload)[String(number)] = {
      created_at: `{TinyDate}:${time.slice(0, 10)} ${time.slice(11, 19)} ${number % 2 ? "N" : "A"}`,
      key: { ...keyOf(type, grid) },
      ...(links.length > 0 ? { link: Object.fromEntries(links) } : {}),
      ...payload,
    };
    if (reason) refused[`${name} ${number}`] = reason;
    return hex;
  };
  const payload = (name: RecordName, index: number): Payload => {
    const all = payloads(recordType(name));
    return all[index % all.length] as Payload;
  };
  const cache = new Map<string, Payload[]>();
  const some = (name: RecordName, index: number): Payload => {
    const all = cache.get(name) ?? payloads(recordType(name));
    cache.set(name, all);
    return all[index % all.length] ?? payload(name, 0);
  };
  const participants = ["worker_1", "worker_2", "wörker/3", "worker 4", "worker%5"];
  for (const [index, participant_id] of participants.entries()) {
    const older = { host: "172.20.0.4", port: 8020n, f_port: 5000n, log_msgs: true, verbose: false };
    add("Participant", { participant_id }, { ...(index % 2 ? older : some("Participant", index)), id: participant_id });
  }
  for (let c = 0; c < Math.max(1, Math.round(size / collaborationSize)); c++) {
    const ofCollab = { collab_id: `collab_${c}` };
    const older = {
      catalogue_host: "172.20.0.9",
      catalogue_port: 80n,
      logger_ports: { ttp: 1n },
      uptime: "{TinyDelta}:1.3600",
    };
    add("Collaboration", ofCollab, c % 2 ? some("Collaboration", c) : older);
    for (let p = 0; p < 2; p++) {
      const ofProject = { ...ofCollab, project_id: `project_${p}` };
      add("Project", ofProject, { ...some("Project", 0), start_at: "{TinyDate}:2021-04-01 19:33:40 N" });
      for (const participant_id of participants) {
        const grid = { ...ofProject, participant_id };
        const { n_count: _, ...withoutCount } = some("Registration", p);
        const registration = add("Registration", grid, p === 0 ? withoutCount : some("Registration", p));
        const tag = add("Tag", { ...grid, registration }, some("Tag", p));
        add("Alignment", { ...grid, registration, tag }, some("Alignment", p));
      }
      for (let e = 0; e < 4; e++) {
        const ofExperiment = { ...ofProject, expt_id: `expt_${e}` };
        add("Experiment", ofExperiment, some("Experiment", 0));
        add(
          "MLFlow",
          { collaboration: ofCollab.collab_id, project: `project_${p}`, record: `e_${e}`, name: `n_${e}` },
          {
            mlflow_type: "experiment",
            mlflow_id: String(e),
            mlflow_uri: "/mlflow",
          },
        );
        for (let r = 0; r < 12; r++) {
          const grid = { ...ofExperiment, run_id: `run_${r}` };
          add("Run", grid, some("Run", r));
          add("Model", grid, some("Model", r));
          for (const [index, participant_id] of participants.slice(0, 4).entries()) {
            const scores = {
              statistics: { R2: Number.NaN, MSE: Infinity, MAE: 0.5, count: 3n, all: [1, -0, Number.NaN] },
            };
            const payload = index ? some("Validation", r) : { evaluate: { ...scores, res_path: "/x" } };
            add("Validation", { ...grid, participant_id }, payload);
            add("Prediction", { ...grid, participant_id }, some("Prediction", r));
          }
        }
        add("Run", { ...ofExperiment, run_id: "invalid" }, { epochs: "ten" }, "INVALID_FIELD");
        add("Run", { ...ofExperiment, run_id: "deep" }, { extra: [Number.NaN] }, "INVALID_FIELD");
        add("Run", { ...ofExperiment, expt_id: "gone", run_id: "orphan" }, {}, "PARENT_NOT_FOUND");
      }
    }
  }
  const names = Object.keys(tables).sort();
  return {
    text: pythonJson(Object.fromEntries(names.map((name) => [name, tables[name] as Payload]))),
    counts: Object.fromEntries(recordTypes.map(({ name }) => [name, Object.keys(tables[name] ?? {}).length])),
    refused,
  };
}
