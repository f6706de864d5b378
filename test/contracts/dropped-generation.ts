import { expect } from "chai";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { Event } from "../../platform/kernel/decider.ts";
import type { ReadModelHarness } from "./reader-harness.ts";

/**
 * A query may come upon a generation that was dropped a moment ago: that is told from a failure by
 * its code, and the read model goes on to the live one. Call it within `describe`.
 */
export function droppedGenerationContract<E extends Event, Reader>(
  model: () => Pick<ReadModelHarness<E, Reader>, "drop" | "read">,
): void {
  it("answers as before once it is dropped, or says that it is no longer open", async () => {
    const { result } = await model().read(async () => "before");
    expect(result).to.equal("before");
    await model().drop();
    const after = await model()
      .read(async () => "after")
      .catch((error: unknown) => error);
    if (after instanceof PlatformError) expect(after.code).to.equal("NOT_READY");
    else expect(after).to.have.property("result", "after");
  });
}
