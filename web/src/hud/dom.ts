/** el makes an element with a class and text. Text only: what people and
 * things are called or say never becomes markup, anywhere in this page. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', text = ''): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag)
  if (className) e.className = className
  if (text) e.textContent = text
  return e
}

/** button is a button that does act and gives the keyboard back to the world. */
export function button(className: string, text: string, act: () => void): HTMLButtonElement {
  const b = el('button', className, text)
  b.type = 'button'
  b.addEventListener('click', () => {
    act()
    b.blur()
  })
  return b
}

/** tame makes a name or a line fit to show: control and direction-changing
 * characters out, one line, at most max characters. */
export function tame(text: string, max: number): string {
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '').trim()
  const points = [...flat]
  return points.length <= max ? flat : points.slice(0, max - 1).join('') + '…'
}

/** metres writes a distance for people. */
export function metres(d: number): string {
  return d < 10 ? `${d.toFixed(1)} m` : `${Math.round(d)} m`
}

/** shortId is the start of a key or a CID. */
export function shortId(id: string, keep = 10): string {
  return id.length <= keep + 1 ? id : id.slice(0, keep) + '…'
}

/** safeColor is a colour of the node's form, or the fallback: nothing else
 * reaches a style. */
export function safeColor(color: string | undefined, fallback: string): string {
  return color !== undefined && /^#[0-9a-f]{6}$/i.test(color) ? color : fallback
}
