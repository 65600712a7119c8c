import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import { authorize, type Question } from "./authorize.js";
import type { Verb } from "./define-roles.js";
import { type Grant, reachedBy } from "./grant.js";
import { Principal } from "./principal.js";
import type { ListedPrincipal } from "./read-access-file.js";
import { Rights } from "./rights.js";

/** Whether a principal may do something, and why. */
export interface Explanation {
  readonly allowed: boolean;
  /** Of each grant what it lacks for it; nothing where it allows it. */
  readonly grants: readonly { readonly grant: Grant; readonly lacks: string | undefined }[];
  /** What else it needs and lacks, or may not do beside. */
  readonly notes: readonly string[];
}

/** Answers as the server would, from the same rights. A key that is not whole asks for a list. */
export function explain({ name, rights }: ListedPrincipal, verb: Verb, type: RecordType, key: Ids): Explanation {
  const isList = type.key.some((field) => key[field] === undefined);
  const principal = new Principal(name, rights, undefined);
  const may = (question: Question) => isAllowed(principal, question);
  const grants = rights.grants.map((grant) => ({ grant, lacks: lackOf(grant, verb, type, key, isList) }));
  if (verb === "read") return { allowed: may({ verb: isList ? "list" : "read", type, key }), grants, notes: [] };
  if (verb === "delete") {
    const allowed = may({ verb, type, key });
    const isDeletion = rights.may(verb, type, key) && !allowed;
    return { allowed, grants, notes: isDeletion ? [unseenText(rights, type, key)] : [] };
  }
  const allowed = may({ verb, type, key, creates: false });
  const unseen = type.parents.filter((parent) => !rights.may("read", parent, key)).map((parent) => parent.name);
  const onlyChanges = allowed && !may({ verb, type, key, creates: true });
  return {
    allowed,
    grants,
    notes: onlyChanges ? [`may change it, not create it: cannot read ${unseen.join(", ")}`] : [],
  };
}

function isAllowed(principal: Principal, question: Question): boolean {
  try {
    authorize(principal, [question]);
    return true;
  } catch {
    return false;
  }
}

/** What goes with a record when it is deleted, and may be hidden. */
function unseenText(rights: Rights, type: RecordType, key: Ids): string {
  const unseen = [type, ...type.relations].filter((each) => !rights.seesAll(each, type, key)).map(({ name }) => name);
  return `may delete it, but not what goes with it: cannot read every ${unseen.join(", ")} there may be below it`;
}

function lackOf(grant: Grant, verb: Verb, type: RecordType, key: Ids, isList: boolean): string | undefined {
  const alone = new Rights([grant]);
  if (isList ? alone.mayList(type, key) : alone.may(verb, type, key)) return undefined;
  const { roleName, role, scope } = grant;
  const reach = role.may[type.name]?.[verb];
  if (!reach) return `the role ${roleName} may not ${verb} ${type.name}`;
  const part = reachedBy(grant, reach, type);
  if (part) return `is about ${placeText(part)}`;
  const foreign = Object.keys(scope).filter((field) => !type.key.includes(field));
  if (foreign.length > 0) return `the key of ${type.name} has no ${foreign.join(", ")}: it is in no such scope`;
  return "its scope is another participant's";
}

const placeText = (part: Ids) =>
  Object.entries(part)
    .map(([field, id]) => `${field}=${id}`)
    .join(" ");
