// A sheet to draw on with the pointer, and keys that sound. Watch it with
// metatopia screen PID, or in the browser.
// SPDX-License-Identifier: MIT
import { audio, gfx, input, log, message, process, show, text, Wave, What } from "./sdk";

const width = 320, height = 208, cols = 40, rows = 13;
const paper: u32 = 0x10181cff;
const colours: StaticArray<u32> = [0xf4f1deff, 0xe07a5fff, 0xf2cc8fff, 0x81b29aff, 0x3d85c6ff, 0x9d7fd1ff];
const keys = "awsedftgyhujk"; // a piano from c on

let ink = 0;
let drawing = false;
let lastX = 0, lastY = 0;

function line(row: i32, words: string): void {
  text.style(0xc8d6dc, 0x1d2b33);
  text.put(0, row, words.padEnd(cols));
}

function head(): void {
  line(0, " " + keys + " c:clear q:end");
  for (let i = 0; i < colours.length; i++) {
    text.style(0x10181c, colours[i] >> 8, i == ink ? 1 : 0);
    text.put(cols - 2 * colours.length + 2 * i, 0, i == ink ? "[]" : "  ");
  }
}

function clear(): void {
  gfx.rect(0, 0, width, height, paper);
}

function pen(x: i32, y: i32): void {
  const c = colours[ink];
  // A wide line is many discs.
  const steps = max(max(abs(x - lastX), abs(y - lastY)), 1);
  for (let i = 0; i <= steps; i++) {
    gfx.disc(lastX + (x - lastX) * i / steps, lastY + (y - lastY) * i / steps, 2, c);
  }
  lastX = x;
  lastY = y;
}

function pointer(word: string, parts: string[]): void {
  if (parts.length < 6) return;
  const x = <i32>parseInt(parts[4]), y = <i32>parseInt(parts[5]);
  if (word == "press") {
    drawing = true;
    lastX = x;
    lastY = y;
    pen(x, y);
  } else if (word == "move" && drawing) {
    pen(x, y);
  } else if (word == "release") {
    drawing = false;
  }
}

function key(name: string): bool {
  const digit = name.length == 1 ? name.charCodeAt(0) - 49 : -1;
  const note = name.length == 1 ? keys.indexOf(name) : -1;
  if (digit >= 0 && digit < colours.length) {
    ink = digit;
  } else if (note >= 0) {
    audio.tone(Wave.triangle, 261.63 * Math.pow(2, <f64>note / 12), 0.4, 0.4);
    gfx.rect(note * width / keys.length, height - 26, width / keys.length - 1, 6, colours[ink]);
  } else if (name == "c") {
    clear();
  } else if (name == "q" || name == "Escape") {
    return false;
  }
  return true;
}

export function run(): void {
  if (text.open(cols, rows) < 0 || gfx.open(width, height) < 0) {
    log.error("no memory for a screen");
    process.exit(1);
  }
  text.title("Sketch");
  input.listen(1, What.keys | What.pointer | What.watchers);
  clear();
  head();
  line(rows - 1, " nobody watches");
  show();
  log.info("ready");
  for (;;) {
    const event = message.receive(-1);
    if (event === null || !message.fromNode()) continue;
    const parts = event.split(" ");
    const word = parts[0];
    if (word == "watch" && parts.length > 1) {
      line(rows - 1, parts[1] == "0" ? " nobody watches" : " watched by " + parts[1]);
    } else if (word == "key" && parts.length > 1) {
      if (!key(parts[1])) return;
      head();
    } else {
      pointer(word, parts);
    }
    show();
  }
}
