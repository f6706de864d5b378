import { expect } from "chai";
import fc from "fast-check";
import type { ZodType } from "zod";
import { decimalText } from "../kernel/decimal.ts";
import {
  decimalField,
  idField,
  integerTextField,
  NumberText,
  nonNegativeDecimalField,
  parseTime,
  positiveDecimalField,
  textField,
  timeField,
  uuidField,
} from "./fields.ts";

function refuses(schema: ZodType, value: unknown): void {
  expect(schema.safeParse(value).success, JSON.stringify(value)).equal(false);
}

describe("decimal field", () => {
  it("reads decimal text, numbers by their own digits, and exponents", () => {
    const read = (value: unknown) => decimalText(decimalField().parse(value));
    expect(read("12345678901234567890.123456789012345678")).equal(
      "12345678901234567890.123456789012345678",
    );
    expect(read(0.1)).equal("0.1");
    expect(read(1e-7)).equal("0.0000001");
    expect(read("2.5e-7")).equal("0.00000025");
    expect(read(new NumberText("0.100000000000000001"))).equal("0.100000000000000001");
  });

  it("refuses what 38 digits with 18 places do not hold, and what is no decimal", () => {
    const wrong = ["1e20", "1e-19", "0.1234567890123456789", "", " 1", "1,5", "0x1", "NaN"];
    for (const value of [...wrong, Number.NaN, Number.POSITIVE_INFINITY, null, true, {}, [1]]) {
      refuses(decimalField(), value);
    }
    refuses(decimalField(), new NumberText("1e400"));
  });

  it("tells a missing field from a wrong one", () => {
    const message = (value: unknown) => decimalField().safeParse(value).error?.issues[0]?.message;
    expect(message(undefined)).equal("is missing");
    expect(message("x")).contain("38 digits");
  });

  it("knows signs", () => {
    refuses(positiveDecimalField(), "0");
    refuses(nonNegativeDecimalField(), "-0.1");
    expect(nonNegativeDecimalField().safeParse("0").success).equal(true);
  });
});

describe("time field", () => {
  it("reads epoch milliseconds and ISO-8601 with a zone", () => {
    const wanted = Date.UTC(2024, 1, 29, 12, 0, 0, 123);
    const forms = [
      wanted,
      String(wanted),
      "2024-02-29T12:00:00.123Z",
      "2024-02-29T13:00:00.123+01:00",
    ];
    for (const form of forms) expect(timeField().parse(form)).equal(wanted);
    expect(timeField().parse("2024-02-29")).equal(Date.UTC(2024, 1, 29));
  });

  it("refuses days that do not exist, times without a zone, and what is out of range", () => {
    const wrong = [
      "2024-02-30",
      "2023-02-29T00:00:00Z",
      "2024-13-01",
      "2024-02-29T12:00:00",
      "now",
    ];
    for (const value of [...wrong, "2024-01-01T25:00:00Z", -1, 1.5, 1e15, "", null]) {
      refuses(timeField(), value);
    }
  });

  it("reads back every time that it can be given as", () => {
    const times = fc.integer({ min: 0, max: 253_402_300_799_999 });
    fc.assert(fc.property(times, (timeMs) => parseTime(new Date(timeMs).toISOString()) === timeMs));
  });
});

describe("other fields", () => {
  it("an id is short, plain and opaque", () => {
    for (const id of ["p-1", "binance:BTC-USDT", "a".repeat(128)]) idField().parse(id);
    for (const id of ["", "-a", "a/b", "a b", "ä", "a".repeat(129), 7]) refuses(idField(), id);
  });

  it("a UUID is a UUID", () => {
    uuidField().parse("018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f");
    for (const text of ["", "018f6f7e", "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5g"]) {
      refuses(uuidField(), text);
    }
  });

  it("text is trimmed, and free of control characters and half characters", () => {
    expect(textField().parse("  Main ")).equal("Main");
    for (const text of ["", "  ", "a\u0000b", "a\nb", "\ud800", "x".repeat(1_001)]) {
      refuses(textField(), text);
    }
  });

  it("an integer of the query is in its range", () => {
    const limit = integerTextField({ minimum: 1, maximum: 500 });
    expect(limit.parse("500")).equal(500);
    for (const text of ["0", "501", "1.0", "1e2", "", "abc", undefined]) refuses(limit, text);
  });
});
