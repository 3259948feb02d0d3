import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { compress } from "snappyjs";
import { maskedCrc32c } from "./bundle-index.ts";

/** A LevelDB table of these data blocks, each a list of keys and values. */
export function table(blocks: readonly (readonly [string, Uint8Array][])[], snappy = false): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const append = (contents: Uint8Array): Uint8Array => {
    const stored = snappy ? new Uint8Array(compress(contents)) : contents;
    const typed = Uint8Array.from([...stored, snappy ? 1 : 0]);
    const crc = new Uint8Array(Uint32Array.of(maskedCrc32c(typed)).buffer);
    const handle = new BinaryWriter().uint32(length).uint32(stored.length).finish();
    parts.push(typed, crc);
    length += typed.length + crc.length;
    return handle;
  };
  const index = blocks.map((entries): [string, Uint8Array] => [
    entries.at(-1)?.[0] ?? "",
    append(block(entries)),
  ]);
  const meta = append(block([]));
  const footer = new Uint8Array(48);
  footer.set([...meta, ...append(block(index))]);
  footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
  return Uint8Array.from(Buffer.concat([...parts, footer]));
}

export function block(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const writer = new BinaryWriter();
  let before = "";
  for (const [key, value] of entries) {
    let shared = 0;
    while (shared < before.length && key[shared] === before[shared]) shared += 1;
    writer
      .uint32(shared)
      .uint32(key.length - shared)
      .uint32(value.length);
    writer.raw(Buffer.from(key.slice(shared), "latin1")).raw(value);
    before = key;
  }
  return writer.raw(Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0)).finish();
}
