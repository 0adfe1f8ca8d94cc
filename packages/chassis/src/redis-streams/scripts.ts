import { createHash } from 'node:crypto';
import { ATTEMPT } from '../events/event-wire.js';

/**
 * What the server runs as one step: either all of it happens or nothing, also in its append-only file.
 *
 * In each script, a command that frees memory comes before the first one that needs some. So a server that has reached
 * its `maxmemory` refuses new events, but those that it has can still be handled, retried and put away.
 */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** `without(fields, names)`: the fields of an entry, except for some. */
const WITHOUT = `
local function without(fields, names)
  local left = {}
  for i = 1, #fields, 2 do
    if not names[fields[i]] then
      left[#left + 1] = fields[i]
      left[#left + 1] = fields[i + 1]
    end
  end
  return left
end
`;

/** `now`: milliseconds, rounded down. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Puts an event into the queue of each service that handles it. Keys: the handlers. Arguments: what keys of queues begin
 * with, what they end with, how many services are known to handle it, their names, and the fields of the entry.
 *
 * @returns how many queues have it.
 */
export const PUBLISH = script(`
local known = tonumber(ARGV[3])
for i = 4, 3 + known do redis.call('SADD', KEYS[1], ARGV[i]) end
local fields = {}
for i = 4 + known, #ARGV do fields[#fields + 1] = ARGV[i] end
local handlers = redis.call('SMEMBERS', KEYS[1])
for _, service in ipairs(handlers) do
  redis.call('XADD', ARGV[1] .. service .. ':' .. ARGV[2], '*', unpack(fields))
end
return #handlers
`);

/**
 * Creates what is missing of a handler. Then it puts those entries into the queue again whose pause is over, and those
 * whose process said nothing for too long. Each becomes a new entry with the next attempt. So the id of an entry stands
 * for one delivery.
 *
 * Keys: the handlers, the queue, the paused. Arguments: the group, after how many milliseconds an entry is abandoned,
 * and how many of each kind at most.
 *
 * @returns in how many milliseconds the next pause is over; -1 if there is none.
 */
export const TEND = script(`${WITHOUT}${NOW}
local handlers, queue, paused = unpack(KEYS)
local group, abandoned, most = unpack(ARGV)
local pending = redis.pcall('XPENDING', queue, group, 'IDLE', abandoned, '-', '+', most)
if pending.err then
  redis.call('XGROUP', 'CREATE', queue, group, '0', 'MKSTREAM')
  pending = {}
end
local function deliver(id, attempt)
  local entry = redis.call('XRANGE', queue, id, id)[1]
  redis.call('XDEL', queue, id)
  if not entry then return end
  local fields = without(entry[2], { ['${ATTEMPT}'] = true })
  if not attempt then
    attempt = 2
    for i = 1, #entry[2], 2 do
      if entry[2][i] == '${ATTEMPT}' then attempt = (tonumber(entry[2][i + 1]) or 1) + 1 end
    end
  end
  fields[#fields + 1] = '${ATTEMPT}'
  fields[#fields + 1] = attempt
  redis.call('XADD', queue, '*', unpack(fields))
end
for _, entry in ipairs(pending) do
  redis.call('XACK', queue, group, entry[1])
  deliver(entry[1])
end
local due = redis.call('ZRANGE', paused, '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, most)
for _, member in ipairs(due) do
  redis.call('ZREM', paused, member)
  local id, attempt = string.match(member, '^(%S+) (%d+)$')
  deliver(id, attempt)
end
if redis.call('SISMEMBER', handlers, group) == 0 then redis.call('SADD', handlers, group) end
local next = redis.call('ZRANGE', paused, 0, 0, 'WITHSCORES')
if not next[2] then return -1 end
return math.max(0, next[2] - now)
`);

/** Removes a handled entry. Keys: the queue. Arguments: the group, the entry's id. */
export const FINISH = script(`
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return redis.call('XDEL', KEYS[1], ARGV[2])
`);

/**
 * Makes an entry wait in its queue. Keys: the queue, the paused. Arguments: the group, the entry's id, the milliseconds,
 * and which attempt comes then.
 *
 * @returns 0 if the entry was abandoned: it was given to another process.
 */
export const PAUSE = script(`${NOW}
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], string.format('%.0f', now + 1 + ARGV[3]), ARGV[2] .. ' ' .. ARGV[4])
return 1
`);

/**
 * Moves an entry to the dead letters. Keys: the queue, the dead letters. Arguments: the group, the entry's id, and the
 * fields that it gets.
 *
 * @returns 0 if the entry was abandoned: it was given to another process.
 */
export const BURY = script(`${WITHOUT}
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if not entry then return 1 end
local added = {}
for i = 3, #ARGV, 2 do added[ARGV[i]] = true end
local fields = without(entry[2], added)
for i = 3, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('XADD', KEYS[2], '*', unpack(fields))
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
`);

/**
 * Takes the first entry of a partition. It stays where it is until it is done, so none behind it can be taken before.
 * Keys: the queue, the turn. Arguments: for how many milliseconds it is taken.
 *
 * @returns the entry, and which attempt it is; or in how many milliseconds it can be taken (-1: there is none) and the
 *   id of the last entry so far.
 */
export const TAKE_TURN = script(`${NOW}
local entry = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local left = -1
if entry then
  local turn = redis.call('HMGET', KEYS[2], 'id', 'attempt', 'until')
  left = 0
  local attempt = 1
  if turn[1] == entry[1] then
    left = math.max(0, turn[3] - now)
    attempt = turn[2] + 1
  end
  if left == 0 then
    redis.call('DEL', KEYS[2])
    redis.call('HSET', KEYS[2], 'id', entry[1], 'attempt', string.format('%.0f', attempt), 'until', string.format('%.0f', now + ARGV[1]))
    return { entry[1], entry[2], attempt }
  end
end
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
local last = '0-0'
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end
return { left, last }
`);

/** `isOurs`: whether an entry is in the hands of the process that says so. */
const IS_OURS = `
local turn = redis.call('HMGET', KEYS[2], 'id', 'attempt')
local isOurs = turn[1] == ARGV[1] and turn[2] == ARGV[2]
`;

/**
 * Keeps an entry for longer, or lets it wait. Keys: the queue, the turn. Arguments: the entry's id, the attempt, for how
 * many milliseconds, and the attempt before the next one.
 *
 * @returns 0 if the entry was abandoned: it was given to another process.
 */
export const KEEP_TURN = script(`${NOW}${IS_OURS}
if not isOurs then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'id', ARGV[1], 'attempt', ARGV[4], 'until', string.format('%.0f', now + 1 + ARGV[3]))
return 1
`);

/** Removes a handled entry. Keys: the queue, the turn. Arguments: the entry's id, the attempt. */
export const FINISH_TURN = script(`${IS_OURS}
if not isOurs then return 0 end
redis.call('DEL', KEYS[2])
return redis.call('XDEL', KEYS[1], ARGV[1])
`);

/**
 * Moves an entry to the dead letters. Keys: the queue, the turn, the dead letters. Arguments: the entry's id, the
 * attempt, and the fields that it gets.
 *
 * @returns 0 if the entry was abandoned: it was given to another process.
 */
export const BURY_TURN = script(`${WITHOUT}${IS_OURS}
if not isOurs then return 0 end
redis.call('DEL', KEYS[2])
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 1 end
local added = {}
for i = 3, #ARGV, 2 do added[ARGV[i]] = true end
local fields = without(entry[2], added)
for i = 3, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('XADD', KEYS[3], '*', unpack(fields))
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
`);

/**
 * Moves a dead letter back to its queue. Keys: the dead letters, the queue. Arguments: the letter's id, and the names of
 * fields that it loses.
 *
 * @returns 0 if it is not there any more.
 */
export const REPLAY = script(`${WITHOUT}
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 0 end
local removed = { ['${ATTEMPT}'] = true }
for i = 2, #ARGV do removed[ARGV[i]] = true end
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('XADD', KEYS[2], '*', unpack(without(entry[2], removed)))
return 1
`);
