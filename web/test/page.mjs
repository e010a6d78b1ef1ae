// Opens the page of a running node and does what a person would: looks, walks,
// talks, clicks a thing.
//
//   node test/page.mjs --url URL --out DIR [--gl swiftshader|llvmpipe]
//
// Prints one JSON object on stdout: what was seen, the screenshots, and what
// is wrong. Exit code 1 when anything is wrong: an error on the console, a
// part that is missing, an act without effect. 2 for bad usage.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { open, testURL } from './browser.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' }, out: { type: 'string', default: '.' }, gl: { type: 'string', default: 'swiftshader' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, timeout: { type: 'string', default: '60' },
  },
})
if (!options.url) {
  console.error('usage: page.mjs --url URL [--out DIR] [--gl swiftshader|llvmpipe] [--chromium PATH] [--timeout SECONDS]')
  process.exit(2)
}
const patience = Number(options.timeout) * 1000
const wrong = []
const result = { ok: false, wrong, errors: [], screenshots: [] }

await mkdir(options.out, { recursive: true })
const { page, close } = await open({ gl: options.gl, executablePath: options.chromium })
page.setDefaultTimeout(patience)
page.on('console', m => { if (m.type() === 'error') result.errors.push(m.text().slice(0, 500)) })
page.on('pageerror', e => result.errors.push(String(e).slice(0, 500)))

const step = (n = 1) => page.evaluate(n => {
  let last
  for (let i = 0; i < n; i++) last = window.__metatopia.step()
  return last
}, n)
const hook = (name, ...args) => page.evaluate(([name, args]) => window.__metatopia[name](...args), [name, args])

async function shot(name) {
  await step(2)
  const path = join(options.out, `${name}.png`)
  await page.screenshot({ path, timeout: patience })
  result.screenshots.push(path)
}

/** until draws and asks again until check gives something. */
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

async function look() {
  await page.goto(testURL(options.url), { waitUntil: 'commit', timeout: patience })
  await page.waitForFunction(() => window.__metatopia?.ready === true, undefined, { timeout: patience, polling: 100 })
  if (await page.evaluate(() => location.hash !== '')) wrong.push('the token stayed in the address bar')
  const me = await until('my avatar is in the world', () => hook('me'))
  result.first = me
  result.regions = await hook('regions')
  result.entities = await hook('count')
  result.kinds = await hook('kinds')
  if (result.regions.length === 0) wrong.push('no region is known')
  if (result.entities < 2) wrong.push('nothing but me is in the world')
  for (const part of ['.place-region', '.chat-input', '.minimap canvas', '.nearby-list', '.actions', 'canvas#view']) {
    if (await page.locator(part).count() === 0) wrong.push(`missing part: ${part}`)
  }
  if (await page.locator('.banner:not([hidden])').count() > 0) wrong.push('the connection banner is shown')
  await page.waitForTimeout(600) // things fade in
  await step(8)
  result.drawn = await step()
  if (!(result.drawn.triangles > 1000)) wrong.push(`only ${result.drawn.triangles} triangles were drawn`)
  await shot('1-arrived')
  return me
}

async function walk(me) {
  if (!me) return
  await page.locator('canvas#view').focus()
  await page.keyboard.down('KeyW')
  const far = await until('walking by keyboard moves my avatar', async () => {
    const now = await hook('me')
    return now && Math.hypot(now.x - me.x, now.z - me.z) > 1.5 ? now : undefined
  }, 20_000)
  await shot('2-walking')
  await page.keyboard.up('KeyW')
  await step()
  result.walked = far ? Math.hypot(far.x - me.x, far.z - me.z) : 0
}

async function talk() {
  const text = `Hello from the page <b>${Date.now() % 100000}</b> & "friends"`
  await page.locator('canvas#view').focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement?.matches('.chat-input'), undefined, { timeout: 5000 }).catch(() => wrong.push('Enter does not lead to the chat box'))
  await page.locator('.chat-input').fill(text)
  await page.keyboard.press('Enter')
  await until('what I said is in the chat log', () => page.evaluate(text =>
    [...document.querySelectorAll('.chat-text')].some(e => e.textContent === text), text), 20_000)
  if (await page.evaluate(() => document.querySelectorAll('.hud b, .hud img, .labels img, .hud script').length) > 0) {
    wrong.push('words became markup')
  }
  await page.keyboard.press('Escape')
  result.said = text
}

async function click() {
  // Something that stands still and can be seen; from above nothing hides it.
  for (const kind of ['lamp', 'bell', 'hearth', 'bench', 'fountain', 'sign', 'box', 'tree']) {
    const near = await hook('nearest', kind)
    if (!near) continue
    await aim(near.id)
    await step(2)
    const seen = await hook('nearest', kind)
    if (!seen?.screen) continue
    await page.mouse.click(seen.screen[0], seen.screen[1])
    const selected = await until(`a click on the ${kind} selects something`, () => hook('selected'), 3000)
    if (!selected) continue
    await page.locator('.inspector .facts dt').first().waitFor()
    await page.waitForTimeout(500)
    result.inspected = await page.locator('.inspector h2').textContent()
    result.slots = await page.locator('.inspector .slots tr').count()
    await page.waitForTimeout(500)
    await shot('3-inspected')
    while (wrong.length && wrong[wrong.length - 1].includes('selects something')) wrong.pop() // an earlier kind was hidden
    return
  }
  wrong.push('nothing could be clicked')
}

/** aim turns the camera towards a thing and looks a little down. */
async function aim(id) {
  await page.evaluate(id => {
    const h = window.__metatopia
    const t = h.where(id)
    const me = h.me()
    if (t && me) h.look(Math.atan2(me.x - t.x, me.z - t.z) + 0.35, 0.5, 9)
  }, id)
}

try {
  const me = await look()
  await walk(me)
  await talk()
  await click()
  result.last = await hook('me')
  if (!await hook('connected')) wrong.push('not connected at the end')
} catch (err) {
  wrong.push(String(err).slice(0, 500))
  await page.screenshot({ path: join(options.out, 'failed.png') }).then(() => result.screenshots.push(join(options.out, 'failed.png')), () => {})
}
await close()
if (result.errors.length > 0) wrong.push(`${result.errors.length} errors on the console`)
result.ok = wrong.length === 0
console.log(JSON.stringify(result))
process.exit(result.ok ? 0 : 1)
