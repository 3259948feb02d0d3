import { constants, type FileHandle, open } from "node:fs/promises";
import { type FileSource, fileIdentity, parseFileSource } from "@fieldmark/contract";
import type { ObjectInfo } from "@fieldmark/object-store";
import { digesting } from "../body/digesting.ts";
import { readChecksumAlgorithm } from "../body/expected-digests.ts";
import { ClientGone } from "../body/request-body.ts";
import { COPY_SOURCE } from "../copy-source.ts";
import { readAttributes } from "../object-attributes.ts";
import { refOf, type S3Context } from "../operation.ts";
import { isOwnUser } from "../peer-user.ts";
import { invalidArgument, S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";
import { readWriteConditions } from "./put-object.ts";

/** Bytes read at once. */
const PIECE_BYTES = 512 << 10;

/**
 * CopyObject from a file of this machine (`formatFileSource`): the object is what a PutObject of its bytes would make.
 *
 * The client proves that it sees the very file: path, inode, device, size and times have to be the same for both, which
 * they are not through a tunnel, from a container or in another mount namespace. That alone would let it read what it
 * only sees; so its process has to be of the service's own user.
 *
 * @throws S3Error FileSourceDenied, FileSourceUnusable: the client then sends the bytes
 */
export async function copyFile(request: S3Request, { store }: S3Context): Promise<ObjectInfo> {
  const { socket } = request.incoming;
  if (!request.mayNameFiles || !(await isOwnUser(socket))) throw new S3Error("FileSourceDenied");
  const text = header(request, COPY_SOURCE) ?? "";
  const source = parseFileSource(text);
  if (source === null) {
    throw invalidArgument("Copy Source must be a file's URL and its identity", COPY_SOURCE, text);
  }
  const attributes = readAttributes(request);
  const conditions = readWriteConditions(request);
  const algorithm = readChecksumAlgorithm(request);
  await using file = await openFile(source);
  // nothing moves on the connection while a large file is read
  socket.setTimeout(0);
  const read = readFile(file, source, () => socket.destroyed);
  if (algorithm === undefined) return await store.put(refOf(request), read, { attributes, conditions });
  const digested = digesting(read, algorithm);
  return await store.put(refOf(request), digested.bytes, {
    attributes,
    conditions,
    beforeCommit: async () => ({ checksums: await digested.checksums() }),
  });
}

/** Neither a link is followed nor a pipe waited for: the client has resolved its path to a file. */
async function openFile(source: FileSource): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await onFile(open(source.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  try {
    await checkIdentity(handle, source);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The bytes of a file that stays what it is; the last read asks for more than there should be. */
async function* readFile(
  handle: FileHandle,
  source: FileSource,
  isGivenUp: () => boolean,
): AsyncGenerator<Buffer, void, undefined> {
  const size = await checkIdentity(handle, source);
  let position = 0;
  while (true) {
    if (isGivenUp()) throw new ClientGone("The client went away.");
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, size - position + 1));
    const { bytesRead } = await onFile(handle.read(piece, 0, piece.length, position));
    if (bytesRead === 0) break;
    position += bytesRead;
    if (position > size) throw new S3Error("FileSourceUnusable");
    yield piece.subarray(0, bytesRead);
  }
  if (position < size) throw new S3Error("FileSourceUnusable");
  await checkIdentity(handle, source);
}

/** @returns bytes of the file */
async function checkIdentity(handle: FileHandle, { identity }: FileSource): Promise<number> {
  const found = await onFile(handle.stat({ bigint: true }));
  if (!found.isFile() || fileIdentity(found) !== identity) throw new S3Error("FileSourceUnusable");
  return Number(found.size);
}

/** Whatever the file system refuses here, the client may be able to read itself. */
async function onFile<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    throw new S3Error("FileSourceUnusable", {}, { cause });
  }
}
