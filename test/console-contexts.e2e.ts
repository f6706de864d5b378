import { expect } from "chai";
import { describeWithBrowser } from "./browser.ts";
import type { ConsolePage } from "./console-page.ts";
import { type DemoConsole, openDemoConsole } from "./demo-console.ts";

describeWithBrowser("the console, on strategies, risk and traders", (launch) => {
  let opened: DemoConsole;
  let view: ConsolePage;

  before(async function () {
    this.timeout(180_000);
    opened = await openDemoConsole(launch, 10);
    view = opened.view;
  });

  after(() => opened?.close());

  afterEach(async () => {
    expect(view.complaints.splice(0)).to.deep.equal([]);
    expect(view.takeMissing()).to.deep.equal([]);
    expect(await view.page.locator("main .problem").allTextContents()).to.deep.equal([]);
  });

  it("shows the strategies, and one's rules, status and versions", async () => {
    await view.go("#/strategies");
    await view.page.locator("main table").first().waitFor();
    const text = await view.page.locator("main").textContent();
    expect(text).to.include("Momentum of bitcoin").and.include("Back to the mean");
    await view.go("#/strategies/demo-momentum");
    const main = view.page.locator("main");
    await main.filter({ hasText: "above_70" }).waitFor();
    expect(await main.textContent())
      .to.include("RSI")
      .and.match(/active/i);
  });

  it("shows a portfolio's equity, its risk as the API tells it, and its limits", async () => {
    await view.go("#/portfolios/demo-maker");
    const main = view.page.locator("main");
    await main.filter({ hasText: "breached" }).waitFor();
    const risk = (await view.api("/v1/portfolios/demo-maker/risk")) as {
      data: { now: { equity: string } };
    };
    const titles = await main.locator(".amount").evaluateAll((all) => {
      return all.map((one) => one.getAttribute("title"));
    });
    expect(titles).to.include(risk.data.now.equity);
    expect(await main.textContent()).to.match(/position notional/i);
  });

  it("draws the demonstration's traders, and shows one's followers and copiers", async () => {
    await view.go("#/social");
    await view.page.locator("main canvas").first().waitFor();
    await view.go("#/social/demo-maker");
    const main = view.page.locator("main");
    await main.filter({ hasText: "demo_coins" }).waitFor();
    expect(await main.textContent()).to.include("demo_steady");
    expect(await main.textContent()).to.include("generation social 1, ");
  });
});
