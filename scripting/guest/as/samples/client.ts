// Asks an echo whose CID is its argument, and ends with 0 when all is well. For
// the test of the samples.
// SPDX-License-Identifier: MIT
import { End, Handle, Kind, Rights, log, message, process, processes } from "../sdk";

function want(ok: bool, what: string): void {
  if (ok) return;
  log.error(what);
  process.exit(1);
}

export function run(): void {
  const echo = processes.spawnModule(process.args()[0]);
  want(echo.ok, "spawn: code " + echo.id.toString());
  const me = processes.self().demote(Rights.send);
  const sizes: StaticArray<i32> = [0, 1, 4, 300, 65536];
  for (let i = 0; i < sizes.length; i++) {
    const data = new ArrayBuffer(sizes[i]);
    for (let j = 0; j < sizes[i]; j++) store<u8>(changetype<usize>(data) + j, <u8>(j * 7 + 1));
    const tags: StaticArray<i64> = [-1 - i];
    const caps: StaticArray<i32> = i == 2 ? [me.id, me.id] : [me.id]; // one with two capabilities
    want(echo.sendBytesCaps(data, tags[0], caps) == 0, "send " + sizes[i].toString());
    for (let k = 0; k < caps.length; k++) {
      want(message.next(5000, tags) == Kind.message && !message.fromNode(), "an answer to " + sizes[i].toString());
      const back = message.bytes();
      want(back.byteLength == sizes[i] && memory.compare(changetype<usize>(back), changetype<usize>(data), sizes[i]) == 0, "the same " + sizes[i].toString());
    }
  }
  const tags: StaticArray<i64> = [echo.monitor()];
  want(echo.send("stop") == 0, "stop");
  want(message.next(5000, tags) == Kind.down && message.reason() == End.failed && message.code() == 7, "the end");
}
