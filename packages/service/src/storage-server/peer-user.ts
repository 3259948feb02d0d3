import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** The ends of a connection, as a node:net Socket names them. */
type ConnectionEnds = Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">;

const known = new WeakMap<Socket, Promise<boolean>>();

/** Whether a process of this process's own user, on this machine, is at the other end. Asked of Linux once a connection. */
export async function isOwnUser(socket: Socket): Promise<boolean> {
  const asked = known.get(socket) ?? peerUser(socket).then((user) => user === process.geteuid?.());
  known.set(socket, asked);
  return await asked;
}

/**
 * The user id that holds the other end of a loopback connection; null where nobody can tell: the other end is on another
 * machine or in another network namespace, or this is not Linux.
 */
async function peerUser(ends: ConnectionEnds): Promise<number | null> {
  const { remoteAddress = "", remotePort = 0, localAddress = "", localPort = 0 } = ends;
  const theirs = kernelForms(remoteAddress);
  const ours = kernelForms(localAddress);
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "latin1").catch(() => "");
    for (const [form, their] of theirs.entries()) {
      const established = ` ${their}:${hex(remotePort)} ${ours[form]}:${hex(localPort)} 01 `;
      const at = text.indexOf(established);
      if (at < 0) continue;
      // queues, timer, retransmissions, user
      const user = text
        .slice(at + established.length, text.indexOf("\n", at))
        .trim()
        .split(/\s+/)[3];
      return /^\d+$/.test(user ?? "") ? Number(user) : null;
    }
  }
  return null;
}

/**
 * A loopback address as /proc/net writes it, 32 bits at a time, each with its last byte first; an IPv4 one also as a
 * socket of IPv6 holds it. None for other addresses.
 */
function kernelForms(address: string): readonly string[] {
  if (address === "::1") return ["00000000000000000000000001000000"];
  const v4 = /^(?:::ffff:)?(127(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (v4 === undefined) return [];
  const word = Buffer.from(v4.split(".").map(Number).reverse()).toString("hex").toUpperCase();
  return [word, `0000000000000000FFFF0000${word}`];
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
