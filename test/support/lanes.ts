/**
 * Does random work in some lanes at once, so that one uses the time in which another waits. Each lane does one piece
 * after the other, each from a seed of its own, until there is enough; none begins another once one has failed.
 */
export async function inLanes(
  count: number,
  isEnough: () => boolean,
  work: (lane: number, seed: number) => Promise<void>,
): Promise<number> {
  const seed = Number(process.env.ARCHIVE_TEST_SEED ?? Date.now() % 2 ** 31);
  let pieces = 0;
  let hasFailed = false;
  const lane = async (number: number) => {
    while (!hasFailed && !isEnough()) {
      try {
        await work(number, (seed + pieces++) | 0);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: count }, (_, number) => lane(number)));
  for (const each of ended) if (each.status === "rejected") throw each.reason;
  return seed;
}
