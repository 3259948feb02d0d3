import { americanGoldfinch } from "./american-goldfinch.ts";
import { blueJay } from "./blue-jay.ts";
import { bobolink } from "./bobolink.ts";
import { cardinal } from "./cardinal.ts";
import { mallard } from "./mallard.ts";
import { northernFlicker } from "./northern-flicker.ts";
import { purpleFinch } from "./purple-finch.ts";
import { rubyThroatedHummingbird } from "./ruby-throated-hummingbird.ts";
import type { Species } from "./species.ts";

/** The lab's eight species in the order of their class numbers. */
export const SPECIES: readonly Species[] = [
  bobolink,
  cardinal,
  purpleFinch,
  northernFlicker,
  americanGoldfinch,
  rubyThroatedHummingbird,
  blueJay,
  mallard,
];
