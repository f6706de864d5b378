import { social } from "../../../projections/social/projection.ts";
import { indexes, SqliteSocialReader } from "../../../projections/social/sqlite.ts";
import type { SocialReader } from "../../../projections/social/store.ts";
import type { SocialEvent } from "../../../schemas/generated/social.ts";
import { openSqliteHarness, type ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<SocialEvent, SocialReader>;

/** Every adapter of the social reader, with the store that feeds it. */
export const socialAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: ConstructorParameters<typeof SqliteSocialReader>[0]) => {
      return new SqliteSocialReader(queries);
    };
    return openSqliteHarness({ projection: social, indexes, makeReader });
  },
};
