import { z } from "zod";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import type { InfluxClient } from "./client.ts";
import { isMissingOnInflux } from "./errors.ts";

const BUCKETS = z.object({ buckets: z.array(z.object({ id: z.string() })) });
const ORGANIZATIONS = z.object({ orgs: z.array(z.object({ id: z.string() })) });

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
  if ((await bucketId(client, name)) !== null) return;
  const orgID = await organizationId(client);
  try {
    await client.api("POST", "/buckets", { orgID, name, retentionRules: [] });
  } catch (error) {
    // Another process may have been faster.
    if ((await bucketId(client, name)) === null) throw error;
  }
}

/** Gives whether it was there; harmless when it is gone. */
export async function dropBucket(client: InfluxClient, name: string): Promise<boolean> {
  const id = await bucketId(client, name);
  if (id === null) return false;
  await orMissing(client.api("DELETE", `/buckets/${encodeURIComponent(id)}`));
  return true;
}

async function bucketId(client: InfluxClient, name: string): Promise<string | null> {
  const path = `/buckets?${new URLSearchParams({ name, org: client.user })}`;
  const found = await orMissing(client.api("GET", path));
  return found === null ? null : (BUCKETS.parse(found).buckets[0]?.id ?? null);
}

async function organizationId(client: InfluxClient): Promise<string> {
  const found = await orMissing(
    client.api("GET", `/orgs?${new URLSearchParams({ org: client.user })}`),
  );
  const [organization] = found === null ? [] : ORGANIZATIONS.parse(found).orgs;
  if (organization !== undefined) return organization.id;
  const detail = `this token shows no organization ${JSON.stringify(client.user)}`;
  throw new PlatformError("STORE_REFUSED", `InfluxDB at ${client.place}: ${detail}`);
}

async function orMissing(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (isMissingOnInflux(error)) return null;
    throw error;
  }
}
