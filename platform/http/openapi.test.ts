import { expect } from "chai";
import { z } from "zod";
import { platformErrors } from "../errors/catalogue.ts";
import { openApiDocument } from "./openapi.ts";
import { startTestServer, type TestServer, testRoute, testRoutes } from "./test-server.ts";

interface Operation {
  readonly parameters: readonly { name: string; in: string; required: boolean; example: string }[];
  readonly requestBody: { content: Record<string, { schema: unknown; example: unknown }> };
  readonly responses: Record<string, unknown>;
  readonly security: readonly Record<string, readonly string[]>[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, unknown>; responses: Record<string, unknown> };
}

function documentOf(routes = testRoutes): Document {
  const document = openApiDocument({ routes, catalogue: platformErrors, version: "1.2.3" });
  return JSON.parse(JSON.stringify(document)) as Document;
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    return key === "$ref" ? [String(inner)] : referencesIn(inner);
  });
}

function resolve(document: unknown, reference: string): unknown {
  let value = document;
  for (const key of reference.replace("#/", "").split("/")) {
    value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return value;
}

describe("the OpenAPI document", () => {
  const document = documentOf();

  it("has every route, and nothing else", () => {
    const listed = Object.entries(document.paths).flatMap(([path, operations]) => {
      return Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`);
    });
    expect(listed).have.members(testRoutes.map(({ method, path }) => `${method} ${path}`));
    expect(document.openapi).equal("3.1.0");
  });

  it("has no reference that leads nowhere", () => {
    const references = new Set(referencesIn(document));
    expect(references.size).greaterThan(5);
    for (const reference of references)
      expect(resolve(document, reference), reference).an("object");
  });

  it("describes parameters, body and answers of an operation", () => {
    const operation = document.paths["/v1/things/{id}/price"]?.["post"] as Operation;
    const id = operation.parameters.find(({ name }) => name === "id");
    expect(id).include({ in: "path", required: true, example: "t-1" });
    const content = operation.requestBody.content["application/json"];
    expect(content?.schema).nested.include({
      type: "object",
      "properties.price.anyOf[0].type": "string",
      additionalProperties: false,
    });
    expect(Object.keys(operation.responses)).include.members(["200", "400", "413", "415", "422"]);
  });

  it("says of every operation which roles it takes", () => {
    const routes = [
      testRoute({ path: "/a", access: "anyone" }),
      testRoute({ path: "/b", access: ["trader", "operator"] }),
    ];
    const { paths } = documentOf(routes);
    expect(paths["/a"]?.["get"]?.security).deep.equal([]);
    expect(Object.keys(paths["/a"]?.["get"]?.responses ?? {})).not.include("401");
    expect(paths["/b"]?.["get"]?.security).deep.equal([
      { apiKey: ["trader"] },
      { apiKey: ["operator"] },
    ]);
    expect(Object.keys(paths["/b"]?.["get"]?.responses ?? {})).include.members(["401", "403"]);
  });

  it("names every code of the catalogue", () => {
    const text = JSON.stringify(document.components.responses);
    for (const code of Object.keys(platformErrors)) expect(text).contain(`\`${code}\``);
  });

  it("is the same text whatever the order of the routes", () => {
    expect(JSON.stringify(documentOf([...testRoutes].reverse()))).equal(JSON.stringify(document));
  });

  it("shares schemas that have a name, and refuses two of one name", () => {
    const named = (shape: z.ZodType, path: string) => {
      const schema = z.object({ thing: shape.meta({ id: "Thing" }) });
      const answer = { status: 200, description: "", contentType: "application/json", schema };
      return testRoute({ path, answers: [answer] });
    };
    const shared = documentOf([named(z.string(), "/a")]);
    expect(shared.components.schemas["Thing"]).include({ type: "string" });
    expect(JSON.stringify(shared.paths)).contain("#/components/schemas/Thing");
    const two = [named(z.string(), "/a"), named(z.number(), "/b")];
    expect(() => documentOf(two)).throw("both named Thing");
  });
});

describe("the viewer", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close(1_000));

  it("is a page without a script of its own, and needs no other server", async () => {
    const response = await fetch(`${server.url}/docs`);
    const page = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).contain("script-src 'self'").and.not.contain("unsafe");
    expect(page).not.match(/https?:|<script>|style=/);
    for (const [, path] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const file = await fetch(`${server.url}${path}`);
      expect(file.status, path).equal(200);
      expect((await file.arrayBuffer()).byteLength).greaterThan(50);
    }
    const script = await fetch(`${server.url}/docs/start.js`);
    expect(script.headers.get("content-type")).contain("text/javascript");
    expect(await script.text()).contain("/openapi.json");
  });

  it("serves no other file", async () => {
    for (const file of ["package.json", "..%2fpackage.json", "%2e%2e/package.json", "index.html"]) {
      expect((await fetch(`${server.url}/docs/${file}`)).status, file).within(400, 404);
    }
  });

  it("shows a document with its own routes, too", async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document;
    expect(Object.keys(document.paths)).include.members(["/docs", "/openapi.json", "/readyz"]);
  });
});
