import { startServer } from "./processes.js";
import { median } from "./quantiles.js";

/** How long servers take from their start until they serve, in seconds: medians. */
export interface StartResult {
  readonly database: string;
  readonly rounds: number;
  readonly archive: number;
  readonly floor: number;
}

export async function compareStarts(
  url: string,
  database: string,
  folder: string,
  rounds: number,
): Promise<StartResult> {
  const times = { archive: [] as number[], floor: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const which of ["archive", "floor"] as const) {
      const began = performance.now();
      const server = await startServer(which, url, folder);
      times[which].push((performance.now() - began) / 1000);
      await server.stop();
    }
  }
  return { database, rounds, archive: median(times.archive), floor: median(times.floor) };
}
