import { FlagCompressed, FlagEnd, Splitter, enclose } from './envelope'

/** ApiError is what the node answered instead of a result, or code
 * "unavailable" when it did not answer. */
export class ApiError extends Error {
  constructor(readonly code: string, message: string, readonly hint = '') {
    super(message)
    this.name = 'ApiError'
  }

  /** denied is true when the token is missing or wrong. */
  get denied(): boolean { return this.code === 'permission_denied' || this.code === 'unauthenticated' }

  /** words is one line for a person. */
  get words(): string { return this.hint ? `${this.message} (${this.hint})` : this.message }
}

interface WireError { code?: string; message?: string }

/** Client speaks the Connect protocol with JSON to the node that served this
 * page. */
export class Client {
  constructor(private readonly token: string, private readonly base = '/metatopia.v1.Node/') {}

  /** unary calls one method. Throws ApiError. */
  async unary<T>(method: string, request: object = {}, signal?: AbortSignal): Promise<T> {
    const res = await this.post(method, 'application/json', JSON.stringify(request), signal)
    const body: unknown = await res.json().catch(() => undefined)
    if (!res.ok) throw failure(body as WireError | undefined, res.status, res.headers.get(hintHeader))
    return body as T
  }

  /** stream calls a server-streaming method and gives take every message, in
   * order. It ends when the node ends the stream. Throws ApiError. */
  async stream<T>(method: string, request: object, take: (message: T) => void, signal?: AbortSignal): Promise<void> {
    const text = new TextEncoder()
    const body = enclose(text.encode(JSON.stringify(request)))
    const res = await this.post(method, 'application/connect+json', body, signal)
    if (!res.ok || !res.body) {
      throw failure(await res.json().catch(() => undefined) as WireError | undefined, res.status, res.headers.get(hintHeader))
    }
    const reader = res.body.getReader()
    try {
      const splitter = new Splitter()
      const utf8 = new TextDecoder('utf-8', { fatal: true })
      for (;;) {
        const { done, value } = await reader.read()
        if (done) throw new ApiError('unavailable', 'the stream broke off')
        for (const e of splitter.push(value)) {
          if (e.flags & FlagCompressed) throw new ApiError('internal', 'the node compressed a message unasked')
          const message: unknown = JSON.parse(utf8.decode(e.data))
          if (e.flags & FlagEnd) {
            const end = message as { error?: WireError; metadata?: Record<string, string[]> }
            if (end.error) throw failure(end.error, 200, endHint(end.metadata))
            return
          }
          take(message as T)
        }
      }
    } catch (err) {
      if (err instanceof ApiError || signal?.aborted) throw err
      throw new ApiError('unavailable', `the stream broke off: ${words(err)}`)
    } finally {
      reader.cancel().catch(() => undefined) // it may have ended already
    }
  }

  private async post(method: string, type: string, body: BodyInit, signal?: AbortSignal): Promise<Response> {
    try {
      return await fetch(this.base + method, {
        method: 'POST', body, signal, cache: 'no-store', credentials: 'omit', redirect: 'error',
        headers: { 'Content-Type': type, 'Connect-Protocol-Version': '1', Authorization: `Bearer ${this.token}` },
      })
    } catch (err) {
      if (signal?.aborted) throw err
      throw new ApiError('unavailable', 'the node does not answer')
    }
  }
}

/** hintHeader carries one percent-encoded hint beside an error. */
const hintHeader = 'Metatopia-Hint'

function endHint(metadata: Record<string, string[]> | undefined): string | null {
  for (const [name, values] of Object.entries(metadata ?? {})) {
    if (name.toLowerCase() === hintHeader.toLowerCase()) return values[0] ?? null
  }
  return null
}

function failure(error: WireError | undefined, status: number, hint: string | null): ApiError {
  const code = error?.code ?? (status === 401 || status === 403 ? 'permission_denied' : 'unknown')
  return new ApiError(code, error?.message || `the node answered ${status}`, decodeHint(hint))
}

function decodeHint(hint: string | null): string {
  try {
    return decodeURIComponent(hint ?? '')
  } catch {
    return ''
  }
}

/** words gives the message of anything thrown. */
export function words(err: unknown): string {
  if (err instanceof ApiError) return err.words
  return err instanceof Error ? err.message : String(err)
}
