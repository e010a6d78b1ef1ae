// The web, of the hosts that were granted (docs/interfaces/http.md).
// SPDX-License-Identifier: MIT
import { BUF, CAP, at, result, utf8 } from "./text";
import { mt_http_get, mt_http_post, mt_http_read, mt_http_size, mt_http_type } from "./imports";

export namespace http {
  /** Asks, and waits for the whole answer: its status, or a code. */
  export function get(url: string): i32 {
    const u = utf8(url);
    return mt_http_get(at(u), u.byteLength);
  }
  /** Sends data of a media type; redirections are not followed. */
  export function post(url: string, mediaType: string, data: ArrayBuffer): i32 {
    const u = utf8(url), t = utf8(mediaType);
    return mt_http_post(at(u), u.byteLength, at(t), t.byteLength, at(data), data.byteLength);
  }
  /** The last answer. */
  export function body(): ArrayBuffer {
    const b = new ArrayBuffer(mt_http_size());
    mt_http_read(0, at(b), b.byteLength);
    return b;
  }
  /** The media type of the last answer, as the server says. */
  export function type(): string { return result(mt_http_type(BUF, CAP)); }
}
