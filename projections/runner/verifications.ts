import type { Logger } from "../../platform/telemetry/logger.ts";
import type { GenerationVerificationProgressed } from "../../schemas/generated/operations.ts";
import { declaredDifferences } from "../verification/compared-tables.ts";
import type { VerificationReport } from "../verification/verify-generation.ts";
import type { CommandSender } from "./command-sender.ts";
import type { Feeding } from "./feeding.ts";
import type { Generation } from "./generations.ts";
import type { Projection } from "./projection.ts";

/** A comparison that came to nothing is made again after this time. */
const COMPARE_AGAIN_MS = 2_000;

type Verified = Pick<Projection, "version" | "changes">;

export interface Compared {
  /** The build. */
  readonly generation: Generation;
  readonly live: Generation;
  /** Of the build, in this process. */
  readonly feeding: Feeding;
  readonly projection: Verified;
}

/**
 * Has builds compared that have caught up, by the process that feeds their first partition, and
 * records the outcome. A second process that does the same would come to the same.
 */
export class Verifications {
  readonly #sender: CommandSender;
  readonly #logger: Logger;
  readonly #reports = new Map<string, VerificationReport>();
  readonly #notBeforeMs = new Map<string, number>();

  constructor(sender: CommandSender, logger: Logger) {
    this.#sender = sender;
    this.#logger = logger;
  }

  /** Does what is next for a build that is to be compared with the live one; call it often. */
  look({ generation, live, feeding, projection }: Compared): void {
    const key = keyOf(generation, live.generation);
    const report = this.#reports.get(key);
    if (report !== undefined) {
      this.#record(generation, live, report);
      return;
    }
    const isOurs = feeding.end === null && feeding.partitions[0]?.isFedHere === true;
    const isDue = performance.now() >= (this.#notBeforeMs.get(key) ?? 0);
    if (!isOurs || !isDue) return;
    const leftOut = declaredDifferences(projection, live.version);
    if (leftOut === null) this.#reports.set(key, undeclared({ generation, live, feeding }));
    else {
      const mayStand = live.version !== generation.version;
      feeding.verify({ against: live.generation, leftOut, mayStand });
    }
  }

  onProgress({ projection }: Generation, progress: GenerationVerificationProgressed): void {
    const { generation, against, table, rows } = progress;
    const command = { type: "RecordVerificationProgress", data: progress } as const;
    this.#sender.tell({ projection, generation, against, about: `${table} ${rows}`, command });
  }

  onReport(generation: Generation, against: number, report: VerificationReport): void {
    const { projection, generation: number } = generation;
    const of = { projection, generation: number, against };
    const key = keyOf(generation, against);
    if (report.outcome === "unsettled") {
      this.#notBeforeMs.set(key, performance.now() + COMPARE_AGAIN_MS);
      this.#logger.warn({ ...of, detail: report.detail }, "a comparison is made again");
      return;
    }
    this.#reports.set(key, report);
    if (report.outcome === "equal") this.#logger.info(of, "a build equals the live generation");
    else this.#logger.error({ ...of, ...report.difference }, "a build differs from the live one");
  }

  /** The build is not to be compared with anything any more, or its outcome is on record. */
  forget({ projection, generation }: Generation): void {
    const begin = `${projection}.g${generation}|`;
    for (const key of this.#reports.keys()) if (key.startsWith(begin)) this.#reports.delete(key);
  }

  #record({ projection, generation }: Generation, live: Generation, report: VerificationReport) {
    const of = { projection, generation, against: live.generation };
    if (report.outcome === "equal") {
      const command = { type: "RecordVerification", data: report.certificate } as const;
      this.#sender.send({ ...of, command });
    }
    if (report.outcome === "different") {
      const command = { type: "RecordVerificationFailure", data: report.difference } as const;
      this.#sender.send({ ...of, command });
    }
  }
}

function keyOf({ projection, generation }: Generation, against: number): string {
  return `${projection}.g${generation}|${against}`;
}

/** What would be compared is not known; somebody has to take it on themselves. */
function undeclared({ generation, live, feeding }: Omit<Compared, "projection">) {
  const positions = positionsOf(feeding);
  const reason =
    `version ${generation.version} of the projection does not declare in what it differs from ` +
    `version ${live.version}, so the two cannot be compared`;
  const of = { generation: generation.generation, against: live.generation, positions };
  const difference = { ...of, differingRows: 0, differences: [], reason };
  return { outcome: "different", difference } as const;
}

export function positionsOf({ partitions }: Pick<Feeding, "partitions">): Record<string, number> {
  return Object.fromEntries(partitions.map(({ partition, position }) => [partition, position]));
}
