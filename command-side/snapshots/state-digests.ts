/**
 * What each aggregate's state is after histories that never change, as digests with its version:
 * `state-digests.json`. Where a digest changes and the version does not, the new code would
 * read snapshots that it does not understand. After a version has risen
 *
 *   node command-side/snapshots/state-digests.ts
 *
 * renews the digests; with the word `histories` it makes the histories anew, too.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { BigNumber } from "bignumber.js";
import fc from "fast-check";
import { decimal } from "../../platform/kernel/decimal.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import { PartitionState } from "../ownership/partition-state.ts";
import { aggregates } from "../registry.ts";
import { type History, historiesOf } from "./histories.fixture.ts";
import { freeze } from "./state-chunks.ts";

interface StateDigest {
  readonly stateVersion: number;
  /** SHA-256 of the states after all events of the histories. */
  readonly digest: string;
}

const DIGESTS = new URL("./state-digests.json", import.meta.url);
const HISTORIES = new URL("./state-histories.json", import.meta.url);
const SAMPLE = { seed: 5, numRuns: 30 };
const DECIMAL = "$decimal";

export function committedDigests(): Readonly<Record<string, StateDigest>> {
  return JSON.parse(readFileSync(DIGESTS, "utf8"));
}

export function digestsNow(): Readonly<Record<string, StateDigest>> {
  const histories = committedHistories();
  return Object.fromEntries(
    aggregates.map((aggregate) => {
      const digest = digestOf(aggregate, histories[aggregate.name] ?? []);
      return [aggregate.name, { stateVersion: aggregate.stateVersion, digest }];
    }),
  );
}

export function committedHistories(): Readonly<Record<string, readonly History[]>> {
  return JSON.parse(readFileSync(HISTORIES, "utf8"), (_, value) => {
    const text = typeof value === "object" && value !== null ? value[DECIMAL] : undefined;
    return text === undefined ? value : decimal(text);
  });
}

function digestOf(aggregate: AggregateDefinition, histories: readonly History[]): string {
  const hash = createHash("sha256");
  for (const history of histories) {
    const state = new PartitionState(aggregate);
    for (const { aggregateId, event } of history) state.evolve(aggregateId, event);
    for (const [id, stream] of state.streams()) {
      hash.update(textOf([id, stream.version, freeze(aggregate, stream.state)]));
    }
    hash.update(textOf(aggregate.view?.freezing?.freeze(state.view) ?? null));
  }
  return hash.digest("hex");
}

/** Every field in its order, decimals by their digits. */
function textOf(value: unknown): string {
  const whole = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };
  return inspect(value, { ...whole, breakLength: Infinity, compact: true });
}

/** Of many, those that have a kind of event which none before had. */
function telling(histories: readonly History[]): readonly History[] {
  const known = new Set<string>();
  return histories.filter((history) => {
    const before = known.size;
    for (const { event } of history) known.add(event.type);
    return known.size > before;
  });
}

/** BigNumber writes itself as text before a replacer sees it. */
function toJson(histories: Readonly<Record<string, readonly History[]>>): string {
  const tagged = (value: unknown): unknown => {
    if (BigNumber.isBigNumber(value)) return { [DECIMAL]: value.toFixed() };
    if (Array.isArray(value)) return value.map(tagged);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tagged(one)]));
  };
  return `${JSON.stringify(tagged(histories))}\n`;
}

if (import.meta.main) {
  if (process.argv[2] === "histories") {
    const samples = aggregates.map((one) => [
      one.name,
      telling(fc.sample(historiesOf(one), SAMPLE)),
    ]);
    writeFileSync(HISTORIES, toJson(Object.fromEntries(samples)));
  }
  writeFileSync(DIGESTS, `${JSON.stringify(digestsNow(), null, 2)}\n`);
}
