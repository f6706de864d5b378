import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { Failure, interrupted as interruptedFailure } from "../failure.ts";
import { pause } from "../interrupts.ts";
import type { DemoParts } from "./take-in.ts";
import { DEMO_PORTFOLIOS } from "./traders.ts";

const POLL_MS = 100;
const STALL_MS = 60_000;

const portfolio = z.object({ version: z.int() });
const risk = z.object({ portfolioSequence: z.int().optional() });

/** Until the newest event of each portfolio is in its assessment; fails on a stall. */
export async function waitUntilAssessed({ session, interrupted }: DemoParts): Promise<void> {
  let [progress, progressAtMs] = ["", performance.now()];
  for (;;) {
    const behind = (await Promise.all(DEMO_PORTFOLIOS.map(gapOf))).filter((gap) => gap !== 0);
    if (behind.length === 0) return;
    if (behind.join() !== progress) [progress, progressAtMs] = [behind.join(), performance.now()];
    if (performance.now() - progressAtMs > STALL_MS) throw stalled(behind);
    await pause(POLL_MS, interrupted);
    if (interrupted.aborted) throw interruptedFailure("the demo was not finished", "run it again");
  }

  /** Events that no assessment has seen; null while there is nothing to be seen yet. */
  async function gapOf(id: string): Promise<number | null> {
    try {
      const { version } = portfolio.parse((await session.query(`/v1/portfolios/${id}`)).data);
      const { data } = await session.query(`/v1/portfolios/${id}/risk`);
      return version - (risk.parse(data).portfolioSequence ?? 0);
    } catch (error) {
      if (error instanceof Failure && error.exitCode === exitCodes.notFound) return null;
      throw error;
    }
  }
}

function stalled(behind: readonly (number | null)[]): Failure {
  return new Failure(exitCodes.stalled, {
    failed: "the assessment of risk makes no progress",
    error: `${behind.length} portfolios are behind, by ${behind.join(", ")} events`,
    tried: `their risk, for ${STALL_MS / 1000} s`,
    todo: "look at the messages above, and whether CH_PROCESS_MANAGERS leaves risk-assessment out",
  });
}
