import type { Request, Response } from "express";
import type { ZodObject, ZodType } from "zod";
import type { Access, Caller } from "../access/roles.ts";

/**
 * One route of the API as data: Express serves it, the OpenAPI document describes it, and the
 * tests of wrong requests are generated from it. `P`, `Q`, `B`: path, query and body after parsing.
 */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** OpenAPI form: `/v1/portfolios/{id}/deposit-funds`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  /** Who may call it. */
  readonly access: Access;
  readonly pathParameters: ZodObject | null;
  readonly pathExample: Readonly<Record<string, string>>;
  /** Unknown query parameters are refused: schemas are strict. */
  readonly query: ZodObject | null;
  readonly body: RouteBody | null;
  readonly headers: readonly RouteHeader[];
  readonly answers: readonly RouteAnswer[];
  readonly handle: (request: RouteRequest, response: Response) => Promise<void>;
}

interface RouteBody {
  /** `application/json` bodies are read whole (≤ 1 MiB) and parsed by `schema` before `handle`;
   *  `application/x-ndjson` bodies are left unread for `handle` (see `ndjson.ts`). */
  readonly contentTypes: readonly ("application/json" | "application/x-ndjson")[];
  readonly schema: ZodType;
  readonly example: unknown;
}

export interface RouteHeader {
  readonly name: string;
  readonly description: string;
  readonly example: string;
}

export interface RouteAnswer {
  readonly status: number;
  readonly description: string;
  readonly contentType: string;
  readonly schema: ZodType | null;
  readonly example?: unknown;
}

export interface RouteRequest {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Parsed by the body's schema; undefined for an NDJSON body. */
  readonly body: unknown;
  readonly identity: RequestIdentity;
  /** False once the key was revoked or has expired: what takes long looks, and ends. */
  readonly keyHolds: () => boolean;
  readonly raw: Request;
}

/** Who asks and in which conversation. */
interface RequestIdentity extends Caller, Conversation {}

export interface Conversation {
  readonly correlationId: string;
  /** W3C trace context as it came in, else a new one. */
  readonly traceparent: string;
}
