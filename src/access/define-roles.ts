import type { RecordKey, RecordName } from "../records/hierarchy.js";
import type { Level } from "../records/message-shape.js";

/** What can be done with records. Who writes or deletes a record may read it, too. */
export const verbs = ["read", "write", "delete"] as const;
export type Verb = (typeof verbs)[number];

/**
 * Which records of a type a role is about: those in the grant's scope; those of them that are of the grant's participant;
 * those of the grant's participant, in whatever scope; all.
 */
export const reaches = ["scope", "own", "self", "everywhere"] as const;
export type Reach = (typeof reaches)[number];

/** Whether one reach has all records that another has, whatever the grant. */
export const reachesAsFar = (one: Reach, other: Reach): boolean =>
  one === other || one === "everywhere" || other === "own";

/** The types whose keys name a participant: only of these can a role have what is a participant's. */
type OfParticipant = {
  [Name in RecordName]: "participant_id" extends keyof RecordKey<Name> ? Name : never;
}[RecordName];

export type ReachOf<Name extends RecordName> = Name extends OfParticipant ? Reach : Exclude<Reach, "own" | "self">;

export type Rights<Name extends RecordName = RecordName> = { readonly [V in Verb]?: ReachOf<Name> };

/** A role: what it may do with the records of each type, and which sensitive fields it shows. */
export interface Role {
  readonly may: { readonly [Name in RecordName]?: Rights<Name> };
  readonly sees: readonly Level[];
}

/** Declares roles. A type that there is not, or what is a participant's of a type that names none, does not compile. */
export const defineRoles = <const Roles extends Readonly<Record<string, Role>>>(roles: Roles): Roles => roles;
