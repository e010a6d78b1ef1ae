-- The string library and utf8.
assert(("hello"):upper() == "HELLO" and ("abc"):rep(3, "-") == "abc-abc-abc" and ("abc"):reverse() == "cba")
assert(("hello world"):find("o w") == 5 and ("a.b"):find(".", 1, true) == 2 and ("x"):byte() == 120)
assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
assert(("THE (quick) fox"):find("%((%a+)%)") == 5)
assert(("f(a(b)c)d"):match("%b()") == "(a(b)c)" and ("THE END"):match("%f[%a]%a+", 4) == "END")
assert(("hello"):gsub("l", "L") == "heLLo" and select(2, ("hello"):gsub("l", "")) == 2)
assert(("$name is $age"):gsub("%$(%w+)", {name = "Ada", age = 36}) == "Ada is 36")
assert(("abc"):gsub("%w", "%0%0") == "aabbcc" and ("abc"):gsub("", "-") == "-a-b-c-")
local words = {}
for w in ("one two three"):gmatch("%a+") do words[#words + 1] = w end
assert(#words == 3 and words[3] == "three")
assert(string.format("%5d|%-5d|%05d|%x|%5.1f|%q|%s|%g|%c", 42, 42, 42, 255, 3.14159, "a\nb", true, 1e20, 65) ==
  "   42|42   |00042|ff|  3.1|\"a\\\nb\"|true|1e+20|A")
assert(string.format("%.17g", 0.1) == "0.10000000000000001" and string.format("%a", 1.0) == "0x1p+0")
assert(string.format("%.3f", 2 / 3) == "0.667" and string.format("%10.4s|", "abcdefgh") == "      abcd|")
assert(not pcall(string.format, "%d", 1.5) and not pcall(string.format, "%y", 1))
assert(string.pack("<i4", 100):byte(1) == 100 and string.unpack("<i4", string.pack("<i4", -2)) == -2)
assert(string.pack(">s2", "hi") == "\0\2hi" and string.packsize("i4i8") == 12)
assert(#utf8.char(228, 8364, 128512) == 9 and utf8.len("häß") == 3 and utf8.codepoint("€") == 8364)
assert(utf8.len("\xff") == nil and utf8.offset("aäb", 3) == 4)
local n = 0
for _, c in utf8.codes("aä€") do n = n + c end
assert(n == 97 + 228 + 8364)
assert(tostring(12345678901234567890) == "1.2345678901235e+19" and #tostring(math.pi) == 15)
assert(("x"):rep(0) == "" and ("x"):rep(-1) == "" and ("abc"):sub(-2) == "bc" and ("abc"):sub(2, 10) == "bc")
