import { setTimeout as sleep } from "node:timers/promises";
import { commands as portfolioCommands } from "../../../command-side/contexts/portfolio/portfolio/commands.ts";
import { commands as riskCommands } from "../../../command-side/contexts/risk/risk-book/commands.ts";

const KNOWN_WITHIN_MS = 20_000;

/** Throws where the command is not accepted. */
type Submit = (
  target: { aggregate: string; aggregateId: string },
  command: { type: string; data: unknown },
) => Promise<unknown>;

/** Which projection's generations are tried, and what changes its rows. */
export interface Subject {
  readonly projection: string;
  readonly topic: string;
  /** A column, and a value that no event gives it. */
  readonly falsified: { readonly table: string; readonly column: string; readonly value: string };
  open(submit: Submit, id: string): Promise<void>;
  /** The same number comes once. */
  change(submit: Submit, id: string, number: number): Promise<void>;
}

export const portfolioSubject: Subject = {
  projection: "portfolios",
  topic: "portfolio.events",
  falsified: { table: "accounts", column: "balance", value: "77777" },
  open: openPortfolio,
  async change(submit, id, number) {
    const json = { asset: "USDT", amount: "1.5", externalReference: `r-${number}` };
    const data = portfolioCommands.DepositFunds.payload.parse(json);
    await submit({ aggregate: "portfolio", aggregateId: id }, { type: "DepositFunds", data });
  },
};

export const riskSubject: Subject = {
  projection: "risk",
  topic: "risk.events",
  falsified: { table: "limits", column: "limitAt", value: "77777" },
  /** The portfolio is known to the deciders of risk a moment after it was opened. */
  async open(submit, id) {
    await openPortfolio(submit, id);
    const deadline = performance.now() + KNOWN_WITHIN_MS;
    for (;;) {
      try {
        return await setLimit(submit, id, "1");
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(10);
      }
    }
  },
  change: (submit, id, number) => setLimit(submit, id, String(number + 1)),
};

async function openPortfolio(submit: Submit, id: string): Promise<void> {
  const data = portfolioCommands.OpenPortfolio.payload.parse({ name: id });
  await submit({ aggregate: "portfolio", aggregateId: id }, { type: "OpenPortfolio", data });
}

async function setLimit(submit: Submit, id: string, limit: string): Promise<void> {
  const json = { kind: "gross_exposure", warnAt: null, limit, action: "alert" };
  const data = riskCommands.SetRiskLimit.payload.parse(json);
  await submit({ aggregate: "risk-book", aggregateId: id }, { type: "SetRiskLimit", data });
}
