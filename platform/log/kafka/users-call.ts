import { pbkdf2Sync, randomBytes } from "node:crypto";
import { createErrorFromCode, Decoder, Encoder, type ProtocolCall } from "./kafkajs-internals.ts";

/** AlterUserScramCredentials, which kafkajs does not have; any broker takes it. */
const ALTER_USERS = { apiKey: 51, apiVersion: 0, apiName: "AlterUserScramCredentials" } as const;

const SCRAM_SHA_512 = 2;
const HASH = "sha512";
/** The fewest that Kafka takes. A guess of a random password is hopeless without them. */
const ITERATIONS = 4_096;
const SALT_BYTES = 16;
const SALTED_PASSWORD_BYTES = 64;

export interface KafkaUser {
  readonly name: string;
  readonly password: string;
}

/** Makes users, or gives them other passwords; what travels is salted. Throws the broker's error. */
export function alterUsersCall(users: readonly KafkaUser[]): ProtocolCall<void> {
  return {
    request: { ...ALTER_USERS, encode: async () => encodeUsers(users.map(salted)) },
    response: {
      decode: async (payload) => ({ clientSideThrottleTime: 0, data: checkAltered(payload) }),
      parse: async () => undefined,
    },
  };
}

interface SaltedUser {
  readonly name: string;
  readonly salt: Buffer;
  readonly saltedPassword: Buffer;
}

function salted({ name, password }: KafkaUser): SaltedUser {
  const salt = randomBytes(SALT_BYTES);
  const saltedPassword = pbkdf2Sync(password, salt, ITERATIONS, SALTED_PASSWORD_BYTES, HASH);
  return { name, salt, saltedPassword };
}

/**
 * tags of the header, deletions, `[name, mechanism, iterations, salt, salted password, tags]`,
 * tags; strings, bytes and arrays begin with their length + 1.
 */
function encodeUsers(users: readonly SaltedUser[]): Encoder {
  const upsertions = users.map(({ name, salt, saltedPassword }) => {
    return new Encoder()
      .writeUVarIntString(name)
      .writeInt8(SCRAM_SHA_512)
      .writeInt32(ITERATIONS)
      .writeUVarIntBytes(salt)
      .writeUVarIntBytes(saltedPassword)
      .writeUVarIntBytes(null);
  });
  return new Encoder()
    .writeUVarIntBytes(null)
    .writeUVarIntArray([])
    .writeUVarIntArray(upsertions)
    .writeUVarIntBytes(null);
}

/** tags of the header, throttle, `[user, error, message, tags]`, tags. */
function checkAltered(payload: Buffer): void {
  const decoder = new Decoder(payload);
  decoder.readTaggedFields();
  decoder.readInt32();
  const results = decoder.readUVarIntArray((one) => {
    const user = one.readUVarIntString();
    const code = one.readInt16();
    const message = one.readUVarIntString();
    one.readTaggedFields();
    return { user, code, message };
  });
  for (const { user, code, message } of results) {
    if (code === 0) continue;
    const cause = createErrorFromCode(code);
    throw new Error(`the user ${user} was not made: ${message ?? cause.message}`, { cause });
  }
}
