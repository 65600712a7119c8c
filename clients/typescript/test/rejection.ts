import { ArchiveError } from "../src/index.js";

/** The error that a call is rejected with. */
export async function rejection(call: PromiseLike<unknown>): Promise<ArchiveError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ArchiveError) return error;
    throw error;
  }
  throw new Error("the call was answered");
}
