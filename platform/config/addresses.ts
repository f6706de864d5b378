/** Whether a text is an address of a server, in the form that its variable wants. */

export function isPostgresUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  const isPostgres = protocol === "postgres:" || protocol === "postgresql:";
  return isPostgres && hostname !== "" && pathname.length > 1;
}

export function isInfluxUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash } = new URL(text);
  const isHttp = protocol === "http:" || protocol === "https:";
  return isHttp && pathname === "/" && `${search}${hash}` === "";
}

/** It may name several hosts, which no ordinary URL does: `mongodb://one,two:27018/database`. */
export function isMongoUrl(text: string): boolean {
  const [, hosts = "", database = ""] =
    /^mongodb(?:\+srv)?:\/\/([^\s/?#]+)\/([^\s/?#]+)/.exec(text) ?? [];
  const named = hosts.slice(hosts.lastIndexOf("@") + 1).split(",");
  return database !== "" && named.every((host) => /^[^:]+(:\d{1,5})?$/.test(host));
}

export function isNeo4jUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  const isComplete = hostname !== "" && username !== "" && password !== "";
  const isPlain = /^(\/[\w.-]*)?$/.test(pathname) && `${search}${hash}` === "";
  return /^(bolt|neo4j)(\+ssc?)?:$/.test(protocol) && isComplete && isPlain;
}

export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(text);
  const isRedis = protocol === "redis:" || protocol === "rediss:";
  const isDatabase = /^(\/\d{0,5})?$/.test(pathname);
  return isRedis && hostname !== "" && isDatabase && `${search}${hash}` === "";
}

export function isCollectorUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username } = new URL(text);
  const isHttp = protocol === "http:" || protocol === "https:";
  return isHttp && `${search}${hash}${username}` === "";
}

export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username } = new URL(text);
  const isHttp = protocol === "http:" || protocol === "https:";
  return isHttp && pathname === "/" && `${search}${hash}${username}` === "";
}
