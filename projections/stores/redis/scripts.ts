import { createHash } from "node:crypto";
import { NO_CLAIM } from "../../runner/checkpoint-rows.ts";

/**
 * What runs on the server. A script is one atomic step and touches the keys of one partition alone.
 * It never computes with a position: Lua has doubles.
 *
 * In the append-only file its writes stand between MULTI and EXEC. Where that file is cut off in
 * between, the server leaves them out and does not remove them from the file: what is written next
 * comes behind them, and the start after the next carries out both. So each batch counts itself as
 * `begun` before its first write, and its last sets `done` to that count. Where the two differ,
 * there is part of a batch that the checkpoint does not know, and the partition is not there.
 */
export interface RedisScript {
  readonly text: string;
  /** By which a server knows a script that it has run before. */
  readonly sha: string;
}

/**
 * Values that one command takes: Lua's stack holds 8,000. Keys and texts of rows come in pairs, so
 * the number is even.
 */
const VALUES_AT_ONCE = 1_000;

/** KEYS of every script: checkpoint, parked, causes, then what `layout.ts` gives. */
const CHECKPOINT = `
local function checkpoint()
  return {
    redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3])
  }
end`;

/** Whether the partition was taken, and all of its rows belong to its checkpoint. */
const IS_THERE = `
local function is_there()
  local next, begun, done = unpack(redis.call('HMGET', KEYS[1], 'next', 'begun', 'done'))
  return next and begun == done
end`;

/**
 * Raises the epoch and gives the checkpoint, of a partition that is not there a new one. ARGV: the
 * log's id. Of another log's checkpoint it changes nothing.
 */
export const TAKE = redisScript(`#!lua
${CHECKPOINT}
${IS_THERE}
if not is_there() then redis.call('UNLINK', unpack(KEYS)) end
local log_id = redis.call('HGET', KEYS[1], 'logId')
if not log_id then
  redis.call('HSET', KEYS[1], 'next', '0', 'epoch', '0', 'logId', ARGV[1],
    'highestClaim', '${NO_CLAIM}', 'recordedAtMs', '0')
end
if not log_id or log_id == ARGV[1] then redis.call('HINCRBY', KEYS[1], 'epoch', 1) end
return checkpoint()`);

/**
 * Writes a batch where the checkpoint stands at `expected`, and moves that last. `missing`: the
 * partition was dropped, or the server has lost it, or part of it.
 *
 * An epoch below the batch's is one that the server has forgotten, with its last second, in a loss
 * of power: it learns it again. Should two projectors hold the same number then, `expected` still
 * lets but one of them through.
 *
 * ARGV, of which `take` gives one after the other:
 *
 *   expected next epoch highestClaim recordedAtMs
 *   n stream*n                       released
 *   n (stream parked)*n
 *   n (partition next)*n
 *   n of the tables that change, and of each:
 *     rows order immutable             places among KEYS; 1 where rows never change
 *     n (order members keyOffset)*n    of its indexes
 *     n (key row)*n (entry*n)*indexes  rows as `rowText` gives them
 *     n key*n                          deletions
 */
export const APPLY = redisScript(`#!lua
${IS_THERE}
local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end
local function take_number() return tonumber(take()) end

local expected, next, epoch, claim, recorded = take(), take(), take(), take(), take()
local stored = redis.call('HMGET', KEYS[1], 'next', 'epoch')
if not is_there() then return 'missing' end
if tonumber(stored[2]) > tonumber(epoch) then return 'fenced' end
if stored[2] ~= epoch then redis.call('HSET', KEYS[1], 'epoch', epoch) end
if stored[1] ~= expected then return 'behind' end
local begun = redis.call('HINCRBY', KEYS[1], 'begun', 1)

local function in_pieces(values, size, work)
  for from = 1, #values, size do
    work(unpack(values, from, math.min(from + size - 1, #values)))
  end
end

local function add_all(order, keys)
  local scored = {}
  for _, key in ipairs(keys) do
    scored[#scored + 1] = '0'
    scored[#scored + 1] = key
  end
  in_pieces(scored, ${VALUES_AT_ONCE}, function(...) redis.call('ZADD', order, ...) end)
end

local function began(before, row)
  if row:sub(1, 1) == '=' then return row:sub(2) end
  if not before then return row end
  return before:match('^%d+') .. row:sub(row:find('[', 1, true), -1)
end

local function upsert(rows, order, first, last)
  for from = first, last, ${VALUES_AT_ONCE} do
    local keys, values, added = {}, {}, {}
    for i = from, math.min(from + ${VALUES_AT_ONCE - 1}, last), 2 do keys[#keys + 1] = ARGV[i] end
    local there = redis.call('HMGET', rows, unpack(keys))
    for i, key in ipairs(keys) do
      if not there[i] then added[#added + 1] = key end
      values[2 * i - 1], values[2 * i] = key, began(there[i], ARGV[from + 2 * i - 1])
    end
    redis.call('HSET', rows, unpack(values))
    add_all(order, added)
  end
end

local function insert(rows, order, first, last)
  local added = {}
  for i = first, last, 2 do
    if redis.call('HSETNX', rows, ARGV[i], ARGV[i + 1]) == 1 then added[#added + 1] = ARGV[i] end
  end
  add_all(order, added)
end

local function move_entry(index, key, entry)
  local before = redis.call('HGET', index.members, key)
  if before == entry or before and index.stays then return end
  if before then redis.call('ZREM', index.order, before) end
  redis.call('ZADD', index.order, '0', entry)
  redis.call('HSET', index.members, key, entry)
end

local function remove_entry(index, key)
  local before = redis.call('HGET', index.members, key)
  if not before then return end
  redis.call('ZREM', index.order, before)
  redis.call('HDEL', index.members, key)
end

for _ = 1, take_number() do redis.call('HDEL', KEYS[2], take()) end
for _ = 1, take_number() do redis.call('HSETNX', KEYS[2], take(), take()) end
for _ = 1, take_number() do
  local source, cause = take(), take()
  local highest = redis.call('HGET', KEYS[3], source)
  if not highest or tonumber(highest) < tonumber(cause) then
    redis.call('HSET', KEYS[3], source, cause)
  end
end

for _ = 1, take_number() do
  local rows, order, immutable = KEYS[take_number()], KEYS[take_number()], take() == '1'
  local indexes = {}
  for i = 1, take_number() do
    indexes[i] = { order = KEYS[take_number()], members = KEYS[take_number()], stays = immutable }
  end
  local count = take_number()
  local first = at + 1
  at = at + 2 * count;
  (immutable and insert or upsert)(rows, order, first, at)
  for _, index in ipairs(indexes) do
    for i = 0, count - 1 do move_entry(index, ARGV[first + 2 * i], take()) end
  end
  local deleted = {}
  for i = 1, take_number() do deleted[i] = take() end
  in_pieces(deleted, ${VALUES_AT_ONCE}, function(...)
    redis.call('HDEL', rows, ...)
    redis.call('ZREM', order, ...)
  end)
  for _, index in ipairs(indexes) do
    for _, key in ipairs(deleted) do remove_entry(index, key) end
  end
end

redis.call('HSET', KEYS[1], 'next', next, 'highestClaim', claim, 'recordedAtMs', recorded,
  'done', begun)
return 'applied'`);

/**
 * Gives the checkpoint, and the texts of the rows that each lookup finds; nothing where the
 * partition is not there. ARGV, seven of each lookup:
 *
 *   get    rows _     _         key    _      _        the row of that key
 *   up     rows order keyOffset lowest highest limit   rows between two places, ascending
 *   down   rows order keyOffset lowest highest limit   or descending
 *   follow rows order lookup    places _      _        rows whose keys begin with the texts that
 *                                                      stand at these places of that lookup's rows
 *
 * Lowest and highest are those of ZRANGEBYLEX; a highest of `*text` stands behind all that begins
 * with the text.
 */
export const READ = redisScript(`#!lua flags=no-writes
${CHECKPOINT}
${IS_THERE}
if not is_there() then return false end

local function rows_of(rows, keys)
  local found = {}
  for from = 1, #keys, ${VALUES_AT_ONCE} do
    local to = math.min(from + ${VALUES_AT_ONCE - 1}, #keys)
    for _, row in ipairs(redis.call('HMGET', rows, unpack(keys, from, to))) do
      found[#found + 1] = row
    end
  end
  return found
end

local function between(order, descending, lowest, highest, limit)
  if highest:sub(1, 1) == '*' then highest = '(' .. highest:sub(2) .. '\\255' end
  if descending then
    return redis.call('ZREVRANGEBYLEX', order, highest, lowest, 'LIMIT', '0', limit)
  end
  return redis.call('ZRANGEBYLEX', order, lowest, highest, 'LIMIT', '0', limit)
end

local function range(rows, order, offset, descending, lowest, highest, limit)
  local keys = between(order, descending, lowest, highest, limit)
  if offset > 0 then
    for i, entry in ipairs(keys) do keys[i] = entry:sub(offset + 1) end
  end
  return rows_of(rows, keys)
end

local function follow(rows, order, from, places)
  local keys, known = {}, {}
  for _, text in ipairs(from) do
    local row, prefix = cjson.decode(text:sub(text:find('[', 1, true), -1)), ''
    for place in places:gmatch('%d+') do prefix = prefix .. row[tonumber(place)] .. '\\0' end
    if not known[prefix] then
      known[prefix] = true
      for _, key in ipairs(between(order, false, '[' .. prefix, '*' .. prefix, '-1')) do
        keys[#keys + 1] = key
      end
    end
  end
  return rows_of(rows, keys)
end

local results = {}
for i = 1, #ARGV, 7 do
  local kind, rows, order, a, b, c, d = unpack(ARGV, i, i + 6)
  rows, order = KEYS[tonumber(rows)], KEYS[tonumber(order)]
  local result
  if kind == 'get' then
    local row = redis.call('HGET', rows, b)
    result = row and { row } or {}
  elseif kind == 'follow' then
    result = follow(rows, order, results[tonumber(a)], b)
  else
    result = range(rows, order, tonumber(a), kind == 'down', b, c, d)
  end
  results[#results + 1] = result
end
return { checkpoint(), results }`);

function redisScript(text: string): RedisScript {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
