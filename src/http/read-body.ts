import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ArchiveError, invalidFields } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { quoted } from "../records/quoted.js";
import { stalled } from "../service/stall.js";
import type { HttpRequest } from "./http-exchange.js";

/** The body of a request, of no more than so many bytes. Fails when its call ends before it is there. */
export function readBody(
  request: HttpRequest,
  most: number,
  onceEnded: (listener: () => void) => void,
): Promise<Buffer> {
  if (Number(request.headers["content-length"]) > most) throw tooLarge(most);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const settle = (done: () => void) => {
      clearTimeout(timer);
      request.off("data", take);
      done();
    };
    const take = (piece: Buffer) => {
      size += piece.length;
      // What still comes is not kept.
      if (size > most) settle(() => reject(tooLarge(most)));
      else pieces.push(piece);
    };
    const timer = setTimeout(
      () => settle(() => reject(stalled("written", limits.requestPatience))),
      limits.requestPatience,
    );
    request.on("data", take);
    request.once("end", () =>
      settle(() => resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces))),
    );
    const gone = () => settle(() => reject(new ArchiveError("CANCELLED", "CANCELLED", "The call was cancelled.")));
    request.once("error", gone);
    request.once("close", gone);
    onceEnded(gone);
  });
}

const unzip = promisify(gunzip);

/** What was compressed by a method, which is then of no more than so many bytes. */
export async function decompress(bytes: Buffer, method: string | undefined, most: number): Promise<Buffer> {
  if (method === undefined || method === "identity") return bytes;
  if (method !== "gzip") {
    const message = `Requests can be compressed by gzip, and not by ${quoted(method)}.`;
    throw new ArchiveError("UNIMPLEMENTED", "UNIMPLEMENTED", message);
  }
  try {
    return await unzip(bytes, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(most);
    throw invalidFields([{ field: "request", description: "cannot be decompressed" }]);
  }
}

const tooLarge = (most: number) =>
  new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "REQUEST_TOO_LARGE",
    `The request is larger than the limit of ${most} bytes (--max-receive-size): send it in smaller parts.`,
    { metadata: { limit: String(most) } },
  );
