import type { Response } from "express";
import { z } from "zod";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { Route, RouteHeader, RouteRequest } from "../../platform/http/route.ts";
import { matchesEtag } from "../reading/etag.ts";
import { ConsoleContent, etagOf, type ServedFile } from "./content.ts";
import { PAGE, PAGE_SECURITY_POLICY } from "./page.ts";

const HEADERS: readonly RouteHeader[] = [
  { name: "If-None-Match", description: "The ETag of an earlier answer.", example: '"abc"' },
];

const nameField = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z-]*(\.[a-z]+)?$/, { error: "must be the name of a file of the console" });

/** The operator's page at `/`, and its files below `/console`. */
export function consoleRoutes(): readonly Route[] {
  const content = new ConsoleContent();
  return [pageRoute(), fileRoute(content), folderRoute(content)];
}

function pageRoute(): Route {
  const page = { contentType: "text/html", body: PAGE, etag: etagOf(PAGE) };
  return {
    ...served("/", "console", "The operator's page"),
    answers: [answer("text/html", z.string())],
    handle: async (request, response) => {
      response.set("Content-Security-Policy", PAGE_SECURITY_POLICY);
      send(request, response, page);
    },
  };
}

function fileRoute(content: ConsoleContent): Route {
  return {
    ...served("/console/{file}", "consoleFile", "A file of the operator's page"),
    pathParameters: z.strictObject({ file: nameField }),
    pathExample: { file: "main.ts" },
    answers: [answer("application/octet-stream", null)],
    handle: async (request, response) => {
      send(request, response, await existing(content, `${request.path["file"]}`));
    },
  };
}

function folderRoute(content: ConsoleContent): Route {
  return {
    ...served("/console/{folder}/{file}", "consoleFolderFile", "A file of the operator's page"),
    pathParameters: z.strictObject({ folder: nameField, file: nameField }),
    pathExample: { folder: "library", file: "preact.js" },
    answers: [answer("application/octet-stream", null)],
    handle: async (request, response) => {
      const { folder, file } = request.path;
      send(request, response, await existing(content, `${folder}/${file}`));
    },
  };
}

function served(path: string, operationId: string, summary: string) {
  return {
    method: "GET",
    path,
    operationId,
    tag: "console",
    summary,
    access: "anyone",
    pathParameters: null,
    pathExample: {},
    query: null,
    body: null,
    headers: HEADERS,
  } as const;
}

function answer(contentType: string, schema: z.ZodType | null) {
  return { status: 200, description: "As asked for", contentType, schema };
}

async function existing(content: ConsoleContent, name: string): Promise<ServedFile> {
  const file = await content.file(name);
  if (file === null) throw new PlatformError("NOT_FOUND", `the console has no file ${name}`);
  return file;
}

function send({ raw }: RouteRequest, response: Response, file: ServedFile): void {
  response.set("ETag", file.etag);
  if (matchesEtag(raw.get("If-None-Match"), file.etag)) response.status(304).end();
  else response.type(file.contentType).send(file.body);
}
