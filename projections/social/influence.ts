/** Share of influence that is passed on; the rest comes to everybody alike. */
const DAMPING = 0.85;
/** Rounds at the most; each brings the result nearer by the factor of the damping. */
const ROUNDS = 200;
/** No trader's influence moves more than this in the last round. */
const SETTLED = 1e-13;

/** Follows by the numbers of traders: `from[i]` follows `to[i]`. */
export interface FollowEdges {
  readonly traders: number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/**
 * PageRank of who is followed. `normalised`: sums to 1, and what traders who follow nobody would
 * pass on goes to everybody alike (Brin and Page 1998). `gds`: (1 − d) + d·Σ without either, as
 * Neo4j's Graph Data Science library defines it. Pauses after every round, for many take long.
 */
export function* pageRank(
  edges: FollowEdges,
  convention: "normalised" | "gds",
): Generator<undefined, Float64Array> {
  const { traders, from } = edges;
  const outgoing = new Uint32Array(traders);
  for (const one of from) outgoing[one] = (outgoing[one] ?? 0) + 1;
  const isNormalised = convention === "normalised";
  let ranks = new Float64Array(traders).fill(isNormalised ? 1 / traders : 1 - DAMPING);
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = passOn(ranks, edges, outgoing);
    const base = isNormalised ? baseOf(ranks, outgoing) : 1 - DAMPING;
    for (let i = 0; i < traders; i += 1) next[i] = base + DAMPING * (next[i] ?? 0);
    const moved = farthest(ranks, next);
    ranks = next;
    if (moved < SETTLED) break;
    yield;
  }
  return ranks;
}

/** What each gets from its followers, each of whom passes on equal parts. */
function passOn(
  ranks: Float64Array,
  { from, to }: FollowEdges,
  outgoing: Uint32Array,
): Float64Array<ArrayBuffer> {
  const parts = ranks.map((rank, i) => rank / (outgoing[i] ?? 1));
  const received = new Float64Array(ranks.length);
  for (let i = 0; i < from.length; i += 1) {
    const leader = to[i] ?? 0;
    received[leader] = (received[leader] ?? 0) + (parts[from[i] ?? 0] ?? 0);
  }
  return received;
}

/** What everybody gets alike. */
function baseOf(ranks: Float64Array, outgoing: Uint32Array): number {
  let kept = 0;
  for (let i = 0; i < ranks.length; i += 1) if (outgoing[i] === 0) kept += ranks[i] ?? 0;
  return (1 - DAMPING + DAMPING * kept) / ranks.length;
}

function farthest(before: Float64Array, after: Float64Array): number {
  let distance = 0;
  for (let i = 0; i < before.length; i += 1) {
    distance = Math.max(distance, Math.abs((before[i] ?? 0) - (after[i] ?? 0)));
  }
  return distance;
}
