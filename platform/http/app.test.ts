import { expect } from "chai";
import { startTestServer, type TestServer } from "./test-server.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

describe("the HTTP app", () => {
  let server: TestServer;
  const logged: string[] = [];

  before(async () => {
    server = await startTestServer([], { write: (line) => void logged.push(line) });
  });
  after(() => server.close(1_000));

  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${server.url}${path}`, init);
    const text = await response.text();
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, body };
  }

  function post(path: string, body: string | Buffer, contentType = "application/json") {
    const headers = { "Content-Type": contentType };
    return ask(path, { method: "POST", body: body as string, headers });
  }

  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer.body["code"], JSON.stringify(answer.body)).equal(code);
    expect(answer.status).equal(status);
    expect(answer.headers.get("content-type")).match(/^application\/problem\+json/);
    expect(answer.body).include({ status, type: `urn:cipherhorizon:error:${kebab(code)}` });
    expect(answer.body["instance"]).match(/^urn:uuid:/);
    expect(answer.body["detail"]).a("string");
    expect(answer.body["title"]).a("string");
    expect(answer.body["retryable"]).a("boolean");
  }

  function kebab(code: string): string {
    return code.toLowerCase().replaceAll("_", "-");
  }

  function pointers(answer: Answer): readonly string[] {
    const errors = answer.body["errors"] as readonly { pointer: string }[];
    return errors.map(({ pointer }) => pointer);
  }

  describe("routes", () => {
    it("an unknown path is 404, another method 405 with Allow, OPTIONS 204", async () => {
      expectProblem(await ask("/v1/nowhere"), 404, "ROUTE_NOT_FOUND");
      expectProblem(await ask("/V1/things"), 404, "ROUTE_NOT_FOUND");
      expectProblem(await ask("/v1/things/"), 404, "ROUTE_NOT_FOUND");
      const wrong = await ask("/v1/things/t-1/price");
      expectProblem(wrong, 405, "METHOD_NOT_ALLOWED");
      expect(wrong.headers.get("allow")).equal("POST, OPTIONS");
      const options = await ask("/v1/things", { method: "OPTIONS" });
      expect([options.status, options.headers.get("allow")]).deep.equal([
        204,
        "GET, HEAD, OPTIONS",
      ]);
    });

    it("a literal segment goes before a parameter, and other methods stay reachable", async () => {
      expect((await ask("/v1/things/import", { method: "POST" })).status).equal(200);
      expect((await ask("/v1/things/import")).status).equal(200);
    });

    it("HEAD answers as GET, without the body", async () => {
      const answer = await ask("/v1/things", { method: "HEAD" });
      expect([answer.status, answer.body]).deep.equal([200, {}]);
    });
  });

  describe("path and query", () => {
    it("names the path's wrong parameter", async () => {
      const answer = await ask(`/v1/things/${"x".repeat(200)}`);
      expectProblem(answer, 400, "INVALID_REQUEST");
      expect(pointers(answer)).deep.equal(["/path/id"]);
    });

    it("refuses unknown and repeated query parameters", async () => {
      const unknown = await ask("/v1/things?limit=1&limot=2");
      expectProblem(unknown, 400, "INVALID_REQUEST");
      expect(pointers(unknown)).deep.equal(["/query/limot"]);
      expectProblem(await ask("/v1/things?limit=1&limit=2"), 400, "INVALID_REQUEST");
      expectProblem(await ask("/v1/things/t-1?a=1"), 400, "INVALID_REQUEST");
      expectProblem(await ask("/v1/things?__proto__=1"), 400, "INVALID_REQUEST");
      expectProblem(await ask(`/v1/things?${"a&".repeat(65)}`), 400, "INVALID_REQUEST");
    });

    it("refuses broken percent-encoding in path and query", async () => {
      for (const path of ["/v1/things/%", "/v1/things/%ff", "/v1/things?limit=%e0%80", "/%"]) {
        const answer = await server.raw(
          `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
        );
        expect(answer, path).match(/^HTTP\/1\.1 40[04] /);
        expect(answer).contain("application/problem+json");
      }
    });
  });

  describe("bodies", () => {
    const path = "/v1/things/t-1/price";
    const good = { price: "1.5", at: 0 };

    it("keeps every digit of a price given as a number", async () => {
      const sent = '{"price": 12345678901234567.123456789012345678, "at": "2026-01-01T00:00:00Z"}';
      const { body } = await post(path, sent);
      expect(body).include({ price: "12345678901234567.123456789012345678", id: "t-1" });
      expect(body["at"]).equal(Date.UTC(2026, 0, 1));
      expect((await post(path, '{"price":2.5e-7,"at":0}')).body["price"]).equal("0.00000025");
    });

    it("names each wrong field by its pointer", async () => {
      const wrong = { ...good, price: "x", lots: [{ quantity: 1 }, {}], "a/b~c": 1, note: 5 };
      const answer = await post(path, JSON.stringify(wrong));
      expectProblem(answer, 400, "INVALID_REQUEST");
      expect(pointers(answer)).have.members(["/price", "/lots/1/quantity", "/note", "/a~1b~0c"]);
    });

    it("refuses numbers that are too large or too precise, wherever they stand", async () => {
      const wrong = [
        '{"price":1e400,"at":0}',
        '{"price":1e20,"at":0}',
        '{"price":0.1234567890123456789,"at":0}',
        '{"price":1,"at":1e400}',
        '{"price":1,"at":0.5}',
        '{"price":1,"at":0,"count":9007199254740993}',
        '{"price":1,"at":0,"count":1e6666}',
      ];
      for (const text of wrong) expectProblem(await post(path, text), 400, "INVALID_REQUEST");
    });

    it("is not harmed by __proto__ and repeated keys", async () => {
      const proto = await post(path, '{"price":1,"at":0,"__proto__":{"note":"x"}}');
      expectProblem(proto, 400, "INVALID_REQUEST");
      expect((await post(path, '{"price":1,"price":2,"at":0}')).body["price"]).equal("2");
    });

    it("says where malformed JSON goes wrong", async () => {
      const answer = await post(path, '{"price":1,\n"at":}');
      expectProblem(answer, 400, "MALFORMED_JSON");
      expect(answer.body["detail"]).contain("line 2, column 6");
      expectProblem(await post(path, ""), 400, "MALFORMED_JSON");
      const notUtf8 = Buffer.from([0x22, 0xff, 0x22]);
      expectProblem(await post(path, notUtf8), 400, "MALFORMED_JSON");
      expectProblem(await post(path, "[".repeat(90_000)), 400, "MALFORMED_JSON");
    });

    it("refuses other content types, charsets and encodings", async () => {
      const text = JSON.stringify(good);
      for (const type of ["text/plain", "application/xml", "application/json; charset=latin1"]) {
        expectProblem(await post(path, text, type), 415, "UNSUPPORTED_MEDIA_TYPE");
      }
      expect((await post(path, text, "Application/JSON; charset=UTF-8")).status).equal(200);
      const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
      const gzip = await ask(path, { method: "POST", body: text, headers });
      expectProblem(gzip, 415, "UNSUPPORTED_MEDIA_TYPE");
      expectProblem(await ask(path, { method: "POST" }), 415, "UNSUPPORTED_MEDIA_TYPE");
    });

    it("refuses a body over its limit, announced or not", async () => {
      expectProblem(await post(path, " ".repeat(100_001)), 413, "BODY_TOO_LARGE");
      const chunks = new ReadableStream({
        start(controller) {
          for (let n = 0; n < 11; n += 1) controller.enqueue(new Uint8Array(10_000).fill(32));
          controller.close();
        },
      });
      const init = { method: "POST", body: chunks, duplex: "half" } as RequestInit;
      const headers = { "Content-Type": "application/json" };
      expectProblem(await ask(path, { ...init, headers }), 413, "BODY_TOO_LARGE");
    });

    it("refuses a body where none is taken", async () => {
      expectProblem(await post("/v1/things/import", "{}"), 400, "INVALID_REQUEST");
    });
  });

  describe("errors of handlers", () => {
    it("a refusal is 422 with its facts and its context's title", async () => {
      const answer = await ask("/v1/refused");
      expectProblem(answer, 422, "TOO_POOR");
      expect(answer.body).include({ required: "5", available: "3", title: "Too poor" });
    });

    it("a defect is 500, told to the log and not to the caller", async () => {
      for (const path of ["/v1/broken", "/v1/nothing"]) {
        const answer = await ask(path);
        expectProblem(answer, 500, "INTERNAL");
        expect(JSON.stringify(answer.body)).not.contain("secret");
        const correlationId = answer.headers.get("x-correlation-id") ?? "none";
        const line = logged.find((text) => text.includes(correlationId)) ?? "";
        expect(JSON.parse(line)).include({ level: "error", code: "INTERNAL", path });
      }
      expect(logged.some((line) => line.includes("the secret of the house"))).equal(true);
    });
  });

  describe("every answer", () => {
    it("carries the trace and the correlation id it came with", async () => {
      const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
      const correlationId = "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f";
      const headers = { traceparent, "X-Correlation-Id": correlationId };
      for (const path of ["/v1/things", "/v1/nowhere", "/v1/broken"]) {
        const answer = await ask(path, { headers });
        expect(answer.headers.get("traceparent")).equal(traceparent);
        expect(answer.headers.get("x-correlation-id")).equal(correlationId);
      }
      const broken = await ask("/v1/things", { headers: { "X-Correlation-Id": "mine" } });
      expectProblem(broken, 400, "INVALID_HEADER");
    });

    it("is not to be sniffed, framed or told by whom it was made", async () => {
      const { headers } = await ask("/v1/things");
      expect(headers.get("x-content-type-options")).equal("nosniff");
      expect(headers.get("content-security-policy")).contain("default-src 'none'");
      expect(headers.get("x-powered-by")).equal(null);
    });
  });

  describe("web pages of others", () => {
    it("do not get in by a name that resolves to this machine", async () => {
      const answer = await server.raw(
        "GET /v1/things HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
      );
      expect(answer)
        .match(/^HTTP\/1\.1 400 /)
        .and.contain("INVALID_HEADER");
    });

    it("can't change anything, while our own page can", async () => {
      const post = (origin: string) => {
        return ask("/v1/things/import", { method: "POST", headers: { Origin: origin } });
      };
      expectProblem(await post("https://evil.example"), 400, "INVALID_HEADER");
      expectProblem(await post("null"), 400, "INVALID_HEADER");
      expect((await post(server.url)).status).equal(200);
    });
  });
});
