// Envelopes of a Connect stream (connectrpc.com/docs/protocol): one byte of
// flags, four of length (big endian), the message.

export const FlagCompressed = 0x01
export const FlagEnd = 0x02

/** The largest message taken from the node, as MaxReplyBytes in node/control. */
export const MaxMessageBytes = 16 << 20

const headBytes = 5

export interface Envelope { flags: number; data: Uint8Array }

/** enclose gives the bytes of one envelope. */
export function enclose(data: Uint8Array, flags = 0): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(headBytes + data.length)
  out[0] = flags
  new DataView(out.buffer).setUint32(1, data.length)
  out.set(data, headBytes)
  return out
}

/** Splitter finds the envelopes in a stream of pieces of any size. */
export class Splitter {
  private held: Uint8Array = new Uint8Array(0)

  /** push gives the envelopes that piece completes. Throws RangeError when one
   * is announced that is over the limit; the stream must end then. */
  push(piece: Uint8Array): Envelope[] {
    let bytes = piece
    if (this.held.length > 0) {
      bytes = new Uint8Array(this.held.length + piece.length)
      bytes.set(this.held)
      bytes.set(piece, this.held.length)
    }
    const found: Envelope[] = []
    let at = 0
    while (bytes.length - at >= headBytes) {
      const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0)
      if (length > MaxMessageBytes) throw new RangeError(`a message of ${length} bytes is over the limit`)
      const end = at + headBytes + length
      if (end > bytes.length) break
      found.push({ flags: bytes[at]!, data: bytes.slice(at + headBytes, end) })
      at = end
    }
    this.held = bytes.slice(at)
    return found
  }

  /** pending says whether the stream stops inside an envelope. */
  get pending(): boolean { return this.held.length > 0 }
}
