import './style.css'
import { Client } from './api/client'
import { takeToken } from './api/token'
import { App } from './app'
import { hooks, type Hooks } from './hooks'
import { el } from './hud/dom'

declare global {
  interface Window { __metatopia?: Hooks }
}

const root = document.getElementById('app')!
const token = takeToken(location, history, sessionStorage)
const test = new URLSearchParams(location.search).get('test') === '1'
document.documentElement.classList.toggle('test', test)

try {
  start()
} catch (err) {
  // Most likely there is no WebGL 2 here. The other clients need none.
  const veil = el('div', 'veil')
  veil.append(
    el('div', 'veil-name', 'Metatopia'),
    el('div', 'veil-words', `This browser cannot draw the world: ${err instanceof Error ? err.message : String(err)}`),
    el('div', 'veil-words', 'The same place is open by telnet; “metatopia status” says where.'))
  root.replaceChildren(veil)
}

function start(): void {
  const app = new App(root, new Client(token), test)
  const hook = hooks(app, test)
  window.__metatopia = hook
  void app.run()
  if (test) {
    // Frames are drawn when asked for: in software they would queue up.
    const wait = setInterval(() => {
      if (app.fullFrames === 0) return
      clearInterval(wait)
      hook.step()
      hook.ready = true
    }, 50)
    return
  }
  const loop = (now: number): void => {
    app.render(now)
    hook.ready ||= app.fullFrames > 0
    requestAnimationFrame(loop)
  }
  requestAnimationFrame(loop)
}
