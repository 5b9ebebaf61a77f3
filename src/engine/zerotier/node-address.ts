import { BlockList, isIP } from 'node:net'

/**
 * How ZeroTier makes Ethernet and IPv6 addresses from a node's id (40 bits) and a network's id (64 bits): node/MAC.hpp,
 * and `makeIpv6rfc4193` and `makeIpv66plane` of node/InetAddress.cpp. Ids are lower-case hexadecimal without a prefix,
 * 10 and 16 digits; MAC addresses have six groups of two, with colons. Pure.
 */

const byte = (value: bigint, shift: bigint) => (value >> shift) & 0xffn
const hex = (value: bigint, digits: number) => value.toString(16).padStart(digits, '0')

/** Bits 8 to 47 of the network's id, lowest byte first: what a node's id is masked with. */
function mask(network: bigint): bigint {
	return [8n, 16n, 24n, 32n, 40n].reduce((mask, shift) => (mask << 8n) | byte(network, shift), 0n)
}

/** Locally administered, not multicast; 52 is left to virtual machines. */
function firstOctet(network: bigint): bigint {
	const octet = (network & 0xfen) | 0x02n
	return octet === 0x52n ? 0x32n : octet
}

export function macOfNode(node: string, network: string): string {
	const id = BigInt(`0x${network}`)
	const mac = (firstOctet(id) << 40n) | (BigInt(`0x${node}`) ^ mask(id))
	return (hex(mac, 12).match(/../g) ?? []).join(':')
}

/** Null: not an address of this network, such as that of a machine behind a bridge. */
export function nodeOfMac(mac: string, network: string): string | null {
	const groups = mac.split(/[:-]/)
	// macOS leaves leading zeros out.
	if (groups.length !== 6 || !groups.every((group) => /^[0-9a-f]{1,2}$/i.test(group))) return null
	const value = BigInt(`0x${groups.map((group) => group.padStart(2, '0')).join('')}`)
	const id = BigInt(`0x${network}`)
	if (value >> 40n !== firstOctet(id)) return null
	return hex((value & 0xff_ffff_ffffn) ^ mask(id), 10)
}

/** An IPv6 address as a number of 128 bits; null: it is none. */
export function ipv6Bits(address: string): bigint | null {
	const [plain = ''] = address.split('%')
	if (isIP(plain) !== 6) return null
	// A dotted tail is two groups.
	const text = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
		const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
		return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
	})
	const [head = '', tail] = text.split('::')
	const groups = (part: string) => (part === '' ? [] : part.split(':'))
	const first = groups(head)
	const last = tail === undefined ? [] : groups(tail)
	const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
	return [...first, ...zeros, ...last].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}

/**
 * The node behind an IPv6 address that ZeroTier made from ids. RFC 4193: `fd`, network, 9993, node. 6PLANE: `fc`, the
 * network folded to 32 bits, node, and 48 bits of the node's own. Null: another kind of address, or another network.
 */
export function nodeOfIpv6(address: string, networks: readonly string[]): string | null {
	const bits = ipv6Bits(address)
	if (bits === null) return null
	for (const network of networks) {
		const id = BigInt(`0x${network}`)
		const rfc4193 = (0xfdn << 80n) | (id << 16n) | 0x9993n
		if (bits >> 40n === rfc4193) return hex(bits & 0xff_ffff_ffffn, 10)
		const plane6 = (0xfcn << 32n) | ((id ^ (id >> 32n)) & 0xffff_ffffn)
		if (bits >> 88n === plane6) return hex((bits >> 48n) & 0xff_ffff_ffffn, 10)
	}
	return null
}

/** Whether an address lies in a net written as `172.25.0.7/16`. Anything that is neither is outside. */
export function isWithin(address: string, net: string): boolean {
	const [base = '', prefix = ''] = net.split('/')
	const version = isIP(address)
	if (version === 0 || isIP(base) !== version || !/^\d{1,3}$/.test(prefix)) return false
	if (Number(prefix) > (version === 4 ? 32 : 128)) return false
	const family = version === 4 ? 'ipv4' : 'ipv6'
	const list = new BlockList()
	list.addSubnet(base, Number(prefix), family)
	return list.check(address, family)
}
