// A headless Chromium that draws WebGL in software.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

/** open starts the browser with an empty profile; close removes it. gl is
 * "swiftshader" (everywhere) or "llvmpipe" (half the work, needs Mesa's EGL). */
export async function open({ width = 960, height = 540, gl = 'swiftshader', executablePath = '/usr/bin/chromium' } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'metatopia-page-'))
  const args = gl === 'llvmpipe'
    ? ['--use-gl=angle', '--use-angle=gl-egl', '--ignore-gpu-blocklist']
    : ['--disable-gpu', '--enable-unsafe-swiftshader']
  const context = await chromium.launchPersistentContext(dir, {
    executablePath, headless: true, viewport: { width, height },
    args: [...args, '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  const page = context.pages()[0] ?? await context.newPage()
  const close = async () => {
    await context.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
  return { page, close }
}

/** testURL adds test=1 to the page's address, and keeps its fragment. */
export function testURL(url) {
  const u = new URL(url)
  u.searchParams.set('test', '1')
  return u.toString()
}
