// SPDX-License-Identifier: MIT

/** A place in metres; y is up. */
export class Point {
  constructor(public x: f64 = 0, public y: f64 = 0, public z: f64 = 0) {}
  /** The distance in the ground plane. */
  distance(o: Point): f64 {
    return sqrt((this.x - o.x) * (this.x - o.x) + (this.z - o.z) * (this.z - o.z));
  }
}
