import { recordTypes } from "../records/record-type.js";
import { defineRoles, type Rights, type Role } from "./define-roles.js";

/** The same rights with every type of record. */
const all = (rights: Rights<"Run">): Role["may"] =>
  Object.fromEntries(recordTypes.map(({ name }) => [name, rights])) as Role["may"];

const inScope = { read: "scope", write: "scope", delete: "scope" } as const;
const own = { read: "own", write: "own", delete: "own" } as const;

/**
 * The roles that are built in; an access file may define others in the same form. Everything else follows from this
 * table: what a caller may do, what it sees, the table in docs/access.md, the tests' matrix.
 */
export const roles = defineRoles({
  administrator: {
    may: all({ read: "everywhere", write: "everywhere", delete: "everywhere" }),
    sees: ["personal", "infrastructure"],
  },
  // Participants belong to no collaboration, so an orchestrator has all of them; but it deletes only what is in its scope.
  orchestrator: {
    may: {
      ...all(inScope),
      Participant: { read: "everywhere", write: "everywhere", delete: "scope" },
      MLFlow: { read: "scope", write: "scope" },
    },
    sees: ["infrastructure"],
  },
  participant: {
    may: {
      Collaboration: { read: "scope" },
      Project: { read: "scope" },
      Experiment: { read: "scope" },
      Run: { read: "scope" },
      Model: { read: "scope" },
      Participant: { read: "self", write: "self" },
      Registration: own,
      Tag: own,
      Alignment: { read: "own" },
      Validation: { read: "own" },
      Prediction: { read: "own" },
    },
    sees: ["personal", "infrastructure"],
  },
  reader: { may: all({ read: "scope" }), sees: [] },
});
