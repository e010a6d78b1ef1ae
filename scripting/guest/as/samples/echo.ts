// Echo: sends every message back to the capabilities in it; what comes without
// any goes to the log. "stop" ends it with code 7.
// SPDX-License-Identifier: MIT
import { Handle, Kind, log, message, process } from "../sdk";

export function run(): void {
  for (;;) {
    if (message.next(-1) != Kind.message) continue;
    const data = message.bytes();
    const n = message.caps();
    const text = data.byteLength == 4 || n == 0 ? String.UTF8.decode(data) : "";
    if (text == "stop") process.exit(7);
    if (n == 0) log.info("echo: " + text);
    for (let i = 0; i < n; i++) {
      const to = new Handle(message.cap(i));
      to.sendBytes(data, message.tag());
      to.drop();
    }
  }
}
