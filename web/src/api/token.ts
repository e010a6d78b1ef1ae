// The token reaches the page in the URL's fragment, which browsers send to no
// server. It is kept in sessionStorage: cookies on 127.0.0.1 are shared by all
// ports, and localStorage would outlive the node.

const storageKey = 'metatopia.token'

/** takeToken moves the token out of the address bar, so that it is in no
 * bookmark or screenshot. "" when there is none. */
export function takeToken(where: Location, history: History, storage: Storage): string {
  const token = tokenIn(where.hash)
  if (token === '') return storage.getItem(storageKey) ?? ''
  storage.setItem(storageKey, token)
  history.replaceState(null, '', where.pathname + where.search)
  return token
}

/** tokenIn finds t= or token= in a fragment. */
export function tokenIn(hash: string): string {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  return parameters.get('token') ?? parameters.get('t') ?? ''
}
