export { FolderStore, type FolderStoreOptions } from "./folder/folder-store.ts";
export type {
  Bucket,
  ByteRange,
  Checksum,
  CopyOptions,
  ListedObject,
  ListOptions,
  ObjectAttributes,
  ObjectInfo,
  ObjectPage,
  ObjectPart,
  OpenedObject,
  PutConditions,
  PutOptions,
  ReceivedBody,
  Tag,
} from "./folder/object-info.ts";
export type {
  CompleteOptions,
  CreateUploadOptions,
  PartClaim,
  PutPartOptions,
  Upload,
  UploadPart,
  UploadRef,
} from "./folder/upload-info.ts";
export type { Uploads } from "./folder/uploads.ts";
export { compareKeys } from "./key-order.ts";
export { MemoryStore } from "./memory/memory-store.ts";
export type { ListPage, ObjectRef, ObjectStore, ObjectSummary } from "./object-store.ts";
