// A highlighter for reading script sources: one small grammar that fits the
// languages things are written in (AssemblyScript, Go, Rust, C, Lua, WAT).

export type TokenKind = 'comment' | 'string' | 'number' | 'keyword' | 'name' | 'plain'

export interface Token { kind: TokenKind; text: string }

const keywords = new Set(`abstract and as async await bool boolean break case catch char class const constructor continue
declare default defer do elif else elseif end enum export extends extern f32 f64 false finally float fn for from func
function go goto i32 i64 if impl implements import in int interface is let local loop match mod module mut new nil not
null of or package param private pub public range readonly repeat result return self static string struct super switch
then this throw true try type u8 u16 u32 u64 undefined until use use var void while yield`.split(/\s+/))

// What begins a comment depends on the language: a pattern that finds one and
// is then not believed would read a line of dashes again at every dash.
const dashComment = '|--[^\\n]*'
const hashComment = '|#(?![0-9a-fA-F]{6}\\b)[^\\n]*'
const comment = (more: string): RegExp => new RegExp('//[^\\n]*|/\\*[^]*?(?:\\*/|$)|;;[^\\n]*' + more, 'y')

const others: [TokenKind, RegExp][] = [
  ['string', /"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|`(?:\\[^]|[^`\\])*`?/y],
  ['number', /0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['name', /[A-Za-z_$][\w$]*/y],
]

/** highlight splits a source into tokens; together they are the source. */
export function highlight(source: string, language = ''): Token[] {
  const dashes = /^(lua|sql|haskell)$/i.test(language)
  const hashes = /^(python|ruby|shell|toml|yaml)$/i.test(language)
  const rules: [TokenKind, RegExp][] = [['comment', comment((dashes ? dashComment : '') + (hashes ? hashComment : ''))], ...others]
  const tokens: Token[] = []
  let plain = ''
  const flush = (): void => {
    if (plain) tokens.push({ kind: 'plain', text: plain })
    plain = ''
  }
  let at = 0
  while (at < source.length) {
    let found: Token | undefined
    for (const [kind, pattern] of rules) {
      pattern.lastIndex = at
      const text = pattern.exec(source)?.[0]
      if (!text) continue
      found = { kind: kind === 'name' && keywords.has(text) ? 'keyword' : kind, text }
      break
    }
    if (!found) {
      plain += source[at]
      at++
      continue
    }
    flush()
    tokens.push(found)
    at += found.text.length
  }
  flush()
  return tokens
}
