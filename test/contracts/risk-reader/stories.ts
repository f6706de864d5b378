import type { Random } from "../../../cli/demo/random.ts";
import {
  limitActions,
  limitKinds,
  mayNameAsset,
} from "../../../command-side/contexts/risk/risk-book/limit-kinds.ts";
import {
  assess,
  Book,
  limit,
} from "../../../command-side/contexts/risk/risk-book/story.fixture.ts";
import { decimal } from "../../../platform/kernel/decimal.ts";
import type { RiskEvent } from "../../../schemas/generated/risk.ts";

const ASSETS = ["BTC", "ETH", "Ä-coin"];

/** Assessments at random prices against limits that come and go; what is refused is left out. */
export function randomBook(random: Random, steps: number): readonly RiskEvent[] {
  const book = new Book();
  for (let step = 0; step < steps; step += 1) {
    book.nowMs += random.integer(1, 60_000);
    book.try(randomCommand(random));
  }
  return book.events;
}

function randomCommand(random: Random): Parameters<Book["try"]>[0] {
  const kind = pick(random, limitKinds);
  const asset = mayNameAsset(kind) && random.chance(0.5) ? "BTC" : null;
  const name = { kind, asset };
  switch (random.integer(0, 9)) {
    case 0:
    case 1: {
      const bounds = { warnAt: random.chance(0.5) ? decimal("0.05") : null };
      const at = pick(random, ["0.1", "0.333333333333333333", "1", "3", "50000"]);
      return limit(kind, at, { ...bounds, asset, action: pick(random, limitActions) });
    }
    case 2:
      return { type: "RemoveRiskLimit", data: { ...name, reason: "random" } };
    case 3:
      return { type: "ResetLimit", data: { ...name, reason: "random" } };
    case 4:
      return {
        type: "AcknowledgeBreach",
        data: { ...name, note: random.chance(0.5) ? "é" : null },
      };
    default:
      return randomAssessment(random);
  }
}

/** Assets without a price among them. */
function randomAssessment(random: Random): ReturnType<typeof assess> {
  const held = ASSETS.filter(() => random.chance(0.5)).map((asset) => {
    return [asset, `0.${random.integer(1, 999_999_999)}`];
  });
  const cash = `${random.integer(-20_000, 90_000)}.${random.integer(0, 99)}`;
  const price = `${random.integer(1, 120_000)}.${random.integer(0, 9_999)}`;
  return assess({ USDT: cash, ...Object.fromEntries(held) }, { price });
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(0, values.length - 1)] as T;
}
