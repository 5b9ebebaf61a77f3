import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { dataFolder } from '../../../src/engine/rpc/data-folder.ts'
import { socketPath } from '../../../src/engine/rpc/socket.ts'

test.each([
	['/flag', { HAWSER_HOME: '/env' }, '/flag'],
	[undefined, { HAWSER_HOME: '/env' }, '/env'],
	['', { HAWSER_HOME: '/env' }, '/env'],
	['~/x y', {}, join(homedir(), 'x y')],
	['~', {}, homedir()],
	['~other', {}, resolve('~other')],
	['here', {}, resolve('here')],
])('--home %j with %j is %s', (home, env, folder) => {
	expect(dataFolder(home, env)).toBe(folder)
})

test('the default is the platform’s folder of that name, without a suffix', () => {
	for (const env of [{}, { HAWSER_HOME: '' }]) expect(dataFolder(undefined, env)).toMatch(/[\\/]Hawser$/)
})

test('a socket lies in the data folder as long as its path fits', () => {
	expect(socketPath('/data')).toBe('/data/engine.sock')
	const fits = `/${'x'.repeat(100 - '//engine.sock'.length)}`
	expect(socketPath(fits)).toBe(`${fits}/engine.sock`)
	expect(Buffer.byteLength(socketPath(fits))).toBe(100)
	expect(socketPath(`${fits}x`)).toMatch(/^\/tmp\/hawser-\d+\/[0-9a-f]{24}\.sock$/)
})
