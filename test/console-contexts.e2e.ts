import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { describeWithBrowser } from "./browser.ts";
import { ConsolePage } from "./console-page.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { runCli } from "./run-cli.ts";

describeWithBrowser("the console, on strategies, risk and traders", (launch) => {
  let folder: string;
  let platform: PlatformProcess;
  let browser: Browser;
  let view: ConsolePage;

  before(async function () {
    this.timeout(180_000);
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-contexts-"));
    const demo = await runCli(["demo", "--exit", "--minutes", "10", "--data", folder]);
    expect(demo.exitCode, demo.stderr).to.equal(0);
    platform = await startPlatformProcess(folder);
    browser = await launch();
    view = await ConsolePage.open(browser, platform.url);
  });

  after(async () => {
    await view?.close();
    await browser?.close();
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

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
    const risk = (await view.api("/v1/portfolios/demo-maker/risk")) as { data: { equity: string } };
    const titles = await main.locator(".amount").evaluateAll((all) => {
      return all.map((one) => one.getAttribute("title"));
    });
    expect(titles).to.include(risk.data.equity);
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
