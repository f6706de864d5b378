import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { ConsolePage } from "./console-page.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { runCli } from "./run-cli.ts";

/** The page of a platform that serves what the demo has made of so many minutes. */
export interface DemoConsole {
  readonly platform: PlatformProcess;
  readonly view: ConsolePage;
  close(): Promise<void>;
}

export async function openDemoConsole(
  launch: () => Promise<Browser>,
  minutes: number,
): Promise<DemoConsole> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-console-"));
  let platform: PlatformProcess | null = null;
  let browser: Browser | null = null;
  const close = async () => {
    await browser?.close();
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const demo = await runCli(["demo", "--exit", "--minutes", `${minutes}`, "--data", folder]);
    expect(demo.exitCode, demo.stderr).to.equal(0);
    platform = await startPlatformProcess(folder);
    browser = await launch();
    const view = await ConsolePage.open(browser, platform.url);
    return { platform, view, close };
  } catch (error) {
    await close();
    throw error;
  }
}
