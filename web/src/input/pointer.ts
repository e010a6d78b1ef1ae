/** Pixels that a press may move and still be a click. */
const slack = 5
const turnPerPixel = 0.0055

export interface PointerActs {
  turn(dx: number, dy: number): void
  zoom(factor: number): void
  /** click and hover take coordinates from -1 to 1, y up. */
  click(x: number, y: number): void
  hover(x: number, y: number): void
}

/** watchPointer turns drags, wheels, pinches and clicks on the view into what
 * they mean. */
export function watchPointer(view: HTMLElement, acts: PointerActs): void {
  const down = new Map<number, { x: number; y: number }>()
  let moved = 0
  let pinch = 0

  const unit = (e: PointerEvent): [number, number] => {
    const r = view.getBoundingClientRect()
    return [(e.clientX - r.left) / r.width * 2 - 1, 1 - (e.clientY - r.top) / r.height * 2]
  }
  const spread = (): number => {
    const [a, b] = [...down.values()]
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0
  }

  view.addEventListener('pointerdown', e => {
    view.focus({ preventScroll: true })
    down.set(e.pointerId, { x: e.clientX, y: e.clientY })
    if (down.size === 1) moved = 0
    pinch = spread()
    view.setPointerCapture(e.pointerId)
  })
  view.addEventListener('pointermove', e => {
    const last = down.get(e.pointerId)
    if (!last) {
      acts.hover(...unit(e))
      return
    }
    const dx = e.clientX - last.x
    const dy = e.clientY - last.y
    moved += Math.abs(dx) + Math.abs(dy)
    last.x = e.clientX
    last.y = e.clientY
    if (down.size > 1) {
      const now = spread()
      if (pinch > 0 && now > 0) acts.zoom(pinch / now)
      pinch = now
      moved += slack + 1
    } else if (moved > slack) {
      view.classList.add('turning')
      acts.turn(dx * turnPerPixel, dy * turnPerPixel)
    }
  })
  const up = (e: PointerEvent, counts: boolean): void => {
    if (!down.delete(e.pointerId)) return
    view.classList.remove('turning')
    pinch = spread()
    if (counts && down.size === 0 && moved <= slack && e.button === 0) acts.click(...unit(e))
  }
  view.addEventListener('pointerup', e => up(e, true))
  view.addEventListener('pointercancel', e => up(e, false))
  view.addEventListener('wheel', e => {
    e.preventDefault()
    const lines = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    acts.zoom(Math.exp(Math.max(-200, Math.min(200, e.deltaY * lines)) * 0.0014))
  }, { passive: false })
  view.addEventListener('contextmenu', e => e.preventDefault())
}
