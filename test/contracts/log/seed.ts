/** The seed of a random test: `TEST_SEED`, or a new one; it is printed either way. */
export function printedSeed(): number {
  const given = process.env.TEST_SEED;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  print(`seed ${seed} (to replay: TEST_SEED=${seed})`);
  return seed;
}

/** A line among the test's results. */
export function print(line: string): void {
  process.stdout.write(`      ${line}\n`);
}
