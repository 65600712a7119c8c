import type { Ids } from "../records/ids.js";
import type { Level } from "../records/message-shape.js";
import type { RecordType } from "../records/record-type.js";
import type { Reach, Role } from "./define-roles.js";

/** A role in a part of the archive, as an access file or a token grants it. */
export interface Grant {
  readonly roleName: string;
  readonly role: Role;
  /** A partial key, by the names that most keys have; {} is everything. */
  readonly scope: Ids;
  /** Which participant the caller is, for what a role has as "own" or "self". */
  readonly participant: string | undefined;
  /** Sensitive fields that it shows beyond those that the role does. */
  readonly sees: readonly Level[];
}

/** The names that ids of a scope have in the keys of single types. */
const otherNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  MLFlow: { collab_id: "collaboration", project_id: "project" },
};

/** The partial key of the records of a type that a reach of a grant is about; undefined if there are none. */
export function reachedBy({ scope, participant }: Grant, reach: Reach, type: RecordType): Ids | undefined {
  if (reach === "everywhere") return {};
  const self = participant === undefined ? undefined : { participant_id: participant };
  if (reach === "self") return self;
  const part: Record<string, string> = {};
  for (const [field, id] of Object.entries(scope)) {
    const name = otherNames[type.name]?.[field] ?? field;
    // A record is not in a part of the archive that its key does not tell.
    if (!type.key.includes(name)) return undefined;
    part[name] = id;
  }
  if (reach === "scope") return part;
  if (!self || (part.participant_id !== undefined && part.participant_id !== participant)) return undefined;
  return { ...part, ...self };
}
