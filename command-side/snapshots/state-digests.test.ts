import { expect } from "chai";
import { newestVersions, readSchemaFiles } from "../../platform/codec/schema-files.ts";
import { aggregates } from "../registry.ts";
import { committedDigests, committedHistories, digestsNow } from "./state-digests.ts";

const SCHEMAS = new URL("../../schemas", import.meta.url).pathname;

describe("the version of an aggregate's state", () => {
  const [committed, now] = [committedDigests(), digestsNow()];

  for (const { name } of aggregates) {
    it(`of ${name} rises when the state or evolve change`, () => {
      const [before, after] = [committed[name], now[name]];
      const what =
        before?.stateVersion === after?.stateVersion
          ? `the state of ${name} is another than before: raise its STATE_VERSION, and then`
          : `the state of ${name} has a new version:`;
      const todo = `${what} run node command-side/snapshots/state-digests.ts`;
      expect(after, todo).to.deep.equal(before);
    });
  }

  it("is watched over histories with every kind of event", () => {
    const folded = new Set(
      Object.values(committedHistories())
        .flat(2)
        .map(({ event }) => event.type),
    );
    const contexts = new Set(aggregates.map(({ context }) => context));
    const all = newestVersions(readSchemaFiles(SCHEMAS)).filter(({ context }) => {
      return contexts.has(context);
    });
    expect(all.map(({ name }) => name).filter((name) => !folded.has(name))).to.deep.equal([]);
  });
});
