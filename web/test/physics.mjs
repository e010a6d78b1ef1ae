// Opens the page of a running node in a world with the ball run, walks to the
// border, turns the view of the physics on and waits until it shows bodies of
// two regions, ghosts and contacts.
//
//   node test/physics.mjs --url URL --out DIR [--gl swiftshader|llvmpipe]
//
// Prints one JSON object: what was seen, the screenshots, what is wrong. Exit
// code 1 when anything is wrong.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { open, testURL } from './browser.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' }, out: { type: 'string', default: '.' }, gl: { type: 'string', default: 'swiftshader' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, timeout: { type: 'string', default: '60' },
    to: { type: 'string', default: '30,16.5' },
    width: { type: 'string', default: '1280' }, height: { type: 'string', default: '720' },
  },
})
if (!options.url) {
  console.error('usage: physics.mjs --url URL [--out DIR] [--gl swiftshader|llvmpipe] [--to X,Z]')
  process.exit(2)
}
const patience = Number(options.timeout) * 1000
const wrong = []
const result = { ok: false, wrong, errors: [], screenshots: [] }

await mkdir(options.out, { recursive: true })
const { page, close } = await open({ gl: options.gl, executablePath: options.chromium, width: Number(options.width), height: Number(options.height) })
page.setDefaultTimeout(patience)
page.on('console', m => { if (m.type() === 'error') result.errors.push(m.text().slice(0, 500)) })
page.on('pageerror', e => result.errors.push(String(e).slice(0, 500)))

const step = () => page.evaluate(() => window.__metatopia.step())
const hook = (name, ...args) => page.evaluate(([name, args]) => window.__metatopia[name](...args), [name, args])

async function shot(name) {
  await step()
  await step()
  const path = join(options.out, `${name}.png`)
  await page.screenshot({ path, timeout: patience })
  result.screenshots.push(path)
}

async function until(what, check, ms = patience) {
  const end = Date.now() + ms
  for (;;) {
    const got = await check()
    if (got) return got
    if (Date.now() > end) {
      wrong.push(`timed out: ${what}`)
      return undefined
    }
    await step()
    await page.waitForTimeout(60)
  }
}

try {
  await page.goto(testURL(options.url), { waitUntil: 'commit', timeout: patience })
  await page.waitForFunction(() => window.__metatopia?.ready === true, undefined, { timeout: patience, polling: 100 })
  await until('my avatar is in the world', () => hook('me'))
  const [x, z] = options.to.split(',').map(Number)
  await page.evaluate(([x, z]) => window.__metatopia.walk(x, z), [x, z])
  await until('my avatar is at the border', async () => {
    const me = await hook('me')
    return me && Math.hypot(me.x - x, me.z - z) < 1.5
  })
  await hook('look', 0.12 + Math.PI, 0.34, 13)
  await shot('1-scene')
  await page.locator('canvas#view').focus()
  await page.keyboard.press('KeyB')
  result.seen = await until('bodies of two regions, ghosts and contacts', async () => {
    const s = await hook('shards')
    return s.regions >= 2 && s.ghosts >= 1 && s.touches >= 1 && s.bodies >= 10 ? s : undefined
  })
  await until('the panel names two regions', async () => await page.locator('.shards:not([hidden]) .shards-list li .name').count() >= 2)
  await page.waitForTimeout(400)
  await shot('2-physics')
  const labels = await page.locator('.label-body:not([hidden]), .label-ghost:not([hidden])').count()
  if (labels === 0) wrong.push('no body has its number over it')
  result.labels = labels
  await page.keyboard.press('KeyB')
  await step()
  const off = await hook('shards')
  if (off.bodies !== 0 || await page.locator('.shards:not([hidden])').count() > 0) wrong.push('the view of the physics stays when it is turned off')
} catch (err) {
  wrong.push(String(err).slice(0, 500))
  await page.screenshot({ path: join(options.out, 'failed.png') }).then(() => result.screenshots.push(join(options.out, 'failed.png')), () => {})
}
await close()
if (result.errors.length > 0) wrong.push(`${result.errors.length} errors on the console`)
result.ok = wrong.length === 0
console.log(JSON.stringify(result))
process.exit(result.ok ? 0 : 1)
