import type { Random } from "../../../cli/demo/random.ts";
import type { TraderCommand } from "../../../command-side/contexts/social/trader/commands.ts";
import { Network } from "../../../command-side/contexts/social/trader/network.fixture.ts";
import { decimal } from "../../../platform/kernel/decimal.ts";

const COPIER_LIMIT = 100;

export const follow = (leader: string): TraderCommand => {
  return { type: "FollowTrader", data: { leader } };
};
const unfollow = (leader: string): TraderCommand => {
  return { type: "UnfollowTrader", data: { leader } };
};
export const block = (blocked: string): TraderCommand => {
  return { type: "BlockTrader", data: { blocked } };
};
export const pause = (leader: string): TraderCommand => ({ type: "PauseCopy", data: { leader } });
export const leave: TraderCommand = { type: "LeaveNetwork", data: { reason: "test" } };

export function copy(leader: string, allocation = "1"): TraderCommand {
  const terms = {
    allocation: decimal(allocation),
    mode: "proportional",
    multiplier: null,
  } as const;
  return { type: "StartCopying", data: { leader, portfolioId: "p-1", ...terms } };
}

/** Traders by these ids, each with a handle of its own. */
export function networkOf(...traders: readonly string[]): Network {
  const network = new Network();
  for (const trader of traders) {
    const data = { handle: `The_${trader}`, acceptsCopiers: true, copierLimit: COPIER_LIMIT };
    network.does(trader, { type: "RegisterTrader", data });
  }
  return network;
}

/** Whatever of random commands is not refused. */
export function randomNetwork(random: Random, traders: readonly string[], steps: number): Network {
  const network = networkOf(...traders);
  const any = () => traders[random.integer(0, traders.length - 1)] ?? "";
  for (let step = 0; step < steps; step += 1) {
    const [trader, command] = [any(), randomCommand(random, any())];
    if (network.refusal(trader, command) === null) network.does(trader, command);
  }
  return network;
}

function randomCommand(random: Random, other: string): TraderCommand {
  const commands = [
    follow(other),
    follow(other),
    follow(other),
    copy(other),
    copy(other),
    pause(other),
    unfollow(other),
    { type: "StopCopying", data: { leader: other, closeMode: "preserve" } } as const,
    block(other),
    { type: "UnblockTrader", data: { blocked: other } } as const,
  ];
  if (random.chance(0.02)) return leave;
  return commands[random.integer(0, commands.length - 1)] ?? leave;
}
