import { expect } from "chai";
import {
  MongoCompatibilityError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
} from "mongodb";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { duplicatesOf, errorOfMongo, isDataErrorOfMongo, isDuplicateKey } from "./errors.ts";

const PLACE = "127.0.0.1:27017/cipherhorizon";

function ofServer(code: number, message = "as the server says"): MongoServerError {
  return new MongoServerError({ message, code });
}

describe("the errors of MongoDB", () => {
  for (const [title, error, code] of [
    ["a refused login", ofServer(18), "STORE_REFUSED"],
    ["a missing right", ofServer(13), "STORE_REFUSED"],
    ["a login where there are none", ofServer(59, "no such command: 'saslStart'"), "STORE_REFUSED"],
    ["an election", ofServer(10_107), "STORE_UNAVAILABLE"],
    ["an operation out of time", ofServer(50), "STORE_UNAVAILABLE"],
    ["a write of a transaction that met another", ofServer(112), "STORE_UNAVAILABLE"],
    ["a lost connection", new MongoNetworkError("closed"), "STORE_UNAVAILABLE"],
    ["a server too old for the driver", new MongoCompatibilityError("old"), "STORE_UNSUITABLE"],
  ] as const) {
    it(`are known by name: ${title}`, () => {
      const known = errorOfMongo(error, PLACE);
      expect(known).to.be.instanceOf(PlatformError);
      expect(known).to.include({ code });
      expect((known as PlatformError).message).to.contain(PLACE);
    });
  }

  it("stay what they are where no catalogue has a name: a defect of ours, say", () => {
    for (const error of [ofServer(2), ofServer(11_000), new TypeError("a defect"), "text"]) {
      expect(errorOfMongo(error, PLACE)).to.equal(error);
    }
  });

  it("tell content that cannot be written from what passes", () => {
    const tooLarge = new MongoInvalidArgumentError("Document is larger than the maximum size 1");
    for (const error of [ofServer(10_334), ofServer(121), tooLarge]) {
      expect(isDataErrorOfMongo(error)).to.equal(true);
    }
    for (const error of [ofServer(11_000), ofServer(50), new Error("maximum size")]) {
      expect(isDataErrorOfMongo(error)).to.equal(false);
    }
    expect(isDuplicateKey(ofServer(11_000))).to.equal(true);
  });

  it("of anything but a bulk are thrown where its refused writes are asked for", () => {
    const error = ofServer(11_000);
    expect(() => duplicatesOf(error)).to.throw(error.message);
  });
});
