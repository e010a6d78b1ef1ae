import { button, el, tame } from './dom'

/** Actions is the line at the bottom: what the keys do just here. */
export class Actions {
  readonly root = el('div', 'actions')
  private readonly touch: HTMLButtonElement
  private readonly toss: HTMLButtonElement
  private readonly bodies: HTMLButtonElement
  private readonly help = el('span', 'actions-help')
  private shown = ''

  constructor(touch: () => void, toss: () => void, bodies: () => void) {
    this.touch = button('action', '', touch)
    this.toss = button('action', '', toss)
    this.bodies = button('action quiet', '', bodies)
    fill(this.bodies, 'B', 'show', 'physics')
    this.help.append(key('WASD'), ' walk  ', key('Space'), ' jump  ', key('drag'), ' look  ', key('click'), ' go or inspect  ', key('Enter'), ' talk')
    this.root.append(this.touch, this.toss, this.bodies, this.help)
    this.show('', '', '')
  }

  /** turned says whether the physics is shown. */
  turned(on: boolean): void {
    this.bodies.setAttribute('aria-pressed', String(on))
    fill(this.bodies, 'B', on ? 'hide' : 'show', 'physics')
  }

  /** show names what E and F would do; "" hides them. */
  show(verb: string, touchName: string, ballName: string): void {
    const now = `${verb}\n${touchName}\n${ballName}`
    if (now === this.shown) return
    this.shown = now
    fill(this.touch, 'E', verb, touchName)
    fill(this.toss, 'F', 'throw', ballName)
  }
}

function fill(b: HTMLButtonElement, code: string, verb: string, name: string): void {
  b.hidden = name === ''
  b.replaceChildren(key(code), ` ${verb} ${tame(name, 24)}`)
}

function key(code: string): HTMLElement { return el('kbd', '', code) }
