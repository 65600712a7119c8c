import type { RecordName } from "../../src/records/record-type.js";

// What the roles may do, said again from the contract's words, and from nothing of the implementation.

type Key = Readonly<Record<string, string>>;
type Verb = "read" | "write" | "delete";

export interface Asker {
  readonly role: "administrator" | "orchestrator" | "participant" | "reader" | "nobody";
  readonly collab?: string;
  readonly participant?: string;
}

const collabOf = (name: RecordName, key: Key) => (name === "MLFlow" ? key.collaboration : key.collab_id);

export function may({ role, collab, participant }: Asker, verb: Verb, name: RecordName, key: Key): boolean {
  if (role === "administrator") return true;
  if (role === "nobody") return false;
  const inScope = collab === undefined || collabOf(name, key) === collab;
  if (role === "reader") return verb === "read" && inScope;
  if (role === "orchestrator") {
    if (name === "Participant") return verb !== "delete" || collab === undefined;
    if (name === "MLFlow" && verb === "delete") return false;
    return inScope;
  }
  const isOwn = key.participant_id === participant;
  switch (name) {
    case "Collaboration":
    case "Project":
    case "Experiment":
    case "Run":
    case "Model":
      return verb === "read" && inScope;
    case "Participant":
      return verb !== "delete" && isOwn;
    case "Registration":
    case "Tag":
      return inScope && isOwn;
    case "MLFlow":
      return false;
    default:
      return verb === "read" && inScope && isOwn;
  }
}

/** The paths of a record with the details of the tests' payloads that are not shown. */
export function hiddenPaths({ role }: Asker, name: RecordName): readonly string[] {
  const personal = name === "Participant" ? ["phone", "email", "socials", "attributes"] : [];
  if (role === "orchestrator") return personal;
  if (role !== "reader") return [];
  return name === "Collaboration" ? ["attributes"] : personal;
}
