import type { BodyPlan, Pose } from "../anatomy/songbird.ts";
import { points } from "../drawing/geometry.ts";
import type { Random } from "../random.ts";

/** Proportions shared by the small seed eaters, which is why they are confused. */
export const finchPlan: BodyPlan = {
  head: points("11.5,16 13.5,9.5 15.5,3 15,-2.5 11.5,-10 4,-15 -6,-15 -14,-9.5 -20,1"),
  body: points("11,-22 -8,-22 -26,-15 -41,-6.5 -46,-1 -42,5 -30,12 -12,20 8,23 25,17 34,4"),
  headAt: [33, -19],
  eye: { at: [6, -3.5], radius: 2.3 },
  bill: { at: [14.5, 1], length: 12, depth: 10.5, bulge: 0.95, droop: 1.2 },
  wing: { at: [24, -6], length: 68, depth: 23, turn: 3 },
  tail: { at: [-40, -1], turn: 3, length: 37, spread: 15, middle: 0.8, feathers: 7, width: 5 },
  legs: { at: [-2, 20], length: 15, thickness: 1.9 },
};

export function perchedPose(random: Random): Pose {
  return {
    posture: Math.min(49, random.normal(37, 8)),
    headTurn: random.normal(2, 7),
    lookingBack: random.chance(0.14),
    tailLift: random.normal(0, 5),
    plumpness: random.between(0.93, 1.14),
    foreshortening: random.between(0.84, 1),
  };
}
