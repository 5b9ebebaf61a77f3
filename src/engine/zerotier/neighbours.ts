import { readFile } from 'node:fs/promises'
import { run } from '../process/process.ts'

/** An IPv4 address that this laptop has found on one of its networks, and the MAC address it found there. */
export interface Neighbour {
	address: string
	mac: string
	device: string
}

/** Linux's `/proc/net/arp`: address, hardware type, flags (2: complete), MAC, mask, device. */
export function parseProcArp(text: string): Neighbour[] {
	return text.split('\n').flatMap((line) => {
		const [address, , flags, mac, , device] = line.trim().split(/\s+/)
		if (!address || !mac || !device || !/^0x[0-9a-f]+$/i.test(flags ?? '')) return []
		return (Number(flags) & 2) === 0 ? [] : { address, mac, device }
	})
}

/** macOS's `arp -an`: `? (172.25.0.9) at 26:27:46:81:5c:34 on feth1234 ifscope [ethernet]` */
export function parseArp(text: string): Neighbour[] {
	return text.split('\n').flatMap((line) => {
		const [, address, mac, device] = /^\S+ \(([\d.]+)\) at ([0-9a-f:]+) on (\S+)/i.exec(line) ?? []
		return address && mac && device ? { address, mac, device } : []
	})
}

/** Never rejects: what cannot be read is empty. */
export async function readNeighbours(platform = process.platform): Promise<Neighbour[]> {
	try {
		if (platform === 'linux') return parseProcArp(await readFile('/proc/net/arp', 'utf8'))
		const { stdout } = await run({
			file: '/usr/sbin/arp',
			args: ['-an'],
			timeoutMs: 3000,
			maxBytes: 1_000_000,
		})
		return parseArp(stdout)
	} catch {
		return []
	}
}
