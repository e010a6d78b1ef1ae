// What a person sees, does and hears at the process's screen
// (docs/interfaces/text.md, gfx.md, input.md, audio.md).
// SPDX-License-Identifier: MIT
import { at, utf8 } from "./text";
import {
  mt_audio_samples, mt_audio_silence, mt_audio_tone, mt_gfx_disc, mt_gfx_line, mt_gfx_move, mt_gfx_open,
  mt_gfx_pixels, mt_gfx_rect, mt_input_listen, mt_text_clear, mt_text_cursor, mt_text_open, mt_text_put,
  mt_text_scroll, mt_text_show, mt_text_style, mt_text_title,
} from "./imports";

/** Characters in cells. All give 0 or more, or a code. */
export namespace text {
  /** The viewer's own colour. */
  export const own: u32 = 0x1000000;
  export function open(cols: u32, rows: u32): i32 { return mt_text_open(cols, rows); }
  export function style(fg: u32 = own, bg: u32 = own, flags: u32 = 0): i32 { return mt_text_style(fg, bg, flags); }
  export function put(col: i32, row: i32, words: string): i32 {
    const b = utf8(words);
    return mt_text_put(col, row, at(b), b.byteLength);
  }
  export function clear(): i32 { return mt_text_clear(); }
  export function scroll(rows: i32): i32 { return mt_text_scroll(rows); }
  export function cursor(col: i32, row: i32): i32 { return mt_text_cursor(col, row); }
  export function title(words: string): i32 {
    const b = utf8(words);
    return mt_text_title(at(b), b.byteLength);
  }
}

/** A picture behind the characters; colours are 0xRRGGBBAA. */
export namespace gfx {
  export function open(width: u32, height: u32): i32 { return mt_gfx_open(width, height); }
  export function pixels(x: i32, y: i32, width: u32, height: u32, rgba: ArrayBuffer): i32 {
    return mt_gfx_pixels(x, y, width, height, at(rgba), rgba.byteLength);
  }
  export function rect(x: i32, y: i32, width: i32, height: i32, colour: u32): i32 { return mt_gfx_rect(x, y, width, height, colour); }
  export function line(x0: i32, y0: i32, x1: i32, y1: i32, colour: u32): i32 { return mt_gfx_line(x0, y0, x1, y1, colour); }
  export function disc(x: i32, y: i32, radius: i32, colour: u32): i32 { return mt_gfx_disc(x, y, radius, colour); }
  export function move(x: i32, y: i32, width: i32, height: i32, toX: i32, toY: i32): i32 {
    return mt_gfx_move(x, y, width, height, toX, toY);
  }
}

/** Lets be seen what was drawn since. */
export function show(): void { mt_text_show(); }

export enum Wave { sine = 0, square, triangle, saw, noise }

export namespace audio {
  export function tone(wave: Wave, hertz: f64, seconds: f64, volume: f64): i32 { return mt_audio_tone(wave, hertz, seconds, volume); }
  /** 16 bits, signed, little-endian, one channel. */
  export function samples(rate: u32, pcm: ArrayBuffer): i32 { return mt_audio_samples(rate, at(pcm), pcm.byteLength); }
  export function silence(): i32 { return mt_audio_silence(); }
}

/** What is told of a person: keys, typed text, pointer, who watches. */
export enum What { keys = 1, typed = 2, pointer = 4, watchers = 8 }

export namespace input {
  /** Has messages with this tag come. */
  export function listen(tag: i64, what: u32): i32 { return mt_input_listen(tag, what); }
}
