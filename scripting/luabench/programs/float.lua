local x, y, vx, vy = 1.0, 0.0, 0.0, 1.0
local dt = 0.001
for i = 1, 500000 do
  local r2 = x * x + y * y
  local k = -1.0 / (r2 * math.sqrt(r2))
  vx, vy = vx + k * x * dt, vy + k * y * dt
  x, y = x + vx * dt, y + vy * dt
end
return string.format("%.10f %.10f", x, y)
