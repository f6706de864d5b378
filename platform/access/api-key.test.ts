import { expect } from "chai";
import { apiKeyText, idIn, isApiKey } from "./api-key.ts";
import { keyOf } from "./keys.fixture.ts";

describe("an API key", () => {
  const { text, key } = keyOf("operator");

  it("is known by its text, and by no other", () => {
    expect(idIn(text)).equal(key.id);
    expect(apiKeyText.safeParse(text).success).equal(true);
    expect(isApiKey(text, key)).equal(true);
    for (const wrong of ["", text.slice(0, -1), `${text}A`, text.toUpperCase(), key.sha256]) {
      expect(isApiKey(wrong, key), wrong).equal(false);
    }
    const forged = keyOf("operator").text.replace(/^chk_[0-9a-f]{12}/, `chk_${key.id}`);
    expect(isApiKey(forged, key)).equal(false);
    expect(isApiKey(text, null)).equal(false);
  });

  it("is kept as a hash that does not hold it", () => {
    const kept = JSON.stringify(key);
    expect(kept).not.contain(text.slice("chk_".length + key.id.length + 1));
  });

  it("is never the same twice", () => {
    const texts = Array.from({ length: 1_000 }, () => keyOf("reader").text);
    expect(new Set(texts)).property("size", 1_000);
  });
});
