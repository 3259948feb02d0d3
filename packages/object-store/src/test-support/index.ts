export { anyKey, objectStoreContract, type StoreUnderTest } from "./object-store-contract.ts";
