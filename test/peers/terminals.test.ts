import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mostPtys } from '../../src/engine/terminals/ptys.ts'
import { until } from './run-home.ts'
import { sshdMissing } from './sshd.ts'
import { problemOf, terminalBed } from './terminal-bed.ts'

if (sshdMissing) console.warn(`skipped: terminals, for want of a server: ${sshdMissing}`)

const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex')
const isAlive = (pid: number) => {
	try {
		process.kill(pid, 0)
		return true
	} catch {
		return false
	}
}

describe.skipIf(sshdMissing).each(['ssh2', 'openssh'] as const)('a terminal over %s', (transport) => {
	test('10 MB of every byte reach a slow face whole and in order, never piled up, before the exit code', async () => {
		const { sshd, face } = await terminalBed({ transport })
		const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
		const bytes = Buffer.concat([all, randomBytes(10 * 1024 * 1024), all])
		await writeFile(join(sshd.home, 'bytes'), bytes)
		const slow = face({ slow: true })
		const pty = await slow.open()
		await pty.type("stty raw -echo; printf 'be''gin'; cat bytes; exec sh -c 'exit 7'\n")
		expect(await pty.end()).toEqual({ code: 7, signal: null, problem: null })
		const heard = pty.bytes()
		const sent = heard.subarray(heard.indexOf('begin') + 'begin'.length)
		expect(sent.length).toBe(bytes.length)
		expect(sha(sent)).toBe(sha(bytes))
		expect(slow.mostUntaken).toBeLessThan(1024 * 1024)
		expect(slow.listeners).toBe(0)
	}, 60_000)

	test('every byte that is typed arrives, in order', async () => {
		const { sshd, face } = await terminalBed({ transport })
		const bytes = Buffer.concat([
			Buffer.from(Array.from({ length: 256 }, (_, value) => value)),
			randomBytes(200_000),
		])
		const pty = await face().open()
		await pty.type(`stty raw -echo; printf 'rea''dy'; head -c ${bytes.length} >typed; exit\n`)
		await pty.says('ready')
		const parts = Array.from({ length: Math.ceil(bytes.length / 5000) }, (_, at) =>
			bytes.subarray(at * 5000, (at + 1) * 5000),
		)
		await Promise.all(parts.map((part) => pty.type(part)))
		expect(await pty.end()).toMatchObject({ code: 0 })
		expect(sha(await readFile(join(sshd.home, 'typed')))).toBe(sha(bytes))
	})

	test('its kind and its size are the face’s, also when that changes', async () => {
		const { face } = await terminalBed({ transport })
		const pty = await face().open({ columns: 91, rows: 17, term: 'screen' })
		await pty.type('echo "is $TERM $(stty size)"\n')
		await pty.says('is screen 17 91')
		await pty.face.call('resizePty', { pty: pty.id, columns: 132, rows: 50 })
		await pty.type('echo "now $(stty size)"; trap "echo size \\$(stty size)" WINCH; echo tra""pped\n')
		await pty.says('now 50 132')
		await pty.says('trapped')
		await pty.face.call('resizePty', { pty: pty.id, columns: 40, rows: 12 })
		await pty.type('\n')
		await pty.says('size 12 40')
		await pty.type('exit\n')
		await pty.end()
	})

	test('a signal that ended it is told', async () => {
		const { face } = await terminalBed({ transport })
		const pty = await face().open()
		await pty.type('kill -KILL $$\n')
		expect(await pty.end()).toEqual({ code: null, signal: 'KILL', problem: null })
		expect(await problemOf(pty.type('x'))).toMatchObject({ code: 'pty-unknown' })
	})

	test.each(['leaves', 'closes it'])('its programs are hung up on when its face %s', async (how) => {
		const { sshd, face } = await terminalBed({ transport })
		const pty = await face().open()
		await pty.type('sleep 1000 & echo $$ $! >pids; echo go""ing; wait\n')
		await pty.says('going')
		const pids = (await readFile(join(sshd.home, 'pids'), 'utf8')).split(/\s/).filter(Boolean).map(Number)
		expect(pids.map(isAlive)).toEqual([true, true])
		const said = pty.face.of(pty.id).length
		if (how === 'leaves') pty.face.leave()
		else await pty.face.call('closePty', { pty: pty.id })
		await until(() => !pids.some(isAlive))
		// Nothing more is told of it.
		expect(pty.face.of(pty.id)).toHaveLength(said)
		expect(pty.face.listeners).toBe(0)
	})

	test('a lost link ends it with that problem; the next one is open as soon as the link is up', async () => {
		const { sshd, face } = await terminalBed({ transport })
		const pty = await face().open()
		await pty.type('echo he""re\n')
		await pty.says('here')
		await sshd.stopConnections()
		expect(await pty.end()).toMatchObject({ code: null, signal: null, problem: { code: 'link-lost' } })
		const next = await face().open()
		await next.type('exit 3\n')
		expect(await next.end()).toMatchObject({ code: 3 })
	})

	test('what is typed into one that does not read is held up, and refused in the end', async () => {
		const { face } = await terminalBed({ transport })
		const pty = await face().open()
		await pty.type('stty raw -echo; echo qui""et; sleep 1000\n')
		await pty.says('quiet')
		const piece = Buffer.alloc(70_000, 'x')
		let refused: unknown = null
		const typed = Array.from({ length: 60 }, () =>
			problemOf(pty.type(piece)).then((problem) => {
				refused ??= problem
			}),
		)
		await until(() => refused !== null)
		expect(refused).toMatchObject({ code: 'input-invalid' })
		// Closed, none of them waits any longer.
		await pty.face.call('closePty', { pty: pty.id })
		await Promise.all(typed)
	})
})

describe.skipIf(sshdMissing)('terminals', () => {
	test('there are a few on a connection; one that ends makes room, and commands always get through', async () => {
		const { face } = await terminalBed()
		const one = face()
		const open = await Promise.all(Array.from({ length: mostPtys }, () => one.open()))
		expect(await problemOf(one.open())).toMatchObject({ code: 'channel-refused' })
		await one.call('check', {})
		const [first] = open
		await first?.type('exit\n')
		await first?.end()
		const again = await face().open()
		await again.type('exit 4\n')
		expect(await again.end()).toMatchObject({ code: 4 })
	})

	test('another face’s cannot be typed into, resized or closed', async () => {
		const { face } = await terminalBed()
		const pty = await face().open()
		const other = face()
		const wishes = [
			other.call('writePty', { pty: pty.id, data: 'eA==' }),
			other.call('resizePty', { pty: pty.id, columns: 80, rows: 24 }),
			other.call('closePty', { pty: pty.id }),
		]
		for (const wish of wishes) expect(await problemOf(wish)).toMatchObject({ code: 'pty-unknown' })
		await pty.type('exit 5\n')
		expect(await pty.end()).toMatchObject({ code: 5 })
		expect(other.of(pty.id)).toEqual([])
	})

	test('a face that left while it was being opened leaves nothing there', async () => {
		const { face } = await terminalBed()
		const gone = face()
		gone.leave()
		const pty = await gone.open()
		expect(await problemOf(pty.type('x'))).toMatchObject({ code: 'pty-unknown' })
		// All of them are free again.
		const one = face()
		const open = await Promise.all(Array.from({ length: mostPtys }, () => one.open()))
		expect(open).toHaveLength(mostPtys)
	})
})
