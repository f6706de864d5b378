import { expect } from "chai";
import {
  assess,
  Book,
  limit,
} from "../../../command-side/contexts/risk/risk-book/story.fixture.ts";
import { decimal } from "../../../platform/kernel/decimal.ts";
import type { UsagePlace } from "../../../projections/risk/store.ts";
import type { RiskEvent } from "../../../schemas/generated/risk.ts";
import { droppedGenerationContract } from "../dropped-generation.ts";
import { allPages } from "../reader-harness.ts";
import { type Harness, type RiskAdapterName, riskAdapters } from "./adapters.ts";

const at = (price: string) => assess({ USDT: "40000", BTC: "1" }, { price });
const drawdown = limit("drawdown", "0.2", { warnAt: decimal("0.1"), action: "reduce_only" });

/** What every reader of risk must do. */
export function riskReaderContract(name: RiskAdapterName): void {
  describe(`the risk reader contract: ${name}`, () => {
    let model: Harness;
    let book: Book;

    beforeEach(async () => {
      model = await riskAdapters[name]();
      book = new Book();
    });

    afterEach(() => model.close());

    droppedGenerationContract(() => model);

    async function tell(id = "p-1"): Promise<void> {
      await model.take(id, book.events.splice(0));
    }

    it("knows nothing of a portfolio that is not there", async () => {
      expect(await model.ask((reader) => reader.risk("p-1"))).to.equal(null);
      expect(await model.ask((reader) => reader.limits("p-1"))).to.deep.equal([]);
    });

    it("has the last assessment, with the positions of that one alone", async () => {
      book.does(assess({ USDT: "1", BTC: "1", ETH: "2" }));
      book.does(at("50000"));
      await tell();
      const found = await model.ask((reader) => reader.risk("p-1"));
      expect(found?.assessment).to.deep.include({ equity: "90000", grossExposure: "50000" });
      expect(found?.assessment?.positions.map(({ asset }) => asset)).to.deep.equal(["BTC"]);
      expect(found).to.include({ tradingState: "active", version: 2 });
    });

    it("has every limit with its state and what was measured last", async () => {
      book.does(drawdown);
      book.does(limit("volatility", "0.5"));
      for (const price of ["60000", "45000"]) book.does(at(price));
      await tell();
      const [first, second] = await model.ask((reader) => reader.limits("p-1"));
      expect(first).to.include({
        limitId: "drawdown",
        state: "warned",
        value: "0.15",
        limit: "0.2",
      });
      expect(first?.usage).to.be.closeTo(0.75, 1e-9);
      expect(second).to.include({ limitId: "volatility", state: "ok", value: null, usage: null });
    });

    it("measures a limit that is changed or reset by the last assessment, though its state stays", async () => {
      book.does(limit("drawdown", "0.9"));
      for (const price of ["60000", "45000"]) book.does(at(price));
      const usage = async () => {
        await tell();
        const [first] = await model.ask((reader) => reader.limits("p-1"));
        return first?.usage;
      };
      expect(await usage()).to.be.closeTo(0.15 / 0.9, 1e-9);
      book.does(limit("drawdown", "0.3"));
      expect(await usage()).to.be.closeTo(0.5, 1e-9);
      const reset = { kind: "drawdown", asset: null, reason: "sold" } as const;
      book.does({ type: "ResetLimit", data: reset });
      expect(await usage()).to.equal(0);
    });

    it("has every breach with its end and who has seen it, also of a limit set anew", async () => {
      const name = { kind: "drawdown", asset: null } as const;
      book.does(drawdown);
      for (const price of ["60000", "30000"]) book.does(at(price));
      book.does({ type: "AcknowledgeBreach", data: { ...name, note: "seen" } });
      book.does({ type: "RemoveRiskLimit", data: { ...name, reason: "test" } });
      book.does(drawdown);
      await tell();
      const page = await model.ask((reader) => reader.breaches("p-1", { after: null, limit: 9 }));
      expect(page.items).to.have.length(2);
      expect(page.items[0]).to.include({ endedAtMs: null, acknowledgedAtMs: null });
      expect(page.items[1]).to.include({ how: "removed", note: "seen" });
    });

    it("tells who is near a limit, page by page, and no more when it is gone", async () => {
      for (const [id, price] of [
        ["p-1", "40000"],
        ["p-2", "44000"],
        ["p-3", "59000"],
      ] as const) {
        book = new Book();
        book.does(drawdown);
        for (const one of ["60000", price]) book.does(at(one));
        await tell(id);
      }
      const near = () => {
        return allPages<{ readonly portfolioId: string }, UsagePlace>(1, (page) => {
          return model.ask((reader) => reader.nearLimit(0.5, page));
        });
      };
      expect((await near()).map(({ portfolioId }) => portfolioId)).to.deep.equal(["p-1", "p-2"]);
      const removed: RiskEvent = {
        type: "RiskLimitRemoved",
        data: { limitId: "drawdown", kind: "drawdown", asset: null, breachId: null, reason: "x" },
        occurredAtMs: 1,
      };
      await model.take("p-1", [removed]);
      expect((await near()).map(({ portfolioId }) => portfolioId)).to.deep.equal(["p-2"]);
    });

    it("is the same when it is built in batches of another size", async () => {
      book.does(drawdown);
      for (let step = 0; step < 60; step += 1) book.does(at(String(30_000 + (step % 7) * 5_000)));
      await tell();
      const { live, rebuilt } = await model.digests(7);
      expect(rebuilt).to.deep.equal(live);
    });
  });
}
