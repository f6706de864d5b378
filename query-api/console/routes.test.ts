import { createHash } from "node:crypto";
import { expect } from "chai";
import { platformErrors } from "../../platform/errors/catalogue.ts";
import { createApp } from "../../platform/http/app.ts";
import { OPEN_DOOR } from "../../platform/http/door.ts";
import { listen, type RunningServer } from "../../platform/http/server.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { ConsoleContent } from "./content.ts";
import { LIBRARIES } from "./libraries.ts";
import { consoleRoutes } from "./routes.ts";

describe("the console's files", () => {
  let server: RunningServer;
  before(async () => {
    const app = createApp({
      door: OPEN_DOOR,
      routes: consoleRoutes(),
      catalogue: platformErrors,
      logger: createLogger("silent"),
    });
    server = await listen(app, { host: "127.0.0.1", port: 0, door: OPEN_DOOR });
  });
  after(() => server.close(1_000));

  function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(server.url + path, { headers });
  }

  /** The policy's directives by name. */
  function policyOf(response: Response): ReadonlyMap<string, string> {
    const text = response.headers.get("Content-Security-Policy") ?? "";
    return new Map(
      text.split("; ").map((directive) => {
        const [name = "", ...values] = directive.split(" ");
        return [name, values.join(" ")];
      }),
    );
  }

  it("begin with a page whose policy allows this origin and its import map alone", async () => {
    const response = await get("/");
    const page = await response.text();
    expect(response.headers.get("Content-Type")).to.equal("text/html; charset=utf-8");
    const inline = [...page.matchAll(/<script[^>]*>([^<]+)<\/script>/g)].map(([, text]) => text);
    expect(inline).to.have.length(1);
    const hash = createHash("sha256").update(`${inline[0]}`).digest("base64");
    const policy = policyOf(response);
    expect(policy.get("default-src")).to.equal("'none'");
    expect(policy.get("script-src")).to.equal(`'self' 'sha256-${hash}'`);
    for (const name of ["style-src", "connect-src"]) expect(policy.get(name)).to.equal("'self'");
    expect(policy.get("require-trusted-types-for")).to.equal("'script'");
    expect(policy.get("frame-ancestors")).to.equal("'none'");
    expect(page).not.to.match(/https?:|\sstyle=|\son\w+=/);
  });

  it("are all served, with the type that a browser wants under nosniff", async () => {
    const names = new ConsoleContent().names();
    expect(names).to.include.members(["main.ts", "style.css", "icon.svg", "library/sigma.js"]);
    const types = { ts: "text/javascript", js: "text/javascript", css: "text/css" } as const;
    for (const name of names) {
      const response = await get(`/console/${name}`);
      expect(response.status, name).to.equal(200);
      const type = types[name.split(".").at(-1) as keyof typeof types] ?? "image/svg+xml";
      expect(response.headers.get("Content-Type"), name).to.equal(`${type}; charset=utf-8`);
      expect(response.headers.get("X-Content-Type-Options")).to.equal("nosniff");
    }
  });

  it("come without their types, each line where it was", async () => {
    const text = await (await get("/console/state/place.ts")).text();
    expect(text).to.contain("export function parsePlace(hash");
    expect(text).not.to.match(/: string|interface Place/);
  });

  it("import nothing but each other and the libraries of the table", async () => {
    const content = new ConsoleContent();
    const libraries = new Set(LIBRARIES.map(({ specifier }) => specifier));
    const names = new Set(content.names());
    const missing: string[] = [];
    for (const name of content.names().filter((one) => one.endsWith(".ts"))) {
      const { body } = (await content.file(name)) ?? { body: "" };
      for (const [, specifier = ""] of body.matchAll(/(?:from |import\()"([^"]+)"/g)) {
        const target = new URL(specifier, `console:/${name}`).pathname.slice(1);
        const isThere = specifier.startsWith(".") ? names.has(target) : libraries.has(specifier);
        if (!isThere) missing.push(`${name}: ${specifier}`);
      }
    }
    expect(missing).to.deep.equal([]);
  });

  it("are told to be the same by their ETag", async () => {
    for (const path of ["/", "/console/main.ts", "/console/library/preact.js"]) {
      const etag = (await get(path)).headers.get("ETag") ?? "";
      expect(etag).to.match(/^"[\w-]{22}"$/);
      const again = await get(path, { "If-None-Match": etag });
      expect(again.status, path).to.equal(304);
      expect(await again.text()).to.equal("");
      expect((await get(path, { "If-None-Match": '"other"' })).status).to.equal(200);
    }
  });

  it("are these alone: no tests, no settings, no name that climbs", async () => {
    const refused = [
      "/console/tsconfig.json",
      "/console/main.test.ts",
      "/console/state/place.test.ts",
      "/console/library/express.js",
      "/console/state",
      "/console/..%2fpackage.json",
      "/console/%2e%2e/package.json",
      "/console/library/..%2f..%2fpackage.json",
      "/console/pages/%2e%2e%2fmain.ts",
      "/console/pages//overview.ts",
      "/console/toString",
      "/console/__proto__",
      "/console/main.ts%00",
    ];
    for (const path of refused) {
      const response = await get(path);
      expect(response.status, path).to.be.within(400, 404);
      expect(response.headers.get("Content-Type"), path).to.contain("application/problem+json");
    }
  });
});
