import {
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  timingSafeEqual,
} from "node:crypto";

const PURPOSE = "cipherhorizon: commands between command sides";
const SCHEME = "Peer";

/**
 * How processes of one platform know each other: each makes a pair of keys for its life and tells
 * the others the public one, through the group on Kafka. Two of them come to the same secret, which
 * nobody else has, out of one's private and the other's public key (X25519).
 */
export class PeerKeys {
  readonly #pair = generateKeyPairSync("x25519");
  readonly #proofs = new Map<string, string>();

  get publicKey(): string {
    return this.#pair.publicKey.export({ type: "spki", format: "der" }).toString("base64url");
  }

  /** The `Authorization` of a request to the process with this public key. */
  authorizationFor(publicKey: string): string {
    return `${SCHEME} ${this.publicKey}.${this.#proofWith(publicKey)}`;
  }

  /** The public key of whoever sent this `Authorization`; `null`: it proves nothing. */
  senderOf(authorization: string | undefined): string | null {
    const parts = /^Peer ([\w-]{1,128})\.([\w-]{1,128})$/.exec(authorization ?? "");
    const [, sender, proof] = parts ?? [];
    if (sender === undefined || proof === undefined) return null;
    try {
      return isSame(proof, this.#proofWith(sender)) ? sender : null;
    } catch {
      // What it names is no key.
      return null;
    }
  }

  #proofWith(other: string): string {
    const known = this.#proofs.get(other);
    if (known !== undefined) return known;
    const der = Buffer.from(other, "base64url");
    const publicKey = createPublicKey({ key: der, type: "spki", format: "der" });
    const secret = diffieHellman({ privateKey: this.#pair.privateKey, publicKey });
    const proof = createHmac("sha256", secret).update(PURPOSE).digest("base64url");
    if (this.#proofs.size >= PROOFS_KEPT) this.#proofs.clear();
    this.#proofs.set(other, proof);
    return proof;
  }
}

/** Of strangers too: whoever sends made-up keys fills no memory. */
const PROOFS_KEPT = 1_000;

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
