import { expect } from "chai";
import { quarantineIdField } from "./quarantine-id.ts";

describe("the id of a quarantine", () => {
  it("takes symbols of any script", () => {
    expect(quarantineIdField().safeParse("gate:币安人生_USDT").success).to.equal(true);
    expect(quarantineIdField().safeParse("gate:🐸:USDT").success).to.equal(true);
  });

  it("refuses half a surrogate pair, which the log would keep as another id", () => {
    expect(quarantineIdField().safeParse("gate:\ud83d").success).to.equal(false);
    expect(quarantineIdField().safeParse("\udc38:USDT").success).to.equal(false);
  });
});
