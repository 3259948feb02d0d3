import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { ellipse, path, type Sheet } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";

/** What lies out of focus behind the bird: a ground from top to bottom, and soft patches of colour. */
interface BackdropInks {
  readonly top: string;
  readonly bottom: string;
  readonly patches: readonly [string, ...string[]];
  /** Share of the patches that are hard-edged discs of light, as a wide lens makes of gaps in leaves. */
  readonly discs: number;
  /** Thin out-of-focus stems and twigs. */
  readonly stems?: string;
}

const BACKDROPS = {
  foliage: {
    top: "#7f9f58",
    bottom: "#48662f",
    patches: ["#a3bf6a", "#5d7f38", "#34522a", "#c2d491", "#86a24e"],
    discs: 0.3,
    stems: "#4e5a38",
  },
  shade: {
    top: "#2c3d24",
    bottom: "#1c2418",
    patches: ["#3f5a30", "#16201a", "#56703c", "#2c3a34", "#6a5a3c"],
    discs: 0.2,
    stems: "#2a2c20",
  },
  winter: {
    top: "#c3ccd2",
    bottom: "#a9aca8",
    patches: ["#e3e8ea", "#8d8f8a", "#bcae9c", "#d5dade", "#77706a"],
    discs: 0.1,
    stems: "#877d74",
  },
  autumn: {
    top: "#b88a4e",
    bottom: "#6f5532",
    patches: ["#d9a34e", "#a45b2e", "#7d7038", "#e2bf76", "#5d4a30"],
    discs: 0.3,
    stems: "#5a4632",
  },
  sky: {
    top: "#7fa9d6",
    bottom: "#c3d8e8",
    patches: ["#eef3f6", "#a9c6e2", "#dbe7ef"],
    discs: 0,
  },
  overcast: { top: "#cdd1d3", bottom: "#e2e2de", patches: ["#d8dbdc", "#c2c6c8", "#ecebe8"], discs: 0 },
  meadow: {
    top: "#b3bd6c",
    bottom: "#8b9147",
    patches: ["#d3cf85", "#7b8a3c", "#a8b65c", "#e0d9a0", "#6f7a3a"],
    discs: 0.1,
    stems: "#a3a05a",
  },
  garden: {
    top: "#557a44",
    bottom: "#39552f",
    patches: ["#d06a92", "#7fa25a", "#c4506a", "#e8b0c4", "#49702f", "#e3a25a"],
    discs: 0.35,
    stems: "#3f5c30",
  },
  water: {
    top: "#6f8fa0",
    bottom: "#4e6c7c",
    patches: ["#86a8b6", "#57788a", "#9fb6bb", "#6b8a7c"],
    discs: 0,
  },
} as const satisfies Record<string, BackdropInks>;

export type BackdropKind = keyof typeof BACKDROPS;

export interface Frame {
  readonly width: number;
  readonly height: number;
}

/** Fills the picture with an out-of-focus background. */
export function backdrop(kind: BackdropKind, { width, height }: Frame, random: Random, sheet: Sheet): string {
  const inks: BackdropInks = BACKDROPS[kind];
  const tone = random.between(-0.16, 0.14);
  const tint = (color: string) => {
    const shifted = varied(color, 22, random.next);
    return tone < 0 ? darker(shifted, -tone) : lighter(shifted, tone);
  };
  const ground = path(`M0 0H${width}V${height}H0Z`, {
    fill: sheet.linear(
      [
        [0, tint(inks.top)],
        [1, tint(inks.bottom)],
      ],
      [random.between(0.2, 0.8), 0, random.between(0.2, 0.8), 1],
    ),
  });
  const soft = inks.patches.map((color) => {
    const shade = tint(color);
    return sheet.radial([
      [0, shade, 0.85],
      [0.5, shade, 0.5],
      [1, shade, 0],
    ]);
  });
  const reach = Math.max(width, height);
  const blobs = Array.from({ length: random.integer(16, 30) }, () => {
    const size = reach * random.between(0.08, 0.3);
    return ellipse(
      random.between(-0.1, 1.1) * width,
      random.between(-0.1, 1.1) * height,
      size * random.between(0.8, 1.5),
      size * random.between(0.6, 1.1),
      { fill: soft[random.integer(0, soft.length - 1)] ?? "none" },
    );
  });
  const discs = Array.from({ length: Math.round(inks.discs * random.between(10, 50)) }, () => {
    const size = reach * random.between(0.012, 0.05);
    const color = lighter(random.pick(inks.patches), random.between(0.1, 0.5));
    return ellipse(random.next() * width, random.next() * height * 0.9, size, size, {
      fill: color,
      opacity: random.between(0.12, 0.4),
    });
  });
  return [ground, ...blobs, ...discs, ...softStems(inks, { width, height }, random)].join("");
}

function softStems(inks: BackdropInks, { width, height }: Frame, random: Random): string[] {
  const { stems } = inks;
  if (stems === undefined || random.chance(0.45)) return [];
  return Array.from({ length: random.integer(1, 4) }, () => {
    const [x, bend] = [random.next() * width, random.normal(0, width * 0.3)];
    const d = `M${Math.round(x)} ${Math.round(height * 1.05)}Q${Math.round(x + bend * 0.2)} ${Math.round(height * 0.5)} ${Math.round(x + bend)} ${Math.round(-height * 0.05)}`;
    const [thick, color] = [random.between(3, 11), blend(stems, random.pick(inks.patches), 0.35)];
    return [1.6, 1.15, 0.7]
      .map((share) => path(d, { stroke: color, width: thick * share, opacity: 0.16 }))
      .join("");
  });
}
