-- Arithmetic, comparison, scope, closures, varargs, goto.
assert(7 // 2 == 3 and -7 // 2 == -4 and 7 % -3 == -2 and -7 % 3 == 2)
assert(7 / 2 == 3.5 and 2 ^ 10 == 1024.0 and 1e308 * 10 == math.huge)
assert(3 | 4 == 7 and 6 & 3 == 2 and 5 ~ 1 == 4 and ~0 == -1 and 1 << 62 >> 62 == 1 and 1 << 64 == 0)
assert(math.maxinteger + 1 == math.mininteger and math.type(1) == "integer" and math.type(1.0) == "float")
assert(0x10 == 16 and 0xA.8p0 == 10.5 and 1 == 1.0 and "10" + 5 == 15 and "0x10" * 1 == 16)
assert(not pcall(function() return 1 // 0 end) and 1 // 0.0 == math.huge)
assert("a" < "b" and "a" < "aa" and not ("Z" > "a"))
assert(tostring(1e15) == "1e+15" and tostring(2 ^ 53) == "9.007199254741e+15" and tostring(-0.0) == "-0.0")
assert(tostring(0 / 0) == "nan" and tostring(-(0 / 0)) == "nan", "a NaN has no sign")
assert(tostring(1 / 0) == "inf" and 3.0 == 3 and tostring(3.0) == "3.0")
assert(tonumber("  0x1p4  ") == 16 and tonumber("z", 36) == 35 and tonumber("1e") == nil and tonumber("8", 8) == nil)

local function sum(...)
  local s = 0
  for _, v in ipairs({...}) do s = s + v end
  return s, select("#", ...), (select(-1, ...))
end
local a, n, last = sum(1, 2, 3)
assert(a == 6 and n == 3 and last == 3)

local counters = {}
for i = 1, 3 do
  counters[i] = function() i = i + 1; return i end
end
assert(counters[1]() == 2 and counters[1]() == 3 and counters[2]() == 3)

for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    assert(j ~= 2)
    ::continue::
  end
end

do
  local order = {}
  do
    local x <close> = setmetatable({}, {__close = function() order[#order + 1] = "x" end})
    local y <close> = setmetatable({}, {__close = function() order[#order + 1] = "y" end})
    local z <const> = 1
  end
  assert(table.concat(order) == "yx")
end

local t = setmetatable({}, {
  __index = function(_, k) return k .. "!" end, __call = function(_, v) return v * 2 end,
  __add = function() return "sum" end, __eq = function() return true end, __lt = function() return true end,
  __len = function() return 42 end, __concat = function() return "joined" end, __tostring = function() return "me" end,
  __unm = function() return "minus" end, __idiv = function() return "idiv" end})
assert(t.x == "x!" and t(21) == 42 and t + 1 == "sum" and t < t and #t == 42 and t .. 1 == "joined" and tostring(t) == "me")
assert(-t == "minus" and t // 1 == "idiv")

assert(load("return 1 + 1")() == 2 and load("x = ") == nil)
local f, message = load("\27Lua", "chunk", "b")
assert(f == nil and message:find("binary"))
assert(io == nil and os == nil and debug == nil and package == nil and dofile == nil and loadfile == nil)
assert(not pcall(string.dump, function() end))
