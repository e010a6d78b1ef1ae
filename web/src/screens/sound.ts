import type { ScreenSound } from '../api/types'
import { bytes } from './copy'

const shapes: Record<string, OscillatorType> = { sine: 'sine', square: 'square', triangle: 'triangle', saw: 'sawtooth' }

/** What one process may add to what is heard. */
const loudest = 0.5

/** Sound plays what a process sounds. It makes its audio context at the first
 * sound, which the browser lets sound once the person has clicked. */
export class Sound {
  private context: AudioContext | undefined
  private out: GainNode | undefined
  private samplesEnd = 0

  play(list: readonly ScreenSound[]): void {
    for (const s of list) {
      if (s.stop) this.stop()
      else if (s.rate) this.samples(s)
      else this.tone(s)
    }
  }

  /** stop ends what is heard and what waits. */
  stop(): void {
    this.out?.disconnect()
    this.out = undefined
    this.samplesEnd = 0
  }

  close(): void {
    this.stop()
    void this.context?.close()
    this.context = undefined
  }

  private ready(): { context: AudioContext; out: GainNode } {
    const context = this.context ??= new AudioContext()
    if (context.state === 'suspended') void context.resume().catch(() => undefined) // it sounds after the next click
    if (!this.out) {
      this.out = context.createGain()
      this.out.gain.value = loudest
      this.out.connect(context.destination)
    }
    return { context, out: this.out }
  }

  private tone(s: ScreenSound): void {
    const { context, out } = this.ready()
    const begin = context.currentTime
    const end = begin + s.seconds
    const gain = context.createGain()
    // Without a slope at either end every tone would click.
    gain.gain.setValueAtTime(0, begin)
    gain.gain.linearRampToValueAtTime(s.volume, begin + Math.min(0.008, s.seconds / 2))
    gain.gain.setValueAtTime(s.volume, Math.max(begin + 0.008, end - 0.03))
    gain.gain.linearRampToValueAtTime(0, end)
    gain.connect(out)
    const source = s.wave === 'noise' ? this.noise(context) : oscillator(context, s)
    source.connect(gain)
    source.start(begin)
    source.stop(end)
  }

  private noise(context: AudioContext): AudioBufferSourceNode {
    const buffer = context.createBuffer(1, context.sampleRate, context.sampleRate)
    const data = buffer.getChannelData(0)
    for (let i = 0; i < data.length; i++) data[i] = Math.random() * 2 - 1
    const source = context.createBufferSource()
    source.buffer = buffer
    source.loop = true
    return source
  }

  private samples(s: ScreenSound): void {
    const pcm = bytes(s.pcm ?? '')
    if (pcm.length < 2) return
    const { context, out } = this.ready()
    const view = new DataView(pcm.buffer)
    const buffer = context.createBuffer(1, pcm.length >> 1, s.rate!)
    const data = buffer.getChannelData(0)
    for (let i = 0; i < data.length; i++) data[i] = view.getInt16(2 * i, true) / 32768
    const source = context.createBufferSource()
    source.buffer = buffer
    source.connect(out)
    const begin = Math.max(this.samplesEnd, context.currentTime)
    source.start(begin)
    this.samplesEnd = begin + buffer.duration
  }
}

function oscillator(context: AudioContext, s: ScreenSound): OscillatorNode {
  const o = context.createOscillator()
  o.type = shapes[s.wave ?? ''] ?? 'sine'
  o.frequency.value = s.hertz ?? 440
  return o
}
