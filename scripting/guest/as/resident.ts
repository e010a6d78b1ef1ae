// A resident of a world: walks from place to place, says a line now and then,
// answers who speaks to it, and throws a ball over the border when one lies
// near. Arguments, each NAME=VALUE:
//   path=X,Z;X,Z;...  places to walk between, in metres
//   lines=A|B|...     what to say
//   name=NAME         what it is called
//   phase=N           where on the path and in the lines to begin
//   border=X          throw balls over the plane x = X
//   pause=MS          how long to stay at a place, 3000 unless given
// Messages: "heard<TAB>who<TAB>text", "say TEXT", "walk X,Z", "stop".
// SPDX-License-Identifier: MIT
import { Point, Thing, log, message, process, random, say, time, world } from "./sdk";

const STEP = 400; // ms between two looks at the world
const ARRIVED = 1.2; // metres
const STUCK = 5000; // ms without coming nearer
const NEAR_BALL = 12.0; // metres within which a ball is always worth a detour
const SEE_BALL = 60.0; // metres; a ball farther off would be forgotten for ever
const REACH = 2.0; // metres; the world allows 2.5
const CHASE = 25000; // ms
const REST = 8000; // ms between two balls
const FAR_REST = 15000; // ms more before a far one
const QUIET = 20000; // ms between two lines, at least
const ANSWER = 5000; // ms between two answers, at least

let path: Point[] = [];
let lines: string[] = [];
let name = "";
let border: f64 = NaN;
let pause: i64 = 3000;

let next = 0; // place on the path
let line = 0;
let target: Point | null = null;
let nearest: f64 = 0; // to the target so far
let progress: i64 = 0; // when it came nearer
let leave: i64 = 0; // when to walk on
let spoke: i64 = 0;
let answered: i64 = -ANSWER;
let ballRest: i64 = 0; // when to look for balls again
let farRest: i64 = 0; // when to look for far ones again
let chase: i64 = 0; // when the chase began, 0 for none
let stopped = false;

function parsePoint(s: string): Point | null {
  const xz = s.split(",");
  if (xz.length != 2) return null;
  const x = parseFloat(xz[0]), z = parseFloat(xz[1]);
  return isFinite(x) && isFinite(z) ? new Point(x, 0, z) : null;
}

function readArgs(): void {
  const args = process.args();
  let phase = 0;
  for (let i = 0; i < args.length; i++) {
    const eq = args[i].indexOf("=");
    const key = args[i].substring(0, max(eq, 0)), value = args[i].substring(eq + 1);
    if (key == "path") {
      const places = value.split(";");
      for (let k = 0; k < places.length; k++) {
        const p = parsePoint(places[k]);
        if (p) path.push(p);
      }
    } else if (key == "lines") lines = value.split("|");
    else if (key == "name") name = value;
    else if (key == "phase") phase = max(<i32>parseInt(value), 0);
    else if (key == "border") border = parseFloat(value);
    else if (key == "pause") pause = <i64>parseInt(value);
    else log.warn("unknown argument " + args[i]);
  }
  if (path.length > 0) next = phase % path.length;
  if (lines.length > 0) line = phase % lines.length;
  // Residents do not speak in chorus, nor all run for the first ball.
  spoke = time.ms() - <i64>QUIET + 2000 + phase * 1500;
  ballRest = time.ms() + phase * 900;
  farRest = ballRest + phase * 4000;
}

function walkTo(p: Point, now: i64): void {
  target = p;
  nearest = Infinity;
  progress = now;
  world.walk(p.x, p.z);
}

function speak(now: i64): void {
  if (lines.length == 0 || now - spoke < QUIET) return;
  if (say(lines[line % lines.length]) == 0) {
    line++;
    spoke = now;
  }
}

function findBall(): Thing | null {
  const near = world.nearby(64);
  for (let i = 0; i < near.length; i++) if (near[i].kind == "ball") return near[i];
  return null;
}

/** Looks after the ball; true while busy with it. */
function play(me: Point, now: i64): bool {
  if (isNaN(border) || now < ballRest) return false;
  const ball = findBall();
  const away = ball ? me.distance(ball.at) : Infinity;
  const tired = chase != 0 && now - chase > CHASE;
  if (!ball || tired || away > SEE_BALL || (!chase && away > NEAR_BALL && now < farRest)) {
    if (chase) {
      ballRest = now + REST;
      farRest = ballRest + FAR_REST;
    }
    chase = 0;
    return false;
  }
  if (!chase) chase = now;
  if (away > REACH) {
    world.walk(ball.at.x, ball.at.z);
    return true;
  }
  // Over the border and some metres on: it flies for about a second, then rolls.
  const far = abs(border - ball.at.x) + 5;
  const speed = min(max(far * 0.8, 5.0), 12.5);
  const vx = ball.at.x < border ? speed : -speed;
  if (world.throwThing(ball.id, vx, 5.5, <f64>random.below(200) / 100 - 1) == 0) {
    log.info("threw " + ball.name + " from x=" + ball.at.x.toString());
    speak(now);
  }
  chase = 0;
  ballRest = now + REST;
  farRest = ballRest + FAR_REST;
  target = null;
  leave = now + 500;
  return true;
}

/** Walks the path. */
function stroll(me: Point, now: i64): void {
  const to = target;
  if (!to) {
    if (now < leave || path.length == 0) return;
    walkTo(path[next % path.length], now);
    next++;
    return;
  }
  const d = me.distance(to);
  if (d < ARRIVED) {
    target = null;
    leave = now + pause + random.below(2000);
    speak(now);
    return;
  }
  if (d < nearest - 0.3) {
    nearest = d;
    progress = now;
  } else if (now - progress > STUCK) {
    target = null; // something stands in the way: go elsewhere
    leave = now;
  } else if (now - progress > 1200) {
    world.walk(to.x, to.z); // a border or a bump may have ended the walk
  }
}

function heard(who: string, text: string, now: i64): void {
  const t = text.toLowerCase();
  const greeted = t.includes("hello") || t.startsWith("hi");
  const named = name != "" && t.includes(name.toLowerCase());
  if (who == name || now - answered < ANSWER || !(greeted || named)) return;
  // No answer contains what would make another resident answer.
  const answers = ["Good day to you.", "Welcome! The ball is over there somewhere.", "Fine weather for walking."];
  answered = now;
  say(answers[random.below(answers.length)]);
}

function obey(text: string, now: i64): void {
  log.info("message: " + text);
  if (text.startsWith("heard\t")) {
    const parts = text.split("\t");
    if (parts.length >= 3) heard(parts[1], parts.slice(2).join(" "), now);
  } else if (text.startsWith("say ")) say(text.substring(4));
  else if (text.startsWith("walk ")) {
    const p = parsePoint(text.substring(5));
    if (p) walkTo(p, now);
    stopped = false;
  } else if (text == "stop") stopped = true;
}

export function run(): void {
  readArgs();
  log.info("walking between " + path.length.toString() + " places");
  while (true) {
    const m = message.receive(STEP);
    const now = time.ms();
    if (m !== null) obey(m, now);
    const me = world.where();
    if (!me || stopped) continue; // nowhere yet: look again
    if (!play(me, now)) stroll(me, now);
  }
}
