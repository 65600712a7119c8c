import type { Message } from "../../src/records/message-shape.js";
import type { RecordName } from "../../src/records/record-type.js";
import { someDetails } from "../support/records.js";
import type { Values } from "./hierarchy-model.js";

/** Where the details of a type hold the model's values: in an open message, or in what a closed one has instead. */
const places: Readonly<Record<string, readonly string[]>> = {
  Registration: ["nodes", "node_0", "attributes"],
  Model: ["global", "attributes"],
};

/** Valid details of each type, to which the values are added: read once, as there are many records. */
const valid = new Map<string, Message>();

const placeOf = (name: string) => places[name] ?? ["attributes"];

/** The path of a value in a mask. */
export const maskPath = (name: string, value: "a" | "b"): string => [...placeOf(name), value].join(".");

/** The details that hold the model's values. */
export function detailsOf(name: string, held: Values): Message {
  const some = valid.get(name) ?? someDetails(name as RecordName);
  valid.set(name, some);
  if (name === "MLFlow") return { ...some, mlflow_id: `${held.a ?? ""}/${held.b ?? ""}` };
  return withAt(some, placeOf(name), { ...held });
}

/** A message that has a value at a path, there also where it is empty, as when a mask has cleared its last value. */
function withAt(message: Message, [step = "", ...below]: readonly string[], value: unknown): Message {
  return { ...message, [step]: below.length === 0 ? value : withAt(message[step] as Message, below, value) };
}

/** The model's values, out of details. */
export function valuesOf(name: string, details: Message): Values {
  if (name === "MLFlow") {
    const [a, b] = String(details.mlflow_id).split("/");
    return { ...(a ? { a: Number(a) } : {}), ...(b ? { b: Number(b) } : {}) };
  }
  let held: unknown = details;
  for (const step of placeOf(name)) held = (held as Message | undefined)?.[step];
  return { ...(held as Values | undefined) };
}
