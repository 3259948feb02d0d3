import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { describe, expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";

/** One picture of golden/decode/*.json, made by make_decode.py with Pillow 13. */
interface GoldenCase {
  readonly file: string;
  readonly width?: number;
  readonly height?: number;
  readonly sha256?: string;
  readonly transposed?: readonly [width: number, height: number, sha256: string];
  readonly refused?: string;
}

const folder = join(import.meta.dirname, "../../golden/decode");
const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
const readGolden = (format: string): Readonly<Record<string, GoldenCase>> =>
  JSON.parse(readFileSync(join(folder, `${format}.json`), "utf8")).cases;

describe.each(["jpeg", "png", "gif", "webp", "bmp", "tiff", "none"])("%s", (format) => {
  test.each(Object.entries(readGolden(format)))("%s", async (name, golden) => {
    const bytes = Buffer.from(golden.file, "base64");
    const before = sha256(bytes);
    if (golden.refused !== undefined) {
      const error = await decodeImage(bytes, { file: `${name}.x` }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(FieldmarkError);
      expect(error).toHaveProperty("code", expect.stringMatching(/^IMAGE_(BROKEN|UNSUPPORTED|TOO_LARGE)$/));
      expect((error as FieldmarkError).message).toContain(`${name}.x: `);
      return;
    }
    const { width, height, data } = await decodeImage(bytes, { file: name });
    expect([width, height, sha256(data)]).toEqual([golden.width, golden.height, golden.sha256]);
    expect(data.length).toBe(width * height * 3);
    const turned = await decodeImage(bytes, { file: name, exifOrientation: "transpose" });
    const expected = golden.transposed ?? [golden.width, golden.height, golden.sha256];
    expect([turned.width, turned.height, sha256(turned.data)]).toEqual(expected);
    expect(sha256(bytes)).toBe(before);
  });
});

const photos = join(import.meta.dirname, "../../../../../shared/data/birds/test");
test.skipIf(!existsSync(photos))(
  "every photo of ../shared/data/birds has Pillow's pixels (skipped where absent)",
  async () => {
    const digests = JSON.parse(readFileSync(join(folder, "photos.json"), "utf8")) as Record<string, string>;
    const paths = readdirSync(photos, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".jpg"),
    );
    expect(paths.length).toBe(Object.keys(digests).length);
    for (const path of paths) {
      const { width, height, data } = await decodeImage(readFileSync(join(photos, path)), { file: path });
      expect(`${width}x${height} ${sha256(data)}`, path).toBe(digests[path.split(/[\\/]/).at(-1) ?? ""]);
    }
  },
);
