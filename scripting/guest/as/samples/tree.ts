// Tree: keeps two workers a and b alive and asks them. The node's owner writes
// "count a" (its log says how often a has been asked), "fall a" (a ends, and is
// started anew) and "stop".
// SPDX-License-Identifier: MIT
import { Handle, Kind, Rights, log, message, names, process, processes, time } from "../sdk";

function worker(): void {
  let asked = 0;
  for (;;) {
    if (message.next(-1) != Kind.message) continue;
    const text = message.text();
    if (text == "fall") process.exit(1);
    const to = new Handle(message.cap(0));
    if (text != "count" || !to.ok) continue;
    asked++;
    to.send(asked.toString(), message.tag());
    to.drop();
  }
}

/** Waits until a worker has its name. */
function find(name: string): Handle {
  let h = names.whereis(name);
  while (!h.ok) {
    time.sleep(1);
    h = names.whereis(name);
  }
  return h;
}

function count(name: string): void {
  const to = find(name), me = processes.self(), answer = me.demote(Rights.send);
  const caps: StaticArray<i32> = [answer.id];
  const tags: StaticArray<i64> = [1];
  to.sendCaps("count", 1, caps);
  if (message.next(5000, tags) == Kind.message) log.info(name + " " + message.text());
  answer.drop();
  me.drop();
  to.drop();
}

function fall(name: string): void {
  const h = find(name);
  const tags: StaticArray<i64> = [h.monitor()];
  h.send("fall");
  message.next(-1, tags);
  log.info(name + " fell: " + message.reasonText());
  h.drop();
  find(name).drop();
  log.info(name + " is back");
}

export function run(): void {
  if (process.args().length > 0) {
    worker();
    return;
  }
  if (!processes.supervise("one-for-one 3 5000\na permanent blocking worker\nb permanent blocking worker\n").ok) process.exit(2);
  log.info("ready");
  for (;;) {
    if (message.next(-1) != Kind.message) continue;
    const words = message.text().split(" ");
    if (words[0] == "stop") return;
    if (words.length != 2) continue;
    if (words[0] == "count") count(words[1]);
    if (words[0] == "fall") fall(words[1]);
  }
}
