import { expect } from "chai";
import { brokerIds } from "./kafka-brokers.ts";

describe("the brokers of Kafka", () => {
  const int = (value: number) => [0, 0, 0, value];
  const text = (letters: string) => [0, letters.length, ...Buffer.from(letters)];
  const noRack = [0xff, 0xff];

  it("are read from an answer, with and without a rack", () => {
    const first = [...int(1), ...text("127.0.0.1"), ...int(92), ...noRack];
    const second = [...int(3), ...text("localhost"), ...int(93), ...text("rack-7")];
    const answer = Buffer.from([...int(99), ...int(1), ...int(2), ...first, ...second, 7, 7]);
    expect(brokerIds(answer)).to.deep.equal([1, 3]);
  });

  it("are none while the node has not joined", () => {
    expect(brokerIds(Buffer.from([...int(12), ...int(1), ...int(0)]))).to.deep.equal([]);
  });
});
