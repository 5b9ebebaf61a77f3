import { describe, expect, test } from 'vitest'
import {
	close,
	dataHead,
	eof,
	Fields,
	grant,
	open,
	readMessage,
	refuseRequest,
	request,
	writeFields,
} from '../../../../src/engine/link/openssh/messages.ts'

/** Bytes by hand, from RFC 4254. */
const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex')

describe('what is written', () => {
	test.each<[string, Buffer, string]>([
		[
			'CHANNEL_OPEN, section 5.1',
			open('session', 3, 0x40000, 0x8000, Buffer.alloc(0)),
			`5a 00000007 ${ascii('session')} 00000003 00040000 00008000`,
		],
		[
			'CHANNEL_OPEN of direct-tcpip, section 7.2',
			open('direct-tcpip', 0, 1, 2, writeFields('host', 8080, '127.0.0.1', 0)),
			`5a 0000000c ${ascii('direct-tcpip')} 00000000 00000001 00000002
			00000004 ${ascii('host')} 00001f90 00000009 ${ascii('127.0.0.1')} 00000000`,
		],
		['WINDOW_ADJUST, section 5.2', grant(7, 0xffffffff), '5d 00000007 ffffffff'],
		['DATA, section 5.2', Buffer.concat([dataHead(7, 2), Buffer.from('ab')]), '5e 00000007 00000002 6162'],
		['EOF, section 5.3', eof(7), '60 00000007'],
		['CLOSE, section 5.3', close(0xffffffff), '61 ffffffff'],
		['CHANNEL_FAILURE, section 5.4', refuseRequest(7), '64 00000007'],
		[
			'exec, section 6.5',
			request(7, 'exec', true, writeFields('echo é')),
			`62 00000007 00000004 ${ascii('exec')} 01 00000007 6563686f20c3a9`,
		],
		[
			'pty-req, section 6.2',
			request(7, 'pty-req', true, Buffer.concat([writeFields('xterm', 80, 24, 0, 0), writeFields('')])),
			`62 00000007 00000007 ${ascii('pty-req')} 01 00000005 ${ascii('xterm')}
			00000050 00000018 00000000 00000000 00000000`,
		],
		[
			'window-change, section 6.7',
			request(7, 'window-change', false, writeFields(100, 40, 0, 0)),
			`62 00000007 0000000d ${ascii('window-change')} 00 00000064 00000028 00000000 00000000`,
		],
	])('%s', (_name, made, expected) => {
		expect(made.toString('hex')).toBe(hex(expected).toString('hex'))
	})
})

/** Every message that is read, by hand, and how many bytes at its end are not. */
const known: [string, string, unknown, number][] = [
	[
		'OPEN_CONFIRMATION',
		'5b 00000003 00000009 00200000 00008000',
		{ type: 'opened', channel: 3, peer: 9, window: 0x200000, packet: 0x8000 },
		0,
	],
	[
		'OPEN_FAILURE, with a language',
		`5c 00000003 00000002 00000002 ${ascii('no')} 00000002 ${ascii('en')}`,
		{ type: 'refused', channel: 3, code: 2, words: 'no' },
		6,
	],
	['WINDOW_ADJUST', '5d 00000003 ffffffff', { type: 'window', channel: 3, bytes: 0xffffffff }, 0],
	['DATA', '5e 00000003 00000002 6162', { type: 'data', channel: 3, data: Buffer.from('ab') }, 0],
	['DATA of nothing', '5e 00000003 00000000', { type: 'data', channel: 3, data: Buffer.alloc(0) }, 0],
	[
		'EXTENDED_DATA',
		'5f 00000003 00000001 00000002 6162',
		{ type: 'errors', channel: 3, data: Buffer.from('ab') },
		0,
	],
	['EOF', '60 00000003', { type: 'eof', channel: 3 }, 0],
	['CLOSE', '61 ffffffff', { type: 'close', channel: 0xffffffff }, 0],
	['CHANNEL_SUCCESS', '63 00000003', { type: 'success', channel: 3 }, 0],
	['CHANNEL_FAILURE', '64 00000003', { type: 'failure', channel: 3 }, 0],
	[
		'CHANNEL_REQUEST',
		`62 00000003 0000000b ${ascii('exit-status')} 00`,
		{ type: 'request', channel: 3, name: 'exit-status', wantsReply: false },
		0,
	],
	[
		'CHANNEL_REQUEST that wants an answer: any byte but 0',
		`62 00000003 00000001 ${ascii('x')} 7f`,
		{ type: 'request', channel: 3, name: 'x', wantsReply: true },
		0,
	],
]

describe('what is read', () => {
	test.each(known)('%s', (_name, bytes, expected) => {
		expect(readMessage(hex(bytes))).toMatchObject(expected as object)
	})

	test.each(known)('%s, cut off anywhere, is a RangeError and nothing else', (_name, bytes, _, unread) => {
		const whole = hex(bytes)
		for (let length = 0; length < whole.length - unread; length++) {
			// In what it came in, more follows: that must not be read as its own.
			const cut = Buffer.concat([whole.subarray(0, length), Buffer.alloc(64, 1)]).subarray(0, length)
			expect(() => readMessage(cut), `${length} bytes`).toThrow(RangeError)
		}
	})

	test.each(['ffffffff', '80000000', '7fffffff', '00000003'])('a length that lies: %s', (length) => {
		expect(() => readMessage(hex(`5e 00000003 ${length} 6162`))).toThrow(RangeError)
	})

	test('the fields of a request are read later, and cut off as well', () => {
		const message = readMessage(hex(`62 00000003 0000000b ${ascii('exit-status')} 00 0000`))
		if (message?.type !== 'request') throw new Error('no request')
		expect(() => message.fields.uint32()).toThrow(RangeError)
	})

	test('an exit of 2^32 - 1, and a name that is no UTF-8', () => {
		const fields = new Fields(hex('ffffffff 00000002 c328'))
		expect(fields.uint32()).toBe(0xffffffff)
		expect(fields.text()).toBe('\u{fffd}(')
	})

	test.each([
		['a global request', '50 00000003 616263 00'],
		['a wish for a channel', `5a 00000003 ${ascii('x11')}`],
		['DISCONNECT', '01 00000002'],
		['a kind that nobody knows', 'ff'],
		['extended data of another kind', '5f 00000003 00000002 00000002 6162'],
	])('%s is no business of a channel', (_name, bytes) => {
		expect(readMessage(hex(bytes))).toBeNull()
	})
})
