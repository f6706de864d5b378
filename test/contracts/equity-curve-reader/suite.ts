import { expect } from "chai";
import { assess, Book } from "../../../command-side/contexts/risk/risk-book/story.fixture.ts";
import type { EquityPlace } from "../../../projections/equity-curve/store.ts";
import { allPages } from "../reader-harness.ts";
import { type EquityCurveAdapterName, equityCurveAdapters } from "./adapters.ts";

export function equityCurveReaderContract(name: EquityCurveAdapterName): void {
  describe(`the equity curve reader contract: ${name}`, () => {
    it("has a point for each assessment, by time, in both directions", async () => {
      const model = await equityCurveAdapters[name]();
      const book = new Book();
      for (const price of ["60000", "50000", "55000"]) {
        book.nowMs += 1_000;
        book.does(assess({ USDT: "40000", BTC: "1" }, { price }));
      }
      await model.take("p-1", book.events);
      const all = (newestFirst: boolean) => {
        const range = { fromMs: null, toMs: null };
        return allPages<{ readonly equity: string }, EquityPlace>(2, async (page) => {
          const found = await model.ask((reader) =>
            reader.points("p-1", range, { ...page, newestFirst }),
          );
          return found ?? { items: [], next: null };
        });
      };
      const curve = (await all(false)).map(({ equity }) => equity);
      expect(curve).to.deep.equal(["100000", "90000", "95000"]);
      expect((await all(true)).map(({ equity }) => equity)).to.deep.equal(curve.toReversed());
      const range = { fromMs: null, toMs: null };
      const nobody = await model.ask((reader) =>
        reader.points("p-2", range, { after: null, limit: 1 }),
      );
      expect(nobody).to.equal(null);
      await model.close();
    });
  });
}
