-- Counts one request of KEYS[1] by GCRA, ARGV[1] a minute, on the server's clock. What is kept is the moment at which
-- the quota is whole again, in microseconds. Answers: whether it was let in, how many could follow at once,
-- microseconds until the quota is whole, microseconds until the next is let in.
local limit = tonumber(ARGV[1])
local interval = math.floor(60000000 / limit)
local burst = interval * limit
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
-- A clock that was set back, or a limit that was raised, leaves nobody out for longer than a whole quota.
whole = math.min(whole, now + burst)
local next_whole = whole + interval
local wait = next_whole - burst - now
if wait > 0 then
  return {0, 0, whole - now, wait}
end
redis.call('SET', KEYS[1], string.format('%.0f', next_whole), 'PX', math.ceil((next_whole - now) / 1000))
return {1, math.floor((burst - (next_whole - now)) / interval), next_whole - now, 0}
