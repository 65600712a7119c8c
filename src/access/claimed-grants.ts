import { type Level, levels } from "../records/message-shape.js";
import { idFault } from "../records/validate-key.js";
import type { Role } from "./define-roles.js";
import type { Grant } from "./grant.js";
import { checkGrant, idNames } from "./read-grants.js";

/** The most grants of a token. */
const maxGrants = 64;

/** The grants of a token's claim, in the form that the file has; throws where one is not: none is passed over. */
export function claimedGrants(claim: unknown, roles: ReadonlyMap<string, Role>): readonly Grant[] {
  if (claim === undefined) return [];
  if (!Array.isArray(claim) || claim.length > maxGrants)
    throw new Error(`must be a list of at most ${maxGrants} grants`);
  return claim.map((item: unknown) => {
    const { role: roleName, scope, participant, sees = [], ...others } = asObject(item, "a grant");
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new Error(`a grant has no ${unknown}`);
    const role = typeof roleName === "string" ? roles.get(roleName) : undefined;
    if (typeof roleName !== "string" || !role) throw new Error("a grant has no role that there is");
    if (participant !== undefined && (typeof participant !== "string" || idFault(participant))) {
      throw new Error("participant is no id");
    }
    if (!Array.isArray(sees) || !sees.every((level): level is Level => levels.includes(level as Level))) {
      throw new Error(`sees must be a list of ${levels.join(", ")}`);
    }
    const ids = Object.entries(scope === undefined ? {} : asObject(scope, "scope")).map(([name, id]) => {
      if (!idNames.includes(name) || typeof id !== "string" || idFault(id)) throw new Error("scope is no partial key");
      return [name, id] as const;
    });
    const grant = { roleName, role, scope: Object.fromEntries(ids), participant, sees };
    const checked = checkGrant(grant, scope !== undefined, (message) => {
      throw new Error(message);
    });
    return checked ?? grant;
  });
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error(`${what} must be an object`);
}
