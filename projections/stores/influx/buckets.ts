import { z } from "zod";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import type { InfluxClient } from "./client.ts";
import { isMissingOnInflux } from "./errors.ts";

const ANSWER = z.object({ buckets: z.array(z.object({ id: z.string(), orgID: z.string() })) });

type Bucket = z.infer<typeof ANSWER>["buckets"][number];

/**
 * InfluxDB 2 has buckets, and makes no databases by InfluxQL. To `/write` and to InfluxQL a bucket
 * is the database of its name (by a virtual DBRP mapping), so that it is another server only in how
 * these come and go.
 */
export function hasBuckets(version: string | null): boolean {
  return /^v?2\./.test(version ?? "");
}

/** Makes a bucket that keeps everything; harmless when it is there. */
export async function createBucket(client: InfluxClient, name: string): Promise<void> {
  if ((await bucketOf(client, { name })) !== null) return;
  const orgID = await organizationId(client);
  try {
    await client.api("POST", "/buckets", { orgID, name, retentionRules: [] });
  } catch (error) {
    // Another process may have been faster.
    if ((await bucketOf(client, { name })) === null) throw error;
  }
}

/** Gives whether it was there; harmless when it is gone. */
export async function dropBucket(client: InfluxClient, name: string): Promise<boolean> {
  const bucket = await bucketOf(client, { name });
  if (bucket === null) return false;
  await orMissing(client.api("DELETE", `/buckets/${encodeURIComponent(bucket.id)}`));
  return true;
}

/** By any of its buckets: the server keeps some of its own in each. */
async function organizationId(client: InfluxClient): Promise<string> {
  const any = await bucketOf(client, { limit: "1" });
  if (any !== null) return any.orgID;
  const detail = `this token shows no organization ${JSON.stringify(client.user)}`;
  throw new PlatformError("STORE_REFUSED", `InfluxDB at ${client.place}: ${detail}`);
}

async function bucketOf(
  client: InfluxClient,
  filter: Readonly<Record<string, string>>,
): Promise<Bucket | null> {
  const path = `/buckets?${new URLSearchParams({ org: client.user, ...filter })}`;
  const found = await orMissing(client.api("GET", path));
  return found === null ? null : (ANSWER.parse(found).buckets[0] ?? null);
}

async function orMissing(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (isMissingOnInflux(error)) return null;
    throw error;
  }
}
