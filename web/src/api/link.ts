import { ApiError, words, type Client } from './client'
import type { Frame } from './types'

export type LinkState = 'connecting' | 'open' | 'lost' | 'denied'

/** retryDelay is the pause in milliseconds before the n-th attempt after a
 * break, n from 0: doubled each time up to 8 s, so that a restarting node is
 * found soon and a stopped one costs nothing. */
export function retryDelay(n: number): number {
  return Math.min(8000, 500 * 2 ** Math.min(n, 10))
}

export interface LinkEvents {
  frame(frame: Frame): void
  state(state: LinkState, detail: string): void
}

/** Link keeps one Watch stream open for as long as the page lives. */
export class Link {
  private broken = 0
  private wake: (() => void) | undefined

  constructor(private readonly client: Client, private readonly events: LinkEvents, private readonly rate = 20) {}

  /** run never returns unless the signal ends it. */
  async run(signal?: AbortSignal): Promise<void> {
    this.events.state('connecting', '')
    while (!signal?.aborted) {
      let detail = 'the node ended the stream'
      let state: LinkState = 'lost'
      try {
        await this.client.stream<Frame>('Watch', { rate: this.rate }, frame => {
          if (frame.full) {
            this.broken = 0
            this.events.state('open', '')
          }
          this.events.frame(frame)
        }, signal)
      } catch (err) {
        detail = words(err)
        if (err instanceof ApiError && err.denied) state = 'denied'
      }
      if (signal?.aborted) return
      this.events.state(state, detail)
      await this.pause(retryDelay(this.broken++))
      this.events.state(state === 'denied' ? 'denied' : 'connecting', detail)
    }
  }

  /** retry ends the present pause. */
  retry(): void { this.wake?.() }

  private pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => { clearTimeout(timer); resolve() }
    })
  }
}
