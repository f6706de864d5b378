import { createHash } from "node:crypto";
import { HEAD_BYTES } from "../codec/wire.ts";
import type { NewRecord } from "./log.ts";

const MODULUS = 2n ** 256n;
const HEX_DIGITS = 64;
/** What another log makes anew. */
const MADE_ANEW: ReadonlySet<string> = new Set(["ce_epoch", "ce_causationposition"]);

/**
 * What the events of a topic or partition say, wherever they stand: the sum mod 2^256 of SHA-256
 * over key, headers and Avro body of each. Positions, epochs and schema ids are not in it.
 */
export class ContentDigest {
  #sum = 0n;

  add({ key, headers, value }: NewRecord): void {
    const kept = Object.entries(headers).filter(([name]) => !MADE_ANEW.has(name));
    const hash = createHash("sha256");
    hash.update(JSON.stringify([key, kept.toSorted(([a], [b]) => (a < b ? -1 : 1))]));
    hash.update("\n");
    hash.update(value.subarray(HEAD_BYTES));
    this.#sum = (this.#sum + BigInt(`0x${hash.digest("hex")}`)) % MODULUS;
  }

  include(other: ContentDigest): void {
    this.#sum = (this.#sum + other.#sum) % MODULUS;
  }

  text(): string {
    return this.#sum.toString(16).padStart(HEX_DIGITS, "0");
  }
}
