import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { assess, Book } from "../../command-side/contexts/risk/risk-book/story.fixture.ts";
import type { EquityCurveReader, EquityPlace } from "../../projections/equity-curve/store.ts";
import type {
  LedgerEntry,
  LedgerFilter,
  LedgerPlace,
  LotPlace,
  OpenLot,
  PortfolioReader,
  PortfolioSummary,
  Trade,
  TradeFilter,
  TradePlace,
} from "../../projections/portfolios/store.ts";
import type { PageRequest } from "../../projections/runner/page.ts";
import type { PortfolioEvent } from "../../schemas/generated/portfolio.ts";
import { equityCurveAdapters } from "../contracts/equity-curve-reader/adapters.ts";
import { printedSeed } from "../contracts/log/seed.ts";
import { portfolioAdapters } from "../contracts/portfolio-reader/adapters.ts";
import { randomStory } from "../contracts/portfolio-reader/stories.ts";
import { allPages } from "../contracts/reader-harness.ts";
import { describeWithPostgres } from "./servers.ts";

const PORTFOLIOS = 12;
const ASSESSMENTS = 40;
const PAGE = 7;
const OWNER = "t-1";

/** Asked of a store, page by page, as JSON to the last digit. */
type Question<Reader> = (reader: Reader) => Promise<unknown>;

describeWithPostgres("the same events in SQLite and PostgreSQL", function () {
  this.timeout(120_000);

  it("give the same answers on portfolios to the last digit, and the same digest", async () => {
    const random = createRandom(printedSeed());
    const [sqlite, postgres] = [
      await portfolioAdapters.sqlite(),
      await portfolioAdapters.postgres(),
    ];
    for (let i = 0; i < PORTFOLIOS; i += 1) {
      const events = randomStory(random).events.map(owned);
      for (const one of [sqlite, postgres]) await one.take(`p-${i}`, events);
    }
    const questions = portfolioQuestions();
    for (const [title, ask] of Object.entries(questions)) {
      const [expected, found] = [await sqlite.ask(ask), await postgres.ask(ask)];
      expect(JSON.stringify(found), title).to.equal(JSON.stringify(expected));
      expect(JSON.stringify(expected).length, `${title} is not empty`).to.be.above(10);
    }
    const digests = [await sqlite.digests(50), await postgres.digests(50)];
    expect(digests[1]).to.deep.equal(digests[0]);
    for (const one of [sqlite, postgres]) await one.close();
  });

  it("give the same answers on equity curves to the last bit", async () => {
    const random = createRandom(printedSeed());
    const [sqlite, postgres] = [
      await equityCurveAdapters.sqlite(),
      await equityCurveAdapters.postgres(),
    ];
    const book = new Book();
    for (let i = 0; i < ASSESSMENTS; i += 1) {
      book.nowMs += random.integer(1, 60_000);
      book.does(
        assess(
          { USDT: "0.1", BTC: "0.333333333333333333" },
          { price: `${random.integer(1, 99_999)}.7` },
        ),
      );
    }
    for (const one of [sqlite, postgres]) await one.take("p-1", book.events);
    for (const newestFirst of [false, true]) {
      const ask = (reader: EquityCurveReader) => curve(reader, newestFirst);
      const [expected, found] = [await sqlite.ask(ask), await postgres.ask(ask)];
      expect(expected).to.have.length(ASSESSMENTS);
      expect(JSON.stringify(found)).to.equal(JSON.stringify(expected));
    }
    for (const one of [sqlite, postgres]) await one.close();
  });
});

function owned(event: PortfolioEvent): PortfolioEvent {
  if (event.type !== "PortfolioOpened") return event;
  return { ...event, data: { ...event.data, owner: OWNER } };
}

function curve(reader: EquityCurveReader, newestFirst: boolean) {
  return allPages(PAGE, async (page: PageRequest<EquityPlace>) => {
    const range = { fromMs: null, toMs: null };
    return (
      (await reader.points("p-1", range, { ...page, newestFirst })) ?? { items: [], next: null }
    );
  });
}

function portfolioQuestions(): Readonly<Record<string, Question<PortfolioReader>>> {
  const zone = "America/New_York";
  const ever = { fromMs: null, toMs: null, instrumentId: null, zone };
  return {
    portfolios: (reader) =>
      allPages<PortfolioSummary, string>(PAGE, (page) => reader.portfolios(page)),
    "portfolios of an owner": (reader) =>
      allPages<PortfolioSummary, string>(PAGE, (page) => reader.portfoliosOf(OWNER, page)),
    portfolio: ofEach((reader, id) => reader.portfolio(id)),
    holdings: ofEach((reader, id) => reader.holdings(id)),
    cash: ofEach((reader, id) => reader.cash(id)),
    "realised profit": ofEach((reader, id) => reader.realised(id, ever)),
    "open lots": ofEach((reader, id) => openLots(reader, id, null)),
    "open lots of one asset": ofEach((reader, id) => openLots(reader, id, "BTC")),
    ledger: ofEach((reader, id) => ledger(reader, id, {})),
    "ledger of one account": ofEach((reader, id) => {
      return ledger(reader, id, { account: "assets:USDT:free" });
    }),
    "ledger of one asset": ofEach((reader, id) => ledger(reader, id, { asset: "ETH" })),
    trades: ofEach((reader, id) => trades(reader, id, {})),
    "newest trades of one instrument": ofEach((reader, id) => {
      return trades(reader, id, { instrumentId: "binance:ETH-USDT" }, true);
    }),
  };
}

function ofEach(ask: (reader: PortfolioReader, id: string) => Promise<unknown>) {
  return async (reader: PortfolioReader) => {
    const answers: unknown[] = [];
    for (let i = 0; i < PORTFOLIOS; i += 1) answers.push(await ask(reader, `p-${i}`));
    return answers;
  };
}

function openLots(reader: PortfolioReader, id: string, asset: string | null) {
  return allPages<OpenLot, LotPlace>(PAGE, (page) => reader.openLots(id, asset, page));
}

function ledger(reader: PortfolioReader, id: string, filter: LedgerFilter) {
  return allPages<LedgerEntry, LedgerPlace>(PAGE, (page) => reader.ledger(id, filter, page));
}

function trades(reader: PortfolioReader, id: string, filter: TradeFilter, newestFirst = false) {
  return allPages<Trade, TradePlace>(PAGE, (page) => {
    return reader.trades(id, filter, { ...page, newestFirst });
  });
}
