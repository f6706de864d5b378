import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { Session } from "../session.ts";
import { STALL_MS, waitWhileItMoves } from "../wait-while-it-moves.ts";
import { type DemoParts, stopped } from "./take-in.ts";
import { DEMO_PORTFOLIOS } from "./traders.ts";

const portfolio = z.object({ version: z.int() });
const risk = z.object({ portfolioSequence: z.int().optional() });

/** Until the newest event of each portfolio is in its assessment; fails on a stall. */
export async function waitUntilAssessed({ session, interrupted }: DemoParts): Promise<void> {
  await waitWhileItMoves({ interrupted, stopped }, async () => {
    const gaps = await Promise.all(DEMO_PORTFOLIOS.map((id) => gapOf(session, id)));
    const behind = gaps.filter((gap) => gap !== 0);
    return {
      result: behind.length === 0 ? true : null,
      progress: behind.join(),
      stalled: () => stalled(behind),
    };
  });
}

/** Events that no assessment has seen; null while there is nothing to be seen yet. */
async function gapOf(session: Session, id: string): Promise<number | null> {
  try {
    const { version } = portfolio.parse((await session.query(`/v1/portfolios/${id}`)).data);
    const { data } = await session.query(`/v1/portfolios/${id}/risk`);
    return version - (risk.parse(data).portfolioSequence ?? 0);
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.notFound) return null;
    throw error;
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
