import { PassThrough } from "node:stream";
import { expect } from "chai";
import { createOutput, table } from "./output.ts";

describe("output", () => {
  it("keeps data and messages apart", () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const output = createOutput(true, { stdout, stderr });
    output.value({ a: 1 });
    output.message("hello");
    expect(String(stdout.read())).to.equal('{"a":1}\n');
    expect(String(stderr.read())).to.equal("hello\n");
    expect(output.animated).to.equal(false);
  });

  it("lines up a table and leaves no blanks at the ends of lines", () => {
    const rows = [
      ["BTC", "12.5"],
      ["USDT", "7"],
    ];
    const text = table(["asset", "quantity"], rows, ["quantity"]);
    expect(text).to.equal("asset  quantity\nBTC        12.5\nUSDT          7");
  });
});
