// Seeded pictures for the benchmarks: JPEGs of about 500 × 375 with the detail of photographs, in the lab's layout.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

const CLASSES = 8;

/** Writes `count` pictures and their CSV under `folder` once; gives their places. */
export async function photos(folder, count) {
  const images = join(folder, "test");
  const annotations = join(folder, "manifest", "test.csv");
  if (!existsSync(annotations)) {
    const rows = [];
    for (let index = 0; index < count; index++) {
      const name = `${index % CLASSES}/photo_${index}.jpg`;
      await mkdir(join(images, String(index % CLASSES)), { recursive: true });
      await writeFile(join(images, name), await photo(index));
      rows.push(`${name},${(index % CLASSES) + 1},${(index % CLASSES) + 1},class ${index % CLASSES}\n`);
    }
    await mkdir(join(folder, "manifest"), { recursive: true });
    await writeFile(annotations, `image_file_name,orig_class_id,class_id,class_name\n${rows.join("")}`);
  }
  return { images, annotations };
}

/** Blurred and sharp noise over a gradient: compresses like a photograph (about 60 to 90 KB). */
async function photo(seed) {
  const width = 460 + ((seed * 37) % 81);
  const height = 335 + ((seed * 53) % 81);
  let state = (seed + 1) * 2654435761;
  const noise = (side, high) =>
    Buffer.from(
      Array.from({ length: side * side * 3 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state >>> 24) % high;
      }),
    );
  const coarse = await sharp(noise(12, 256), { raw: { width: 12, height: 12, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .toBuffer();
  const fine = await sharp(noise(160, 90), { raw: { width: 160, height: 160, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .png()
    .toBuffer();
  return await sharp(coarse, { raw: { width, height, channels: 3 } })
    .composite([{ input: fine, blend: "add" }])
    .jpeg({ quality: 88, mozjpeg: false })
    .toBuffer();
}
