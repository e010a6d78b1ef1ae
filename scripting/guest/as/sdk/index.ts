// The Metatopia interfaces for AssemblyScript (see docs/interfaces).
// SPDX-License-Identifier: MIT
export { body, event, slot } from "./handler";
export { answer, store } from "./store";
export { message, Kind, End } from "./message";
export { Handle, Rights, Spawn, names, processes } from "./handle";
export { process, time, lump, world, Sent, Thing } from "./process";
export { Point } from "./point";
export { asset } from "./loader";
export { http } from "./http";
export { audio, gfx, input, show, text, Wave, What } from "./screen";
export { log, random, say } from "./common";
export { abort } from "./abort"; // the compiler is told to use it

/** What host functions give instead of a result. */
export namespace code {
  export const invalid = -1;
  export const tooLarge = -2;
  export const notFound = -3;
  export const timeout = -4;
  export const unavailable = -5;
  export const refused = -6;
  export const full = -7;
  export const denied = -8;
  export const revoked = -9;
  export const taken = -10;
}
