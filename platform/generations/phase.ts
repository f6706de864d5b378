/** Where a generation stands in its life. `replaced` ones are fed on, for instant rollback. */
export type GenerationPhase = (typeof GENERATION_PHASES)[number];

export const GENERATION_PHASES = [
  "building",
  "verifying",
  "verified",
  "different",
  "live",
  "replaced",
  "retired",
  "cancelled",
  "failed",
] as const;

/** Not promoted yet, and not given up: a projection has one such generation at a time. */
export const UNDER_WAY: readonly GenerationPhase[] = [
  "building",
  "verifying",
  "verified",
  "different",
];

/** Also of what another process calls a phase. */
export function isUnderWay(phase: string): boolean {
  return UNDER_WAY.some((one) => one === phase);
}

/** Given up, one way or the other: nothing of it is kept. */
export function isOver(phase: GenerationPhase): boolean {
  return phase === "retired" || phase === "cancelled" || phase === "failed";
}
