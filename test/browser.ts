import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** No network of its own, no profile, no GPU: WebGL is drawn by the processor. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium of this machine (`CH_BROWSER`, else on the path); `null` where there is none. */
function browserPath(): string | null {
  const named = process.env["CH_BROWSER"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(existsSync) ?? null;
}

/** A suite that needs a browser; without one, it stands in the report as skipped. */
export function describeWithBrowser(
  title: string,
  suite: (launch: () => Promise<Browser>) => void,
): void {
  const executablePath = browserPath();
  if (executablePath === null) {
    const launch = () => Promise.reject(new Error("there is no browser"));
    describe.skip(`${title} (no ${NAMES.join(", ")} found; CH_BROWSER may name one)`, () => {
      suite(launch);
    });
    return;
  }
  describe(title, () => suite(() => chromium.launch({ executablePath, args: ARGUMENTS })));
}
