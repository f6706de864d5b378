import type { Request, Response } from "express";
import type { ApiKey } from "../access/api-key.ts";
import type { KeyRing, Recognised } from "../access/key-ring.ts";
import type { RateLimiter } from "../access/rate-limit.ts";
import type { Access, Caller } from "../access/roles.ts";
import { PlatformError } from "../errors/catalogue.ts";
import { refuseForeignPages } from "./guard.ts";
import { countRequest, sourceOfAddress } from "./rate-limit.ts";

/** What is asked of who comes to a server. */
export interface Door {
  /** null: only this machine reaches the server, and everybody on it may do everything. */
  readonly keys: Pick<KeyRing, "recognise" | "holds"> | null;
  /** How many requests a key, or an address without one, may make; null: any number. */
  readonly limiter: RateLimiter | null;
}

/** Of a server that this machine alone reaches. */
export const OPEN_DOOR: Door = { keys: null, limiter: null };

/** Who was let in, and whether they would be still. */
interface Admitted {
  readonly caller: Caller;
  readonly keyHolds: () => boolean;
}

const always = () => true;
/** Without keys, everybody on this machine is the same person. */
const EVERYBODY: Admitted = { caller: { actor: "anonymous", role: "operator" }, keyHolds: always };
/** Who bears no key sees what needs none. */
const STRANGER: Admitted = { caller: { actor: "anonymous", role: "reader" }, keyHolds: always };

const NO_KEY: Recognised = {
  key: null,
  reason: "A key is needed, as in Authorization: Bearer chk_…; whoever runs the server makes it.",
};

interface Entrance {
  readonly request: Request;
  readonly response: Response;
  readonly door: Door;
}

/**
 * The caller, if a route with this access is open to it: UNAUTHENTICATED, FORBIDDEN or RATE_LIMITED
 * if not. What needs no key is not counted: probes must be answered, and files are only files.
 */
export async function admit(access: Access, entrance: Entrance): Promise<Admitted> {
  const { request, response, door } = entrance;
  if (door.keys === null) refuseForeignPages(request);
  const { keys } = door;
  const { key, reason } = keys === null ? NO_KEY : recognise(request, keys);
  if (access !== "anyone") await count(key, entrance);
  if (keys === null) return EVERYBODY;
  if (key === null) {
    if (access === "anyone") return STRANGER;
    response.set("WWW-Authenticate", 'Bearer realm="cipherhorizon"');
    throw new PlatformError("UNAUTHENTICATED", reason);
  }
  const caller = callerWith(key);
  if (access !== "anyone" && !access.includes(caller.role)) throw forbidden(caller, access);
  return { caller, keyHolds: () => keys.holds(key) };
}

async function count(key: ApiKey | null, { request, response, door }: Entrance): Promise<void> {
  if (door.limiter === null) return;
  const source = key ? `key ${key.id}` : sourceOfAddress(request.socket.remoteAddress ?? "");
  await countRequest(door.limiter, source, response);
}

function recognise(request: Request, keys: NonNullable<Door["keys"]>): Recognised {
  const header = request.headers.authorization;
  if (header === undefined) return NO_KEY;
  const text = /^Bearer +([\x21-\x7e]+)$/i.exec(header)?.[1];
  if (text === undefined) return { key: null, reason: "Authorization must be: Bearer <key>." };
  return keys.recognise(text);
}

/** Who somebody is stands in the key, and in nothing that the request claims. */
function callerWith({ id, role, traderId }: ApiKey): Caller {
  return { role, actor: traderId ?? id };
}

function forbidden({ role }: Caller, access: readonly string[]): PlatformError {
  const detail = `This takes a key with the role ${access.join(" or ")}, and yours has ${role}.`;
  return new PlatformError("FORBIDDEN", detail, { facts: { role, roles: access } });
}
