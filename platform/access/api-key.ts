import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { roles } from "./roles.ts";

const ID_BYTES = 6;
const SECRET_BYTES = 32;

/** `chk_<id>_<secret>`: the id finds the key, the 256 random bits prove it. */
const KEY = /^chk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** What is kept of a key: enough to know it again, too little to make it. */
export const apiKeySchema = z
  .strictObject({
    id: z.string().regex(/^[0-9a-f]{12}$/),
    role: z.enum(roles),
    /** The actor of its commands; null: the key's own id is. */
    traderId: z.string().min(1).max(200).nullable(),
    label: z.string().max(200),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    createdAt: z.iso.datetime(),
    /** Null: it holds until it is revoked. */
    expiresAt: z.iso.datetime().nullable(),
  })
  .refine(({ role, traderId }) => role !== "trader" || traderId !== null, {
    error: "is missing: a trader's key is of one trader",
    path: ["traderId"],
  });

export type ApiKey = Readonly<z.infer<typeof apiKeySchema>>;

export const apiKeyText = z.string().regex(KEY);

/** A new key with its text, which exists nowhere else. */
export function newApiKey(about: Omit<ApiKey, "id" | "sha256">): { text: string; key: ApiKey } {
  const id = randomBytes(ID_BYTES).toString("hex");
  const text = `chk_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { text, key: { id, ...about, sha256: sha256(text).toString("hex") } };
}

/** The id that the text claims; null: it is no key at all. */
export function idIn(text: string): string | null {
  return KEY.exec(text)?.[1] ?? null;
}

const NO_HASH = Buffer.alloc(32);

/**
 * Whether the text is this key. It takes as long for a wrong text and for no key as for the right
 * one. A plain hash is enough: nobody guesses 256 random bits, however fast the hash.
 */
export function isApiKey(text: string, key: ApiKey | null): boolean {
  const known = key === null ? NO_HASH : Buffer.from(key.sha256, "hex");
  return timingSafeEqual(sha256(text), known) && key !== null;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
