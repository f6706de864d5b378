import { expect } from "chai";
import type { Browser } from "playwright-core";
import { describeWithBrowser } from "./browser.ts";
import { ConsolePage } from "./console-page.ts";
import { KeyedPlatform } from "./who-may/keyed-platform.ts";

describeWithBrowser("the console of a server that asks for keys", (launch) => {
  let keyed: KeyedPlatform;
  let browser: Browser;
  let view: ConsolePage;

  before(async function () {
    this.timeout(120_000);
    keyed = await KeyedPlatform.start();
    await keyed.send("anna", "/v1/portfolios/p-1/open-portfolio", { name: "Anna's" });
    await keyed.until("anna", "/v1/portfolios/p-1");
    browser = await launch();
    view = await ConsolePage.open(browser, keyed.platform.url);
  });
  after(async () => {
    await browser?.close();
    await keyed?.stop();
  });

  const form = () => view.page.getByRole("form", { name: "API key" });

  async function give(key: string): Promise<void> {
    await form().locator("input").fill(key);
    await form().getByRole("button").click();
  }

  it("asks for a key, says when it is wrong, and shows what a right one opens", async () => {
    await view.page.goto(`${view.url}/#/portfolios`);
    await form().getByText("asks for a key").waitFor();
    await give(`${keyed.keys.anna.slice(0, -1)}!`);
    await form().getByText("is not known").waitFor();
    view.complaints.splice(0);
    await give(keyed.keys.anna);
    await view.page.getByText("Anna's").first().waitFor();
    expect(await form().count()).to.equal(0);
    expect(view.complaints.filter((text) => !/401/.test(text))).to.deep.equal([]);
  });

  it("keeps it in the tab, out of the address and the page", async () => {
    view.complaints.splice(0);
    await view.page.reload();
    await view.page.getByText("Anna's").first().waitFor();
    expect(view.page.url()).not.to.contain(keyed.keys.anna);
    expect(await view.page.content()).not.to.contain(keyed.keys.anna.slice(17));
    await view.page.getByText('-H "Authorization: Bearer $CH_API_KEY"').first().waitFor();
    expect(view.complaints).to.deep.equal([]);
  });

  it("leads to the rows with it, and the API's own page asks with it", async () => {
    await view.page.getByRole("link", { name: "rows" }).first().click();
    await view.page.waitForURL(/^blob:/);
    expect(await view.page.textContent("body")).to.contain('"portfolioId":"p-1"');
    await view.page.goto(`${view.url}/docs`);
    await view.page.getByText("Open a portfolio").first().waitFor();
  });

  it("forgets it when it is told to", async () => {
    await view.page.goto(`${view.url}/#/portfolios`);
    await view.page.getByText("Anna's").first().waitFor();
    await view.page.getByRole("button", { name: "Forget the API key" }).click();
    await form().getByText("asks for a key").waitFor();
    const kept = await view.page.evaluate("sessionStorage.length");
    expect(kept).to.equal(0);
  });
});
