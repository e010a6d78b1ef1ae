// A scene by Rapier: node rapier.mjs DIR PACKAGE FILE STEPS. Settings are
// Rapier's own but for sleeping, which is off.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [dir, name, file, steps] = process.argv.slice(2);
const loaded = createRequire(dir + "/")(name);
const RAPIER = loaded.default ?? loaded;
const warn = console.warn;
console.warn = () => {}; // it finds its own way to start deprecated
await RAPIER.init();
console.warn = warn;

const world = new RAPIER.World({ x: 0, y: -9.81, z: 0 });
world.timestep = 1 / 60;
const moving = [];
for (const line of readFileSync(file, "utf8").trim().split("\n")) {
	const [kind, ...numbers] = line.split(" ");
	const [x, y, z, hx, hy, hz, mass] = numbers.map(Number);
	const desc = mass > 0 ? RAPIER.RigidBodyDesc.dynamic().setCanSleep(false) : RAPIER.RigidBodyDesc.fixed();
	const body = world.createRigidBody(desc.setTranslation(x, y, z));
	const shape = kind === "box" ? RAPIER.ColliderDesc.cuboid(hx, hy, hz) : RAPIER.ColliderDesc.ball(hx);
	shape.setFriction(0.5).setRestitution(0);
	if (mass > 0) {
		shape.setMass(mass);
		moving.push(body);
	}
	world.createCollider(shape, body);
}
const began = process.cpuUsage();
for (let i = 0; i < Number(steps); i++) world.step();
const used = process.cpuUsage(began);
const heights = moving.map((b) => b.translation().y);
const mean = heights.reduce((a, b) => a + b, 0) / heights.length;
console.log((used.user + used.system) / 1e6, mean, Math.max(...heights), Math.min(...heights));
