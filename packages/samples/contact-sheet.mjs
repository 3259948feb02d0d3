// Draws docs/images/sample-birds.png: node packages/samples/contact-sheet.mjs OUTPUT.png
import { drawBird, SPECIES_NAMES } from "@fieldmark/samples";
import sharp from "sharp";

const CELL = { width: 272, height: 204 };
const CAPTION = 26;
const GAP = 8;
const COLUMNS = 4;

/** One telling picture of each species, by its index under seed 1. */
const CHOSEN = {
  "013.Bobolink": 12,
  "017.Cardinal": 7,
  "035.Purple_Finch": 12,
  "036.Northern_Flicker": 2,
  "047.American_Goldfinch": 8,
  "068.Ruby_throated_Hummingbird": 2,
  "073.Blue_Jay": 3,
  "087.Mallard": 12,
};

const [output] = process.argv.slice(2);
if (output === undefined) throw new Error("usage: contact-sheet.mjs OUTPUT.png");
const rows = Math.ceil(SPECIES_NAMES.length / COLUMNS);
const width = COLUMNS * CELL.width + (COLUMNS + 1) * GAP;
const height = rows * (CELL.height + CAPTION) + (rows + 1) * GAP;
const cells = await Promise.all(
  SPECIES_NAMES.map(async (species, i) => {
    const { svg } = drawBird({ species, seed: 1, index: CHOSEN[species] });
    const left = GAP + (i % COLUMNS) * (CELL.width + GAP);
    const top = GAP + Math.floor(i / COLUMNS) * (CELL.height + CAPTION + GAP);
    const picture = await sharp(Buffer.from(svg), { density: 144 })
      .resize(CELL.width, CELL.height, { fit: "cover" })
      .png()
      .toBuffer();
    const name = species.slice(4).replaceAll("_", " ").replace("Ruby throated", "Ruby-throated");
    const caption = Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${CELL.width}" height="${CAPTION}"><text x="${CELL.width / 2}" y="18" font-family="Georgia, 'DejaVu Serif', serif" font-size="14" text-anchor="middle" fill="#333">${name}</text></svg>`,
    );
    return [
      { input: picture, left, top },
      { input: caption, left, top: top + CELL.height },
    ];
  }),
);
const { size } = await sharp({ create: { width, height, channels: 3, background: "#faf7f0" } })
  .composite(cells.flat())
  .png({ palette: true, colours: 256, quality: 92, dither: 0.7, effort: 10 })
  .toFile(output);
process.stdout.write(`${output}: ${width} x ${height}, ${size} bytes\n`);
