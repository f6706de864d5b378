import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/**
 * Mocha's own report, with why a test was run again where a suite lets it, then one line of counts;
 * with TEST_REPORT the counts go to that file as JSON too, for the script that must know that tests
 * were run at all.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.on(Mocha.Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      console.log(`      run again: ${test.title}: ${error.message}`);
    });
  }

  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    if (pending > 0) {
      console.log(`!!!!! ${pending} tests were SKIPPED; their titles say what they lack !!!!!\n`);
    }
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
    if (process.env.TEST_REPORT) {
      writeFileSync(process.env.TEST_REPORT, JSON.stringify({ stats: this.stats }));
    }
  }
}
