/** Says once after how much a random test has failed: not what is tried then to find the smallest that fails. */
export function firstFailure(what: string): (done: number) => void {
  let isSaid = false;
  return (done) => {
    if (!isSaid) console.log(`failed first after ${done} ${what}`);
    isSaid = true;
  };
}
