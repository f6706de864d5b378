import { expect } from "chai";
import { Occurrences } from "./occurrences.ts";
import { tickInput } from "./tick-input.ts";

const tick = (price: string) =>
  tickInput.parse({ exchange: "x", symbol: "y", price, volume: "1", timestamp: 5 });

describe("the numbers of equal ticks", () => {
  it("count up per instrument and content", () => {
    const occurrences = new Occurrences();
    const numbers = [
      occurrences.next("a", tick("1")),
      occurrences.next("a", tick("1.0")),
      occurrences.next("a", tick("2")),
      occurrences.next("b", tick("1")),
    ];
    expect(numbers).to.deep.equal([0, 1, 0, 0]);
  });

  it("are forgotten oldest first, beyond so many different ticks", () => {
    const occurrences = new Occurrences(2);
    for (const price of ["1", "2", "3"]) occurrences.next("a", tick(price));
    expect(occurrences.next("a", tick("2"))).to.equal(1);
    expect(occurrences.next("a", tick("1"))).to.equal(0);
  });
});
