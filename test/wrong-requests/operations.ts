import { integers, nobodyAt, refused, texts, type WrongRange, wrongValues } from "./values.ts";

const GENERATION = integers("generation", ["0", "1000001"]);
const REASON = texts("reason", 500);
const NOBODY = nobodyAt("nothing");
const NOT_THERE = refused("GENERATION_NOT_IN_PHASE", "one that is not there", {
  generation: "999999",
});

const POSITIONS: readonly WrongRange[] = [
  ...wrongValues("positions", "type", ["[]", "null", '{"a/0":"1"}', '{"a/0":-1}', '{"a/0":1.5}']),
  {
    name: "positions of a long key",
    kind: "size",
    fields: { positions: `{"${"x".repeat(201)}":1}` },
  },
];

const ROW = { table: "t", key: "[]", live: null, built: null };

function wrongCounts(field: string): readonly WrongRange[] {
  return wrongValues(field, "type", ["-1", "1.5", "null"]);
}

/** What people ask for with a reason, of one generation. */
const STEP: readonly WrongRange[] = [...GENERATION, ...REASON, NOBODY, NOT_THERE];

const STREAM: readonly WrongRange[] = [
  ...GENERATION,
  ...wrongValues("partition", "type", ["null", "1", '"portfolio.events"', '"Portfolio/0"']),
  ...texts("stream", 256),
  NOBODY,
];

/** Of the commands of projections. */
export const operationsRanges: Readonly<Record<string, readonly WrongRange[]>> = {
  recordCaughtUp: [...GENERATION, ...POSITIONS, NOBODY, NOT_THERE],
  recordVerification: [
    ...GENERATION,
    ...POSITIONS,
    ...integers("against", ["0", "1000001"]),
    ...["rechecked", "held", "beyond"].flatMap((count) =>
      wrongValues(count, "type", ["-1", "1.5"]),
    ),
    ...wrongValues("tables", "type", [
      "{}",
      '[{"table":"t","rows":1}]',
      '[{"table":"t","rows":1,"sum":"6A"}]',
      `[{"table":"","rows":1,"sum":"${"a".repeat(64)}"}]`,
    ]),
    ...wrongValues("parkedStreams", "type", ["[1]", '[""]', "null"]),
    ...wrongValues("leftOut", "type", ["[1]", '[""]', "null"]),
    ...wrongValues("schemaIds", "type", ["[-1]", '["1"]', "null"]),
    ...wrongValues("codeVersion", "size", ['""', `"${"1".repeat(101)}"`]),
    NOBODY,
    NOT_THERE,
  ],
  recordVerificationProgress: [
    ...GENERATION,
    ...integers("against", ["0", "1000001"]),
    ...wrongValues("table", "size", ['""', `"${"t".repeat(201)}"`]),
    ...wrongCounts("rows"),
    NOBODY,
  ],
  recordVerificationFailure: [
    ...GENERATION,
    ...POSITIONS,
    ...REASON,
    ...integers("against", ["0", "1000001"]),
    ...wrongValues("differingRows", "type", ["-1", "1.5", "null"]),
    ...wrongValues("differences", "type", ["{}", "[1]", JSON.stringify([{ ...ROW, live: 1 }])]),
    ...wrongValues("differences", "size", [
      JSON.stringify([{ ...ROW, built: "x".repeat(4_001) }]),
      JSON.stringify(Array(1_001).fill(ROW)),
    ]),
    NOBODY,
    NOT_THERE,
  ],
  promoteGeneration: [
    ...STEP,
    ...POSITIONS,
    ...wrongValues("rule", "type", ['"first"', '"caught-up"', '"rollback"', "null"]),
    refused("GENERATION_NOT_VERIFIED", "without a certificate", {
      generation: "1",
      rule: '"verified"',
    }),
  ],
  rollBackGeneration: [...STEP, ...wrongValues("force", "type", ['"yes"', "1", "null"])],
  retireGeneration: STEP,
  cancelGeneration: STEP,
  failGeneration: STEP,
  pauseProjection: [...REASON, NOBODY],
  resumeProjection: [...REASON, NOBODY],
  recordParkedStream: [
    ...STREAM,
    ...REASON,
    ...["position", "sequence", "releases"].flatMap(wrongCounts),
    NOT_THERE,
  ],
  releaseStream: [...STREAM, ...REASON],
  recordReleasedStream: [...STREAM, ...["releases", "through"].flatMap(wrongCounts)],
  discardParkedEvent: [...STREAM, ...REASON, ...wrongCounts("position")],
};
