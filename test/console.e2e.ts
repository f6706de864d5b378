import { expect } from "chai";
import { describeWithBrowser } from "./browser.ts";
import type { ConsolePage } from "./console-page.ts";
import { type DemoConsole, openDemoConsole } from "./demo-console.ts";

const INSTRUMENT = "demo:BTC-USDT";
const PORTFOLIO = "demo-swing";
const HOSTILE_NAME = '<img src="x" onerror="window.harmed=1"><b>bold</b>';
const MINUTE_MS = 60_000;
/** The candles that stand as figures under the chart. */
const TABLE_ROWS = 10;

describeWithBrowser("the console", (launch) => {
  let opened: DemoConsole;
  let platform: DemoConsole["platform"];
  let view: ConsolePage;

  before(async function () {
    this.timeout(180_000);
    opened = await openDemoConsole(launch, 30);
    ({ platform, view } = opened);
    await post("/v1/portfolios/hostile/open-portfolio", { name: HOSTILE_NAME });
  });

  after(() => opened?.close());

  /** Nothing went wrong that the browser noticed; what is missing is a route, or nobody. */
  afterEach(async () => {
    expect(view.complaints.splice(0)).to.deep.equal([]);
    for (const path of view.takeMissing()) {
      const { code } = (await (await fetch(platform.url + path)).json()) as { code: string };
      const isExpected = code === "ROUTE_NOT_FOUND" || path.includes("nobody");
      expect(isExpected, `${path}: ${code}`).to.equal(true);
    }
  });

  async function post(path: string, body: unknown): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(platform.url + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).to.be.below(300);
  }

  it("shows the pipeline with the figures of the API", async () => {
    await view.go("#/");
    const stages = view.page.locator("[data-projection]");
    await stages.first().waitFor();
    const projections = await view.rows("/v1/projections");
    expect(await stages.count()).to.equal(projections.length);
    // Several projections may read one topic.
    const ends = new Map<string, number>();
    for (const { name, generations } of projections) {
      const [live] = generations as { generation: number; position: Record<string, number> }[];
      for (const [key, next] of Object.entries(live?.position ?? {})) ends.set(key, next);
      const figures = view.page.locator(`[data-projection="${name}"] .amount`);
      const titles = (await figures.all()).map((figure) => figure.getAttribute("title"));
      const shown = await Promise.all(titles);
      expect(shown, `${name}`).to.deep.equal([`${live?.generation}`, "0", "0"]);
    }
    const end = [...ends.values()].reduce((sum, next) => sum + next, 0);
    const log = view.page.locator(".stage", { hasText: "Event log" });
    expect(await log.locator(".amount").getAttribute("title")).to.equal(`${end}`);
  });

  it("counts what goes through the pipeline while one looks", async () => {
    await view.go("#/");
    const rate = view.page.locator('[data-figure="commands"] span');
    await rate.filter({ hasText: "0.0" }).waitFor();
    for (let i = 0; i < 5; i += 1) {
      const funds = { asset: "USDT", amount: "1", externalReference: `pipeline-${i}` };
      await post(`/v1/portfolios/${PORTFOLIO}/deposit-funds`, funds);
    }
    await rate.filter({ hasText: /^[1-9]|0\.[1-9]/ }).waitFor();
  });

  it("lists the instruments with their last prices, and one's day", async () => {
    await view.go("#/market");
    const instruments = await view.rows("/v1/instruments");
    await view.page
      .locator("tbody .amount")
      .nth(2 * instruments.length - 1)
      .waitFor();
    const prices = await Promise.all(
      instruments.map(async ({ instrumentId }) => {
        const last = await view.api(`/v1/instruments/${instrumentId}/last-price`);
        return (last["data"] as { price: string }).price;
      }),
    );
    const title = "Last price, traded at (UTC)";
    expect(await view.column("Instruments", title)).to.deep.equal(prices);
    await view.page.getByRole("link", { name: INSTRUMENT }).click();
    await view.page.locator(".facts").waitFor();
    const { data } = await view.api(`/v1/instruments/${INSTRUMENT}/ticker`);
    for (const [name, member] of [
      ["last", "last"],
      ["VWAP", "vwap"],
      ["volume", "baseVolume"],
    ] as const) {
      expect(await view.fact(name)).to.equal((data as Record<string, unknown>)[member]);
    }
  });

  it("draws candles, and a new one without being loaded again", async () => {
    await view.go(`#/market/${INSTRUMENT}`);
    await view.page.locator(".chart canvas").first().waitFor();
    await view.page.evaluate("window.sameDocument = true");
    await view.page.getByText("as figures").click();
    const table = view.page.getByRole("region", { name: "Candles" });
    const startsAt = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
    const tick = { exchange: "demo", symbol: "BTC-USDT", volume: "0.5", side: "buy" };
    const ids = startsAt * 10;
    const running = { ...tick, price: "70000.25", timestamp: startsAt, tradeId: `${ids}` };
    await post("/v1/market/ticks?source=backfill", [running]);
    const opened = new Date(startsAt).toISOString().slice(0, 16).replace("T", " ");
    const row = table.locator("tbody tr", { hasText: opened });
    await row.filter({ hasText: "running" }).filter({ hasText: "70,000.25" }).waitFor();
    const next = { ...tick, price: "70001", timestamp: startsAt + MINUTE_MS + 3_000 };
    await post("/v1/market/ticks?source=backfill", [{ ...next, tradeId: `${ids + 1}` }]);
    await row.filter({ hasNotText: "running" }).waitFor();
    const streamed = view.page.locator("[data-streamed]");
    await streamed.filter({ hasNotText: "live, 0 closed" }).waitFor();
    await view.page.getByRole("img", { name: "the last closed at 70001" }).waitFor();
    const path = `/v1/instruments/${INSTRUMENT}/candles?interval=1m&limit=60`;
    const candles = (await view.rows(path)).toReversed().slice(0, TABLE_ROWS);
    for (const name of ["open", "high", "low", "close", "volume", "vwap"]) {
      const expected = candles.map((candle) => candle[name]);
      expect(await view.column("Candles", name), name).to.deep.equal(expected);
    }
    expect(await view.page.evaluate("window.sameDocument")).to.equal(true);
  });

  it("keeps the whole state in the address", async () => {
    await view.go(`#/market/${INSTRUMENT}?interval=5m&candles=300`);
    const chosen = view.page.locator('nav[aria-label="Interval and range"] [aria-current]');
    expect(await chosen.allTextContents()).to.deep.equal(["5m", "300", "live"]);
    await view.page.getByRole("link", { name: "earlier" }).click();
    await view.page.waitForURL(/interval=5m&candles=300&to=\d{4}/);
    await view.page.reload();
    await chosen.first().waitFor();
    expect(await chosen.allTextContents()).to.deep.equal(["5m", "300"]);
  });

  it("shows portfolios, and one's holdings and cash to the last decimal", async () => {
    await view.go("#/portfolios");
    const portfolios = await view.rows("/v1/portfolios");
    for (const [title, member] of [
      ["Portfolio", "portfolioId"],
      ["Realised", "realisedNet"],
    ] as const) {
      const expected = portfolios.map((one) => one[member]);
      expect(await view.column("Portfolios", title)).to.deep.equal(expected);
    }
    await view.go(`#/portfolios/${PORTFOLIO}`);
    const holdings = await view.rows(`/v1/portfolios/${PORTFOLIO}/holdings`);
    expect(holdings).not.to.be.empty;
    for (const [title, member] of [
      ["Quantity", "quantity"],
      ["Cost", "cost"],
    ] as const) {
      const expected = holdings.map((one) => one[member]);
      expect(await view.column("Holdings", title)).to.deep.equal(expected);
    }
    const cash = await view.rows(`/v1/portfolios/${PORTFOLIO}/cash`);
    expect(await view.column("Cash", "total")).to.deep.equal(cash.map(({ total }) => total));
    const trades = await view.rows(`/v1/portfolios/${PORTFOLIO}/trades?order=newest&limit=20`);
    const prices = trades.map(({ price }) => price);
    expect(await view.column("Newest trades", "Price")).to.deep.equal(prices);
  });

  it("shows text as text, and the browser itself refuses to make HTML of it", async () => {
    await view.go("#/portfolios/hostile");
    await view.page.getByText(HOSTILE_NAME, { exact: true }).waitFor();
    expect(await view.page.evaluate("window.harmed")).to.equal(undefined);
    const refused = await view.page.evaluate(`(() => {
      try { document.body.innerHTML = "<p>"; return false; } catch { return true; }
    })()`);
    expect(refused).to.equal(true);
    // Chromium logs each refusal, as it should.
    const logged = view.complaints.splice(0);
    expect(logged.join("\n")).to.contain("TrustedHTML");
  });

  it("runs no inline script and reaches no other origin, whoever asks", async () => {
    await view.go("#/");
    const other = platform.url.replace("127.0.0.1", "localhost");
    const reached = await view.page.evaluate(
      `fetch("${other}/livez", { mode: "no-cors" }).then(() => true, () => false)`,
    );
    expect(reached).to.equal(false);
    await view.page
      .evaluate(`(() => {
      const button = document.createElement("button");
      button.setAttribute("onclick", "window.harmed = 2");
      document.body.append(button);
      button.click();
      button.remove();
    })()`)
      .catch(() => undefined);
    expect(await view.page.evaluate("window.harmed")).to.equal(undefined);
    const logged = view.complaints.splice(0).join("\n");
    expect(logged).to.contain("connect-src");
  });

  it("shows the events of a topic from the start, all of them", async () => {
    const path = "/v1/events?topic=portfolio.events&aggregateId=hostile";
    const events = await view.rows(path);
    await view.go("#/events?topic=portfolio.events&aggregateId=hostile&from=start");
    await view.page
      .locator(".events li")
      .nth(events.length - 1)
      .waitFor();
    expect(await view.page.locator(".events strong").allTextContents()).to.deep.equal(
      events.map(({ type }) => type).toReversed(),
    );
    await post("/v1/portfolios/hostile/deposit-funds", {
      asset: "USDT",
      amount: "12.5",
      externalReference: "tail",
    });
    await view.page.locator(".events li", { hasText: "FundsDeposited" }).first().waitFor();
  });

  it("shows every projection with its generations and positions", async () => {
    await view.go("#/projections");
    const projections = await view.rows("/v1/projections");
    for (const { name, generations } of projections) {
      const shown = view.page.locator(`section[data-projection="${name}"]`);
      await shown.locator(".positions").first().waitFor();
      for (const { position } of generations as { position: Record<string, number> | null }[]) {
        for (const [partition, next] of Object.entries(position ?? {})) {
          const row = shown.locator(".positions li", { hasText: partition });
          expect(await row.locator(".amount").getAttribute("title"), partition).to.equal(`${next}`);
        }
      }
    }
  });

  it("explains a row by the events that made it", async () => {
    await view.go(`#/portfolios/${PORTFOLIO}`);
    const holdings = view.page.getByRole("region", { name: "Holdings", exact: true });
    await holdings.getByRole("link", { name: "explain" }).first().click();
    await view.page.getByRole("heading", { name: "A row of portfolios", level: 1 }).waitFor();
    const [asset] = await view.rows(`/v1/portfolios/${PORTFOLIO}/holdings`);
    const key = encodeURIComponent(JSON.stringify([PORTFOLIO, asset?.["asset"]]));
    const path = `/v1/projections/portfolios/explain?table=holdings&key=${key}&limit=200`;
    const { data, nextCursor } = JSON.parse(await (await fetch(platform.url + path)).text());
    await view.page.getByRole("region", { name: "Events that made the row" }).waitFor();
    const types = await view.column("Events that made the row", "Event");
    expect(types).to.deep.equal(data.events.map(({ type }: { type: string }) => type));
    // With the last page.
    if (nextCursor !== undefined) await view.page.getByRole("link", { name: "Next page" }).click();
    await view.page.locator(".badge", { hasText: "agrees" }).waitFor();
  });

  it("shows a moment of the past, goes along with it, and comes back to now", async () => {
    const funds = { asset: "USDT", amount: "7", externalReference: "later" };
    await post("/v1/portfolios/hostile/deposit-funds", funds);
    const events = await view.rows("/v1/events?topic=portfolio.events&aggregateId=hostile");
    const { topic, partition, position } = events[0] as Record<string, string | number>;
    await view.go(`#/portfolios?asOf=${topic}/${partition}/${position}`);
    await view.page.getByRole("status").getByText(`${topic}/${partition}/${position}`).waitFor();
    await view.page.locator(`a[href^="#/portfolios/hostile"]`).click();
    const cash = view.page.getByRole("region", { name: "Cash", exact: true });
    await cash.getByText("USDT").waitFor();
    expect(await view.column("Cash", "total")).to.deep.equal(["0"]);
    const [called] = await view.page.locator(".calls code").allTextContents();
    expect(called).to.include("asOf=");
    await view.page.getByRole("link", { name: "Back to now" }).click();
    await cash.locator('.amount:not([title="0"])').first().waitFor();
    // Nobody has assessed it.
    for (const path of view.takeMissing()) expect(path).to.match(/equity-curve|risk/);
  });

  it("shows how far a rebuild is, how fast, and how long it still takes", async () => {
    await view.go("#/");
    // By itself: one of these few rows is over before anybody looks.
    await view.page.evaluate(`(async () => {
      const { html, render } = await import("/console/library/htm-preact.js");
      const { Builds } = await import("/console/view/builds.ts");
      const at = (next) => ({ "a.events/0": next });
      const generation = { generation: 2, phase: "building", position: at(600), comparison: null,
        gapEvents: 400, gapEventsByPartition: at(400) };
      const projection = { name: "a", generations: [generation] };
      const readings = [[0, 400], [2_000, 600]].map(([atMs, next]) => {
        return { atMs, builds: new Map([["a 2", at(next)]]) };
      });
      const box = document.querySelector("main").appendChild(document.createElement("div"));
      render(html\`<\${Builds} projection=\${projection} readings=\${readings} />\`, box);
    })()`);
    const build = view.page.getByRole("group", { name: "Generation 2 of a" });
    const lines = await build.locator(".way").allTextContents();
    expect(lines).to.have.length(2);
    for (const line of lines) {
      for (const shown of ["600 of 1,000 events", "gap 400", "100 events/s", "4.0 s left"]) {
        expect(line).to.include(shown);
      }
    }
  });

  it("says what is parked in a projection", async () => {
    await view.go("#/projections?name=portfolios");
    await view.page.getByRole("heading", { name: "Parked in portfolios" }).waitFor();
    await view.page.getByText("No stream is parked.").waitFor();
  });

  for (const hash of ["#/strategies", "#/strategies/nobody", "#/social", "#/social/nobody"]) {
    it(`opens ${hash}, with the answer or the problem in its own words`, async () => {
      await view.go(hash);
      const part = view.page.locator("main .panel").first();
      await part.locator("table, .facts, .state, .problem").first().waitFor();
      for (const problem of await part.locator(".problem").all()) {
        expect(await problem.locator("code").textContent()).to.match(/^(ROUTE_)?NOT_FOUND$/);
      }
    });
  }

  it("draws who follows and copies whom", async () => {
    await view.go("#/");
    // The graph alone: the page around it is tested with the traders that the API has.
    await view.page.evaluate(`(async () => {
      const { html, render } = await import("/console/library/htm-preact.js");
      const { FollowerGraph, canDrawGraphs } = await import("/console/view/follower-graph.ts");
      window.drawsGraphs = canDrawGraphs();
      const traders = ["a", "b", "c"].map((id) => ({ id, label: id }));
      const edges = [
        { from: "a", to: "b", kind: "follows" },
        { from: "c", to: "b", kind: "copies" },
      ];
      const box = document.querySelector("main").appendChild(document.createElement("div"));
      const graph = { traders, edges, label: "three traders", onOpen: () => undefined };
      render(html\`<\${FollowerGraph} ...\${graph} />\`, box);
    })()`);
    expect(await view.page.evaluate("window.drawsGraphs")).to.equal(true);
    const graph = view.page.getByRole("img", { name: "three traders" });
    await graph.locator("canvas").first().waitFor();
  });

  it("shows what is asked behind each page, and the command that asks the same", async () => {
    await view.go(`#/portfolios/${PORTFOLIO}`);
    const calls = await view.page.locator(".calls code").allTextContents();
    const holdings = `/v1/portfolios/${PORTFOLIO}/holdings`;
    expect(calls).to.include(`curl '${platform.url}${holdings}'`);
    expect(calls).to.include(`cipherhorizon aggregates show portfolio ${PORTFOLIO}`);
  });

  it("says so where there is no such page and no such thing", async () => {
    await view.go("#/nowhere");
    await view.page.getByText("There is no page nowhere").waitFor();
    await view.go("#/portfolios/nobody");
    await view.page.getByText("there is no portfolio nobody").waitFor();
    expect(view.takeMissing()).to.deep.equal(["/v1/portfolios/nobody"]);
  });

  it("is used without a mouse", async () => {
    await view.go("#/");
    await view.page.reload();
    await view.page.getByRole("heading", { level: 1 }).waitFor();
    const focused = "document.activeElement?.textContent?.trim()";
    await view.page.keyboard.press("Tab");
    expect(await view.page.evaluate(focused)).to.equal("Skip to the page");
    for (let i = 0; i < 3; i += 1) await view.page.keyboard.press("Tab");
    expect(await view.page.evaluate(focused)).to.equal("Market");
    await view.page.keyboard.press("Enter");
    await view.page.getByRole("heading", { name: "Market", level: 1 }).waitFor();
    expect(await view.page.evaluate("document.activeElement?.tagName")).to.equal("H1");
  });
});
