import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import Mocha from "mocha";

const SLOWEST_SHOWN = 15;
const SLOW_SECONDS = 10;

/**
 * Mocha's own report, with why a test was run again where a suite lets it, then the files that took
 * longest, hooks included, and one line of counts;
 * with TEST_REPORT the counts go to that file as JSON too, and what failed, for the script that
 * must know that tests were run at all and tells the failures of several runs together.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.timeFiles(runner);
    runner.on(Mocha.Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      console.log(`      run again: ${test.title}: ${error.message}`);
    });
  }

  timeFiles(runner) {
    this.secondsOfFiles = new Map();
    let startedMs = performance.now();
    runner.on(Mocha.Runner.constants.EVENT_SUITE_BEGIN, (suite) => {
      if (suite.parent?.root) startedMs = performance.now();
    });
    runner.on(Mocha.Runner.constants.EVENT_SUITE_END, (suite) => {
      if (!suite.parent?.root) return;
      const before = this.secondsOfFiles.get(suite.file) ?? 0;
      this.secondsOfFiles.set(suite.file, before + (performance.now() - startedMs) / 1_000);
    });
  }

  tellSlowest() {
    const slowest = [...this.secondsOfFiles]
      .filter(([, seconds]) => seconds > SLOW_SECONDS)
      .sort(([, one], [, other]) => other - one);
    for (const [file, seconds] of slowest.slice(0, SLOWEST_SHOWN)) {
      console.log(`${String(Math.round(seconds)).padStart(5)} s  ${relative(process.cwd(), file)}`);
    }
  }

  epilogue() {
    super.epilogue();
    this.tellSlowest();
    const { passes, failures, pending } = this.stats;
    if (pending > 0) {
      console.log(`!!!!! ${pending} tests were SKIPPED; their titles say what they lack !!!!!\n`);
    }
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
    if (process.env.TEST_REPORT) {
      const failures = this.failures.map(toldAgain);
      writeFileSync(process.env.TEST_REPORT, JSON.stringify({ stats: this.stats, failures }));
    }
  }
}

function toldAgain(test) {
  const { err, file } = test;
  return { title: test.fullTitle(), file: relative(process.cwd(), file ?? ""), error: err?.stack };
}
