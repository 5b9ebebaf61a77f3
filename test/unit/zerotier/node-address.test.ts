import { describe, expect, test } from 'vitest'
import { parseArp, parseProcArp } from '../../../src/engine/zerotier/neighbours.ts'
import {
	ipv6Bits,
	isWithin,
	macOfNode,
	nodeOfIpv6,
	nodeOfMac,
} from '../../../src/engine/zerotier/node-address.ts'

const network = '8056c2e21c84a027'

describe('ZeroTier’s addresses', () => {
	test('a MAC address that a real service told (1.10.0) comes out of its node and network, and back', () => {
		expect(macOfNode('87c29dbef6', network)).toBe('26:27:46:81:5c:34')
		expect(nodeOfMac('26:27:46:81:5c:34', network)).toBe('87c29dbef6')
	})

	test.each([
		['26:27:46:81:5C:34', '87c29dbef6'],
		// As macOS writes 26:27:06:01:5c:04.
		['26:27:6:1:5c:4', nodeOfMac('26:27:06:01:5c:04', network)],
		['02:27:46:81:5c:34', null],
		['26:27:46:81:5c', null],
		['(incomplete)', null],
		['', null],
	])('MAC %s is node %s', (mac, node) => {
		expect(nodeOfMac(mac, network)).toBe(node)
	})

	test('the first octet that virtual machines use is left to them', () => {
		expect(macOfNode('0000000001', '8056c2e21c000052').slice(0, 2)).toBe('32')
		expect(nodeOfMac(macOfNode('0000000001', '8056c2e21c000052'), '8056c2e21c000052')).toBe('0000000001')
	})

	test.each([
		// fd + network + 9993 + node
		['fd80:56c2:e21c:84a0:2799:9387:c29d:bef6', '87c29dbef6'],
		['FD80:56C2:E21C:84A0:2799:9387:C29D:BEF6', '87c29dbef6'],
		// 8056c2e2 xor 1c84a027 = 9cd262c5; any address of the node's own /80
		['fc9c:d262:c587:c29d:bef6::1', '87c29dbef6'],
		['fc9c:d262:c587:c29d:bef6:1:2:3', '87c29dbef6'],
		['fd80:56c2:e21c:84a0:2899:9387:c29d:bef6', null],
		['fe80::1', null],
		['172.25.0.9', null],
		['lab', null],
	])('%s is node %s', (address, node) => {
		expect(nodeOfIpv6(address, ['0000000000000001', network])).toBe(node)
	})

	test.each([
		['::', 0n],
		['::1', 1n],
		['1::', 1n << 112n],
		['::ffff:1.2.3.4', 0xffff_0102_0304n],
		['fe80::1%eth0', (0xfe80n << 112n) | 1n],
		['1:2:3:4:5:6:7:8', 0x0001_0002_0003_0004_0005_0006_0007_0008n],
		['1.2.3.4', null],
		['', null],
	])('%s in bits', (address, bits) => {
		expect(ipv6Bits(address)).toBe(bits)
	})

	test.each([
		['172.25.0.9', '172.25.0.7/16', true],
		['172.26.0.9', '172.25.0.7/16', false],
		['fd80:56c2:e21c:84a0:2799:9387:c29d:bef6', 'fd80:56c2:e21c:84a0:2799:9300:0:1/88', true],
		['172.25.0.9', 'fd80::/16', false],
		['172.25.0.9', '172.25.0.7', false],
		['172.25.0.9', '172.25.0.7/99', false],
		['172.25.0.9', 'nonsense/8', false],
		['lab', '0.0.0.0/0', false],
	])('%s within %s: %s', (address, net, inside) => {
		expect(isWithin(address, net)).toBe(inside)
	})
})

describe('the neighbour table', () => {
	test('Linux: complete entries only', () => {
		const text = [
			'IP address       HW type     Flags       HW address            Mask     Device',
			'172.25.0.9       0x1         0x2         26:27:46:81:5c:34     *        zt7nnig26',
			'172.25.0.8       0x1         0x0         00:00:00:00:00:00     *        zt7nnig26',
			'garbage',
			'',
		].join('\n')
		expect(parseProcArp(text)).toEqual([
			{ address: '172.25.0.9', mac: '26:27:46:81:5c:34', device: 'zt7nnig26' },
		])
	})

	test('macOS: without its incomplete entries', () => {
		const text = [
			'? (172.25.0.9) at 26:27:46:81:5c:34 on feth1234 ifscope [ethernet]',
			'? (172.25.0.8) at (incomplete) on feth1234 ifscope [ethernet]',
			'? (192.168.1.1) at 0:c:29:1:2:3 on en0 ifscope permanent [ethernet]',
		].join('\n')
		expect(parseArp(text)).toEqual([
			{ address: '172.25.0.9', mac: '26:27:46:81:5c:34', device: 'feth1234' },
			{ address: '192.168.1.1', mac: '0:c:29:1:2:3', device: 'en0' },
		])
	})
})
