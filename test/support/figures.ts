/** Says what a test did and found, by names: what is counted, and the longest of what is measured. scripts/torture sums. */
export function figures(found: Readonly<Record<string, number>>): void {
  const all = Object.entries(found).map(([name, number]) => `${name} ${Math.round(number)}`);
  console.log(`figures: ${all.join(", ")}`);
}
