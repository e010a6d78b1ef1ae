-- Tables, sorting, iteration, the collector.
local t = {5, 2, 8, 1, 9}
table.sort(t)
assert(table.concat(t, ",") == "1,2,5,8,9")
table.sort(t, function(a, b) return a > b end)
assert(table.concat(t, ",") == "9,8,5,2,1")
table.insert(t, 1, 10)
table.insert(t, 0)
assert(table.remove(t, 1) == 10 and table.remove(t) == 0 and #t == 5)
assert(select("#", table.unpack({1, nil, 3}, 1, 3)) == 3 and table.pack(1, nil).n == 2)
assert(table.concat(table.move({1, 2, 3}, 1, 3, 2), "") == "1123")
assert(not pcall(table.sort, {3, 1, 2, 5, 4}, function() error("x") end))
assert(not pcall(table.concat, {{}}) and not pcall(table.insert, {}, 5, 1))
local big = {}
for i = 1, 3000 do big[i] = (i * 7919) % 3001 end
table.sort(big)
for i = 2, 3000 do assert(big[i - 1] <= big[i]) end

local seen, n = {}, 0
for k, v in pairs({1, 2, x = 3, [2.5] = 4, [true] = 5}) do seen[k] = v; n = n + 1 end
assert(n == 5 and seen.x == 3 and seen[2.5] == 4 and seen[true] == 5)
assert(next({}) == nil and rawlen({1, 2}) == 2 and rawequal(t, t) and rawget(setmetatable({}, {__index = t}), 1) == nil)
assert(not pcall(function() t[nil] = 1 end) and not pcall(function() t[0 / 0] = 1 end))
local proxy = setmetatable({}, {__pairs = function() return function(_, k) if not k then return 1, 2 end end, nil, nil end})
for k, v in pairs(proxy) do assert(k == 1 and v == 2) end

local freed = 0
for i = 1, 100 do setmetatable({}, {__gc = function() freed = freed + 1 end}) end
collectgarbage()
assert(freed == 100)
local weak = setmetatable({}, {__mode = "k"})
weak[{}] = 1
collectgarbage()
assert(next(weak) == nil)
assert(collectgarbage("count") > 0 and collectgarbage("step") ~= nil)
collectgarbage("generational")
for i = 1, 20000 do local garbage = {i} end
collectgarbage("incremental")
