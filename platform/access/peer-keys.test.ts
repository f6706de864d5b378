import { expect } from "chai";
import { PeerKeys } from "./peer-keys.ts";

describe("what one process proves to another", () => {
  const [one, other] = [new PeerKeys(), new PeerKeys()];

  it("names who it is", () => {
    const sent = one.authorizationFor(other.publicKey);
    expect(other.senderOf(sent)).to.equal(one.publicKey);
  });

  it("is worth nothing to a third one, nor under another name", () => {
    const sent = one.authorizationFor(other.publicKey);
    const third = new PeerKeys();
    expect(third.senderOf(sent)).to.equal(null);
    const renamed = sent.replace(one.publicKey, third.publicKey);
    expect(other.senderOf(renamed)).to.equal(null);
  });

  it("is nothing where there is no such thing", () => {
    const mine = one.publicKey;
    for (const text of [
      undefined,
      "",
      "Bearer chk_x",
      "Peer a.b",
      `Peer ${mine}.`,
      `Peer ${mine}.x`,
    ]) {
      expect(other.senderOf(text), text).to.equal(null);
    }
  });
});
