import { expect } from "chai";
import type { Browser, Page } from "playwright-core";

/** What a browser's log may say without anything being wrong. */
const HARMLESS = /GPU stall due to ReadPixels/;
const MISSING = /Failed to load resource.*404/;

type Json = Readonly<Record<string, unknown>>;

/** The console in a browser, and everything the browser had to say about it. */
export class ConsolePage {
  readonly page: Page;
  readonly url: string;
  /** Errors and warnings of the browser's log, uncaught errors, requests to elsewhere. */
  readonly complaints: string[] = [];
  readonly #missing = new Set<string>();

  private constructor(page: Page, url: string) {
    this.page = page;
    this.url = url;
  }

  static async open(browser: Browser, url: string): Promise<ConsolePage> {
    const context = await browser.newContext();
    const opened = new ConsolePage(await context.newPage(), url);
    opened.#listen();
    return opened;
  }

  #listen(): void {
    const { page, complaints } = this;
    page.on("console", (message) => {
      const text = message.text();
      // What is missing is kept with its address, below.
      if (HARMLESS.test(text) || MISSING.test(text)) return;
      if (message.type() === "error" || message.type() === "warning") complaints.push(text);
    });
    page.on("pageerror", (error) => complaints.push(`${error.stack}`));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== "data:" && origin !== this.url) complaints.push(`asked ${request.url()}`);
    });
    page.on("response", (response) => {
      const path = response.url().slice(this.url.length);
      if (response.status() === 404) this.#missing.add(path);
      else if (response.status() >= 400) complaints.push(`${response.status()} for ${path}`);
    });
  }

  /** Opens a place and waits until it has its heading and nothing is loading. */
  async go(hash: string): Promise<void> {
    await this.page.goto(`${this.url}/${hash}`);
    await this.page.locator("main h1").waitFor();
    const loading = this.page.locator("main .state", { hasText: "Loading" });
    for (let left = await loading.count(); left > 0; left = await loading.count()) {
      // Parts that have come may load parts of their own.
      await loading.first().waitFor({ state: "detached" });
    }
  }

  /** The texts of a table's column, by its title; figures by their whole value. */
  async column(table: string, title: string): Promise<readonly string[]> {
    const region = this.page.getByRole("region", { name: table, exact: true });
    const heads = await region.locator("thead th").allTextContents();
    const at = heads.indexOf(title);
    expect(at, `${table} has ${heads.join(", ")}`).to.be.at.least(0);
    const cells = await region.locator(`tbody td:nth-child(${at + 1})`).all();
    return Promise.all(
      cells.map(async (cell) => {
        const amount = cell.locator(".amount");
        const isFigure = (await amount.count()) > 0;
        return isFigure ? `${await amount.getAttribute("title")}` : `${await cell.textContent()}`;
      }),
    );
  }

  /** A named figure of a list of facts, whole. */
  async fact(name: string): Promise<string> {
    const fact = this.page.locator(".facts > div", {
      has: this.page.locator(`dt:text-is("${name}")`),
    });
    return `${await fact.locator(".amount").getAttribute("title")}`;
  }

  /** Addresses that were answered 404 since this was asked the last time. */
  takeMissing(): readonly string[] {
    const missing = [...this.#missing];
    this.#missing.clear();
    return missing;
  }

  async api(path: string): Promise<Json> {
    const response = await fetch(this.url + path);
    expect(response.status, path).to.equal(200);
    return (await response.json()) as Json;
  }

  async rows(path: string): Promise<readonly Json[]> {
    return (await this.api(path))["data"] as readonly Json[];
  }
}
