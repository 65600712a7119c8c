import type { Node } from "yaml";
import type { RecordName } from "../records/hierarchy.js";
import { type Level, levels } from "../records/message-shape.js";
import { recordTypes } from "../records/record-type.js";
import { idFault } from "../records/validate-key.js";
import { type Reach, type Role, reaches, reachesAsFar, type Verb, verbs } from "./define-roles.js";
import type { Grant } from "./grant.js";
import type { YamlReader } from "./yaml-reader.js";

const recordNames = recordTypes.map(({ name }) => name);
/** The names that ids have in keys. */
export const idNames: readonly string[] = [...new Set(recordTypes.flatMap(({ key }) => key))];

/** Reads the roles that a file defines, beside those that are built in. */
export function readRoles(
  reader: YamlReader,
  node: Node | undefined,
  builtIn: Readonly<Record<string, Role>>,
): ReadonlyMap<string, Role> {
  const roles = new Map(Object.entries(builtIn));
  for (const { name, nameNode, value } of reader.map(node, "roles")) {
    if (Object.hasOwn(builtIn, name)) reader.fault(nameNode, `the role ${name} is built in: choose another name`);
    const { may, sees } = reader.fields(value, `the role ${name}`, ["may", "sees"]);
    roles.set(name, { may: readRights(reader, may, name), sees: readLevels(reader, sees) });
  }
  return roles;
}

function readRights(reader: YamlReader, node: Node | undefined, role: string): Role["may"] {
  const may: Partial<Record<RecordName, Partial<Record<Verb, Reach>>>> = {};
  for (const { name, nameNode, value } of reader.map(node, `may of the role ${role}`)) {
    const type = recordTypes.find((each) => each.name === name);
    if (!type) {
      reader.fault(nameNode, `there is no record type ${JSON.stringify(name.slice(0, 80))}: ${recordNames.join(", ")}`);
      continue;
    }
    const rights: Partial<Record<Verb, Reach>> = {};
    const given = reader.fields(value, `what the role ${role} may do with ${name}`, verbs);
    for (const verb of verbs) {
      const reach = reader.choice(given[verb], `${verb} of ${name}`, reaches);
      if (!reach) continue;
      if ((reach === "own" || reach === "self") && !type.key.includes("participant_id")) {
        reader.fault(given[verb], `${name} is no participant's: its key has no participant_id`);
      } else rights[verb] = reach;
    }
    // An answer shows the record, and an error tells whether it is there.
    const isBlind = [rights.write, rights.delete].some(
      (each) => each && !(rights.read && reachesAsFar(rights.read, each)),
    );
    if (isBlind) reader.fault(value, `who writes or deletes ${name} must be able to read all of it that this reaches`);
    may[type.name] = rights;
  }
  return may as Role["may"];
}

export const readLevels = (reader: YamlReader, node: Node | undefined): Level[] =>
  reader.list(node, "sees").flatMap((item) => reader.choice(item, "sees", levels) ?? []);

/** Reads a grant; undefined where that cannot be. */
export function readGrant(reader: YamlReader, node: Node, roles: ReadonlyMap<string, Role>): Grant | undefined {
  const fields = reader.fields(node, "a grant", ["role", "scope", "participant", "sees"]);
  const roleName = reader.text(fields.role, "role");
  if (!fields.role) return reader.fault(node, "a grant needs a role");
  const role = roleName === undefined ? undefined : roles.get(roleName);
  const participant = reader.text(fields.participant, "participant", idFault);
  const scope: Record<string, string> = {};
  for (const { name, nameNode, value } of reader.map(fields.scope, "scope")) {
    const id = reader.text(value, name, idFault);
    if (!idNames.includes(name)) reader.fault(nameNode, `scope has no ${name}: ${idNames.join(", ")}`);
    else if (id !== undefined) scope[name] = id;
  }
  const sees = readLevels(reader, fields.sees);
  if (roleName === undefined) return undefined;
  if (!role)
    return reader.fault(fields.role, `there is no role ${JSON.stringify(roleName)}: ${[...roles.keys()].join(", ")}`);
  return checkGrant({ roleName, role, scope, participant, sees }, fields.scope !== undefined, (message) =>
    reader.fault(node, message),
  );
}

/** Refuses a grant that does not say enough, or says what has no effect. */
export function checkGrant(grant: Grant, hasScope: boolean, fault: (message: string) => undefined): Grant | undefined {
  const used = new Set(Object.values(grant.role.may).flatMap((rights) => Object.values(rights)));
  const { roleName, participant, scope } = grant;
  const isOfParticipant = used.has("own") || used.has("self");
  if (isOfParticipant && participant === undefined) return fault(`the role ${roleName} needs a participant`);
  if (!isOfParticipant && participant !== undefined) return fault(`the role ${roleName} is no participant's`);
  if ((used.has("scope") || used.has("own")) && !hasScope) {
    return fault(`the role ${roleName} needs a scope: {} is everything`);
  }
  if (!used.has("scope") && !used.has("own") && Object.keys(scope).length > 0) {
    return fault(`the role ${roleName} is everywhere: it has no scope`);
  }
  return grant;
}
