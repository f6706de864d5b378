import { expect } from "chai";
import type { LogPlace } from "../../platform/log/places.ts";
import { verifyLog } from "../../platform/log/verify.ts";
import { checkHistory, checkLog } from "../history/checker.ts";
import { loggedEvents, tradeIdsByInstrument, withHistory } from "../history/read-history.ts";
import type { KillClients } from "../kill-clients.ts";

/** The log holds what clients were told, each of it once and in its order, and nothing else. */
export async function expectNothingLost(place: LogPlace, clients: KillClients): Promise<void> {
  await withHistory(place, async (history) => {
    const topics = ["portfolio.events", "social.events", "strategies.events"];
    const all = await Promise.all(topics.map((topic) => loggedEvents(history.log, topic)));
    expect(checkHistory(clients.commands, all.flat()).slice(0, 10)).to.deep.equal([]);
    expect(checkLog(await loggedEvents(history.log, "market.events"))).to.deep.equal([]);
    expect(clients.commands.every(({ acknowledged }) => acknowledged !== null)).to.equal(true);
    const verified = await verifyLog(history);
    expect(verified.partitions.flatMap(({ problems }) => problems)).to.deep.equal([]);
    expect(verified).to.include({ isSound: true, voidEvents: 0 });
    const byInstrument = await tradeIdsByInstrument(history);
    for (const { instrumentId, answered } of clients.feeds) {
      const ids = byInstrument.get(instrumentId) ?? [];
      expect([ids.length, new Set(ids).size], instrumentId).to.deep.equal([answered, answered]);
    }
  });
}
