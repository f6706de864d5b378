import type { EventReader } from "../../platform/codec/codec.ts";
import { VERSION } from "../../platform/version.ts";
import type {
  GenerationVerificationFailed,
  GenerationVerificationProgressed,
  GenerationVerified,
} from "../../schemas/generated/operations.ts";
import { registeredProjection } from "../registry.ts";
import type { Gates } from "../runner/gate.ts";
import type { Pace } from "../runner/pace.ts";
import { openStore, type StorePlace } from "../stores.ts";
import { compareGenerations } from "./compare-generations.ts";
import { comparedTables } from "./compared-tables.ts";

/** With what a build is to be compared. */
export interface VerificationTask {
  /** The live generation. */
  readonly against: number;
  /** Declared to differ. */
  readonly leftOut: readonly string[];
  /** The live one is of other code, which perhaps does not run. */
  readonly mayStand: boolean;
}

/** What is recorded of a comparison; `unsettled`: it has to be made again. */
export type VerificationReport =
  | { readonly outcome: "equal"; readonly certificate: GenerationVerified }
  | { readonly outcome: "different"; readonly difference: GenerationVerificationFailed }
  | { readonly outcome: "unsettled"; readonly detail: string };

export interface VerificationParts {
  readonly place: StorePlace;
  readonly projection: string;
  readonly generation: number;
  readonly gates: Gates;
  readonly pace: Pace;
  readonly codec: Pick<EventReader, "schemaIds">;
  readonly signal: AbortSignal;
  /** Every few seconds; never of a comparison that is over before. */
  readonly onProgress: (progress: GenerationVerificationProgressed) => void;
}

const TOLD_EVERY_MS = 5_000;

/** Compares a build with the live generation, both read back by connections of their own. */
export async function verifyGeneration(
  { against, leftOut, mayStand }: VerificationTask,
  parts: VerificationParts,
): Promise<VerificationReport> {
  const { place, projection: name, generation, gates, pace, codec, signal } = parts;
  const tables = comparedTables(registeredProjection(name).projection.tables, leftOut);
  const live = await openStore(place, name, against, tables);
  const built = await openStore(place, name, generation, tables);
  const onProgress = everyFewSeconds((table: string, rows: number) => {
    parts.onProgress({ generation, against, table, rows });
  });
  try {
    const compared = { live, built, tables, gates, pace, onProgress, mayStand, signal };
    const found = await compareGenerations(compared);
    if (found.outcome === "unsettled") return found;
    const { outcome, ...facts } = found;
    const of = { generation, against, ...facts };
    if ("reason" in of) return { outcome: "different", difference: of };
    const made = { leftOut, codeVersion: VERSION, schemaIds: codec.schemaIds() };
    return { outcome: "equal", certificate: { ...of, ...made } };
  } finally {
    await live.close();
    await built.close();
  }
}

function everyFewSeconds(tell: (table: string, rows: number) => void): typeof tell {
  let toldAtMs = performance.now();
  return (table, rows) => {
    if (performance.now() - toldAtMs < TOLD_EVERY_MS) return;
    toldAtMs = performance.now();
    tell(table, rows);
  };
}
