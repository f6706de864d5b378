import { expect } from "chai";
import { createRandom } from "../cli/demo/random.ts";
import { readRoutes } from "./read-routes.ts";

describe("the reads that are measured", () => {
  it("can all be asked, whatever routes there are", () => {
    const random = createRandom(1);
    const paths = readRoutes().map(({ pathAt }) => pathAt(random, Date.now()));
    expect(paths).to.have.length.above(40);
    for (const path of paths) expect(path).to.match(/^\/v1\/[^{}]+$/);
  });
});
