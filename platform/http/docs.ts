import { fileURLToPath } from "node:url";
import type { Response } from "express";
import { z } from "zod";
import { type Access, withAnyKey } from "../access/roles.ts";
import { type OpenApiOptions, openApiDocument } from "./openapi.ts";
import type { Route } from "./route.ts";

/** The viewer's own files, served from its package so that it works without a network. */
const VIEWER_FOLDER = fileURLToPath(new URL(".", import.meta.resolve("swagger-ui-dist")));
const VIEWER_FILES = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"] as const;
const START_SCRIPT = "start.js";

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>CipherHorizon API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" href="/docs/favicon-32x32.png">
    <script src="/docs/swagger-ui-bundle.js" defer></script>
    <script src="/docs/${START_SCRIPT}" defer></script>
  </head>
  <body><div id="viewer"></div></body>
</html>
`;

/** The key is the one that the console keeps in the tab (`console/api/key.ts`). */
const START = `const key = sessionStorage.getItem("cipherhorizon.apiKey");
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (key !== null) request.headers.Authorization ??= "Bearer " + key;
    return request;
  },
});
`;

/** `/openapi.json` describes `options.routes` and these routes; `/docs` shows it. */
export function documentRoutes(options: OpenApiOptions): readonly Route[] {
  const own: readonly Route[] = [documentRoute(() => text), pageRoute(), fileRoute()];
  const routes = [...options.routes, ...own];
  const text: string = JSON.stringify(openApiDocument({ ...options, routes }));
  return own;
}

function documentRoute(text: () => string): Route {
  return {
    ...page("/openapi.json", "openApiDocument", "This document"),
    access: withAnyKey,
    answers: [answer("application/json", z.record(z.string(), z.unknown()))],
    handle: async (_request, response) => {
      response.type("application/json").send(text());
    },
  };
}

function pageRoute(): Route {
  return {
    ...page("/docs", "apiViewer", "The API document as a page to read and to try"),
    answers: [answer("text/html", z.string())],
    handle: async (_request, response) => {
      secure(response).type("text/html").send(PAGE);
    },
  };
}

function fileRoute(): Route {
  return {
    ...page("/docs/{file}", "apiViewerFile", "A file of the viewer"),
    pathParameters: z.strictObject({ file: z.enum([START_SCRIPT, ...VIEWER_FILES]) }),
    pathExample: { file: START_SCRIPT },
    answers: [answer("application/octet-stream", null)],
    handle: async ({ path }, response) => {
      const file = path["file"] ?? "";
      if (file === START_SCRIPT) secure(response).type("text/javascript").send(START);
      else await sendFile(secure(response), file);
    },
  };
}

function page(path: string, operationId: string, summary: string) {
  return {
    method: "GET",
    path,
    operationId,
    tag: "documentation",
    summary,
    access: "anyone" as Access,
    pathParameters: null,
    pathExample: {},
    query: null,
    body: null,
    headers: [],
  } as const satisfies Partial<Route>;
}

function answer(contentType: string, schema: z.ZodType | null) {
  return { status: 200, description: "As asked for", contentType, schema };
}

function secure(response: Response): Response {
  return response.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
}

function sendFile(response: Response, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    response.sendFile(file, { root: VIEWER_FOLDER }, (error) => {
      if (error === undefined || error === null || response.headersSent) resolve();
      else reject(error);
    });
  });
}
