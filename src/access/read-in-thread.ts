import { Worker } from "node:worker_threads";
import { type AccessFile, isFaulty, ListedPrincipal } from "./read-access-file.js";
import type { Fault } from "./yaml-reader.js";

/** Reads an access file in a thread of its own: 10,000 principals take seconds, and no call is to wait for them. */
export const readInThread = (text: string): Promise<AccessFile | readonly Fault[]> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(new URL("./access-file-thread.js", import.meta.url), { workerData: text });
    thread.once("message", (read: AccessFile | readonly Fault[]) => resolve(isFaulty(read) ? read : revived(read)));
    thread.once("error", reject);
    thread.once("exit", (status) => reject(new Error(`the thread that reads it ended with ${status}`)));
    thread.unref();
  });

/** What came from another thread is data alone: principals are made anew of it. */
function revived(file: AccessFile): AccessFile {
  const anew = ({ name, grants, line }: ListedPrincipal) => new ListedPrincipal(name, grants, line);
  const principals = new Map([...file.principals].map(([name, listed]) => [name, anew(listed)]));
  const ofSame = (listed: ListedPrincipal) => principals.get(listed.name) ?? anew(listed);
  const named = (map: ReadonlyMap<string, ListedPrincipal>) =>
    new Map([...map].map(([name, listed]) => [name, ofSame(listed)]));
  return {
    ...file,
    principals,
    tokens: new Map([...file.tokens].map(([name, token]) => [name, { ...token, principal: ofSame(token.principal) }])),
    certificates: named(file.certificates),
    subjects: named(file.subjects),
  };
}
