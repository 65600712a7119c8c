import { ArchiveError, accessDenied, mayNot } from "../archive/archive-error.js";
import type { SomeIds } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import { recordTypes } from "../records/record-type.js";
import type { Principal } from "./principal.js";

/** What is asked for. */
export type Question =
  /** A record, a list of those that have some ids, or the deletion of a record with all that goes with it. */
  | { readonly verb: "read" | "list" | "delete"; readonly type: RecordType; readonly key: SomeIds }
  /** To change a record, and to create it where it is not there. */
  | { readonly verb: "write"; readonly type: RecordType; readonly key: SomeIds; readonly creates: boolean }
  /** As much as there is of anything, to read or to write. */
  | { readonly verb: "read" | "write"; readonly type?: undefined }
  /** What anybody may ask who is somebody. */
  | { readonly verb: "none" };

/** Throws unless a principal may do all that is asked. Looks at nothing but its rights, never at what there is. */
export function authorize(principal: Principal, questions: readonly Question[], isBatch = false): void {
  for (const [index, question] of questions.entries()) {
    const refusal = refusalOf(principal, question);
    if (refusal) throw isBatch ? ofOperation(refusal, index) : refusal;
  }
}

function refusalOf(principal: Principal, question: Question): ArchiveError | undefined {
  if (question.verb === "none") return undefined;
  const { rights, name } = principal;
  if (!question.type) {
    const { verb } = question;
    if (recordTypes.some((type) => rights.scope(verb, type).length > 0)) return undefined;
    return accessDenied(`"${name}" may ${verb} nothing.`);
  }
  const { verb, type, key } = question;
  return isAllowed(principal, question) ? undefined : mayNot(name, verb, type, key);
}

function isAllowed({ rights }: Principal, question: Extract<Question, { key: SomeIds }>): boolean {
  const { type, key } = question;
  switch (question.verb) {
    case "read":
      return rights.may("read", type, key);
    case "list":
      return rights.mayList(type, key);
    case "write":
      return question.creates ? rights.mayCreate(type, key) : rights.may("write", type, key);
    case "delete":
      return rights.mayDelete(type, key);
  }
}

const ofOperation = ({ code, reason, message, details }: ArchiveError, index: number) =>
  new ArchiveError(code, reason, `operations[${index}]: ${message}`, {
    ...details,
    metadata: { ...details.metadata, operation: String(index) },
  });
