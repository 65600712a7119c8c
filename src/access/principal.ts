import type { Sight } from "../records/caller.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Rights } from "./rights.js";

/** Who asks, and what it may do. */
export class Principal implements Sight {
  constructor(
    /** Its name in the log and in records that it writes. */
    readonly name: string,
    readonly rights: Rights,
    /** When its credential expires, in milliseconds since 1970; undefined where it does not. */
    readonly expires: number | undefined,
  ) {}

  get digest(): string {
    return this.rights.digest;
  }

  visible(type: RecordType) {
    return this.rights.visible(type);
  }

  hidden(type: RecordType, key: Ids) {
    return this.rights.hidden(type, key);
  }

  mayCreate(type: RecordType, key: Ids): boolean {
    return this.rights.mayCreate(type, key);
  }
}

export const maxNameLength = 256;

/** Whether a text can be a principal's name. */
export const isName = (text: string): boolean =>
  text.length > 0 && text.length <= maxNameLength && !/[\p{Cc}\p{Cs}]/u.test(text);
