// Sends a lump of this node to another node, and says how that ended.
// Arguments: the CID, the peer id, and perhaps a note. It must be let:
// metatopia spawn --may-send PEER courier.wasm CID PEER
// SPDX-License-Identifier: MIT
import { log, lump, message, process } from "./sdk";

export function run(): void {
  const args = process.args();
  if (args.length < 2) {
    log.error("arguments: CID PEER [NOTE]");
    process.exit(2);
  }
  const begun = lump.send(args[0], args[1], args.length > 2 ? args[2] : "");
  if (begun < 0) {
    log.error("not sent: code " + begun.toString());
    process.exit(1);
  }
  for (;;) {
    const text = message.receive(-1);
    if (text === null) continue;
    const end = lump.sent(text);
    if (end === null || end.number != begun) continue;
    if (end.code != 0) {
      log.error("not sent: code " + end.code.toString());
      process.exit(1);
    }
    log.info("receipt " + end.receipt);
    return;
  }
}
