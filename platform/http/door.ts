import type { Request, Response } from "express";
import type { ApiKey } from "../access/api-key.ts";
import type { KeyRing, Recognised } from "../access/key-ring.ts";
import type { Access, Caller } from "../access/roles.ts";
import { PlatformError } from "../errors/catalogue.ts";
import { refuseForeignPages } from "./guard.ts";

/** What is asked of who comes to a server. */
export interface Door {
  /** null: only this machine reaches the server, and everybody on it may do everything. */
  readonly keys: Pick<KeyRing, "recognise"> | null;
}

/** Of a server that this machine alone reaches. */
export const OPEN_DOOR: Door = { keys: null };

/** Without keys, everybody on this machine is the same person. */
const EVERYBODY: Caller = { actor: "anonymous", role: "operator" };
/** Who bears no key sees what needs none. */
const STRANGER: Caller = { actor: "anonymous", role: "reader" };

const NO_KEY: Recognised = {
  key: null,
  reason: "A key is needed, as in Authorization: Bearer chk_…; whoever runs the server makes it.",
};

/** The caller, if a route with this access is open to it; UNAUTHENTICATED or FORBIDDEN if not. */
export function admit(
  access: Access,
  { request, response, door }: { request: Request; response: Response; door: Door },
): Caller {
  if (door.keys === null) {
    refuseForeignPages(request);
    return EVERYBODY;
  }
  const { key, reason } = recognise(request, door.keys);
  if (key === null) {
    if (access === "anyone") return STRANGER;
    response.set("WWW-Authenticate", 'Bearer realm="cipherhorizon"');
    throw new PlatformError("UNAUTHENTICATED", reason);
  }
  const caller = callerWith(key);
  if (access === "anyone" || access.includes(caller.role)) return caller;
  throw forbidden(caller, access);
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
