import type { WhoAmIResponse } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { Principal } from "../access/principal.js";
import type { Caller } from "../records/caller.js";
import { levels } from "../records/message-shape.js";

/** Who asks, and what it is granted, by the form of the answer. */
export function whoAmI({ sight }: Caller): WhoAmIResponse {
  if (!(sight instanceof Principal)) return { principal: "", grants: [], expires_at: undefined };
  const { name, rights, expires } = sight;
  return {
    principal: name,
    grants: rights.grants.map(({ roleName, role, scope, participant, sees }) => ({
      role: roleName,
      scope: { ...scope },
      participant_id: participant ?? "",
      sees: levels.flatMap((level, index) => (role.sees.includes(level) || sees.includes(level) ? [index + 1] : [])),
    })),
    expires_at: expires === undefined ? undefined : { seconds: BigInt(Math.floor(expires / 1000)), nanos: 0 },
  };
}
