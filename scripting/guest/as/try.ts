// Tries what the SDK has for processes; for its test, not shipped. It exits with
// 1 and a line in the log when something is not as it should be.
// SPDX-License-Identifier: MIT
import { Handle, Kind, End, Rights, Spawn, message, names, process, processes, log, time } from "./sdk";

export function handle(): void {
  if (message.kind() != Kind.message) return;
  const text = message.text();
  if (text == "fall") process.exit(3);
  for (let i = 0; i < message.caps(); i++) {
    const to = new Handle(message.cap(i));
    to.send("echo " + text, message.tag());
    to.drop();
  }
}

function want(ok: bool, what: string): void {
  if (ok) return;
  log.error(what);
  process.exit(1);
}

export function run(): void {
  if (process.args().length > 0) {
    time.sleep(1 << 30);
    return;
  }
  messages();
  supervised();
}

function messages(): void {
  const child = processes.spawn("", "child", Spawn.handler | Spawn.monitor, 7);
  want(child.ok, "spawn");
  const me = processes.self().demote(Rights.send);
  want(me.ok && me.rights() == Rights.send, "demote");
  want(names.whereis("child").ok && !processes.parent().ok, "whereis, parent");
  const caps = new StaticArray<i32>(1);
  caps[0] = me.id;
  want(child.sendCaps("hello", 5, caps) == 0, "send with a capability");
  const tags = new StaticArray<i64>(1);
  tags[0] = 5;
  want(message.next(-1, tags) == Kind.message && message.text() == "echo hello" && !message.fromNode(), "the answer");
  const ref = message.timer(1);
  want(message.next(-1) == Kind.timer && message.ref() == ref && !message.cancel(ref), "timer");
  child.send("fall");
  want(message.next(-1) == Kind.down && message.reason() == End.failed && message.code() == 3 && message.tag() == 7, "down");
  want(message.reasonText() == "exit 3", "text of the reason");
  want(child.send("more") == -3, "send to the dead");
  const late = child.monitor();
  want(message.next(-1) == Kind.down && message.reason() == End.gone && message.ref() == late, "monitor of the dead");
  processes.demonitor(late);
  const lent = processes.self().lend(Rights.send);
  want(lent.revoke() == 0 && lent.send("x") == -9 && lent.drop() == 0, "lend and revoke");
  want(names.register("me", me) == 0 && names.register("me", me) == -10 && names.unregister("me") == 0, "names");
}

function supervised(): void {
  processes.trapExits(true);
  const sup = processes.supervise("one-for-one 0 1000\nkid permanent handler\n- temporary blocking sleep");
  want(sup.ok, "supervise");
  let kid = names.whereis("kid");
  while (!kid.ok) {
    time.sleep(1);
    kid = names.whereis("kid");
  }
  want(kid.kill() == -8, "kill without the right");
  kid.send("fall");
  want(message.next(-1) == Kind.exit && message.reason() == End.faulted, "the end of the supervisor");
  want(sup.link() == 0 && message.next(-1) == Kind.exit && message.reason() == End.gone, "link to the dead");
  const other = processes.spawn("sleep");
  want(other.link() == 0 && other.unlink() == 0 && other.kill() == 0, "link and kill");
}
