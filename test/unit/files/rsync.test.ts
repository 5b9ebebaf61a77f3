import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { Complaints, pendingIn, problemIn, unescaped } from '../../../src/engine/files/move-complaints.ts'
import { commandThere } from '../../../src/engine/files/move-place.ts'
import { MoveMeter, RsyncOutput, type RsyncTick } from '../../../src/engine/files/progress.ts'
import { isCompressed, rsyncArguments } from '../../../src/engine/files/rsync-options.ts'
import { type RsyncProgram, readRsync, rsyncPair } from '../../../src/engine/files/rsync-program.ts'

const gnu = (version: string) =>
	readRsync('/usr/bin/rsync', `rsync  version ${version}  protocol version 31\n`)
const open = readRsync('/usr/bin/rsync', 'openrsync: protocol version 29\nrsync version 2.6.9 compatible\n')

describe('which rsync', () => {
	test('reads its version and what it compresses with', () => {
		const said =
			'rsync  version 3.2.7  protocol version 31\nCapabilities:\n    64-bit files\nCompress list:\n    zstd lz4 zlibx zlib none\nDaemon auth list:\n    md5\n'
		expect(readRsync('/x', said)).toMatchObject({
			path: '/x',
			version: { text: '3.2.7' },
			compressors: ['zstd', 'lz4', 'zlibx', 'zlib', 'none'],
		})
		expect(open).toMatchObject({ version: { text: 'openrsync', openrsync: true }, compressors: [] })
		expect(readRsync('/x', 'sh: rsync: not found')).toBeNull()
	})

	test.each([
		[gnu('3.5.0'), gnu('3.1.0'), 'full'],
		[gnu('3.1.0'), gnu('3.0.9'), 'full'],
		[gnu('3.0.9'), gnu('3.5.0'), 'plain'],
		[gnu('3.5.0'), gnu('2.6.9'), 'plain'],
		[open, gnu('3.5.0'), 'plain'],
		[gnu('3.5.0'), open, 'plain'],
	])('%#: the best that both have', (local, remote, engine) => {
		expect(rsyncPair(local, remote).engine).toBe(engine)
	})

	test.each([
		[null, gnu('3.5.0'), 'This laptop', 'brew install rsync'],
		[gnu('3.5.0'), null, 'The workstation', 'sudo apt install rsync'],
	])('%#: none at one end: says what to install', (local, remote, side, text) => {
		let thrown: unknown
		try {
			rsyncPair(local, remote)
		} catch (error) {
			thrown = error
		}
		if (!(thrown instanceof ProblemError)) throw new Error('no problem')
		expect(thrown.problem).toMatchObject({
			code: 'rsync-missing',
			title: `${side} has no rsync`,
			next: { text },
		})
	})
})

describe('arguments', () => {
	const wish = {
		...{
			direction: 'up' as const,
			list: '/l',
			shell: '/s',
			backupDir: '/b',
			partialDir: '/p',
			stageDir: '/t',
		},
		...{ compress: true, sparse: false, dry: false, timeoutSeconds: 30 },
	}
	const pair = (local: RsyncProgram | null) => rsyncPair(local, gnu('3.5.0'))

	test('a whole pair: kept, resumed, told; nothing recursive, nothing deleted, nobody trusted', () => {
		const args = rsyncArguments(pair(gnu('3.5.0')), wish)
		for (const wanted of [
			'-s',
			'--backup',
			'--backup-dir=/b',
			'--partial-dir=/p',
			'--temp-dir=/t',
			'--from0',
			'--files-from=/l',
		])
			expect(args).toContain(wanted)
		expect(args.join(' ')).not.toMatch(
			/--delete|--recursive|-r |-a |--perms|--owner|--group|--trust-sender|--inplace/,
		)
		expect(args.slice(-3)).toEqual(['--', './', 'workstation:./'])
		expect(rsyncArguments(pair(gnu('3.5.0')), { ...wish, direction: 'back' }).slice(-2)).toEqual([
			'workstation:./',
			'./',
		])
	})

	test('openrsync gets only what it is known to take', () => {
		const args = rsyncArguments(pair(open), wish)
		expect(args.join(' ')).not.toMatch(
			/--info|--chmod|--backup|--partial|--executability|-E|--modify-window|-s\b.*-s\b|--outbuf/,
		)
		expect(args).toContain('-W')
	})

	test.each([
		['model.PT', true],
		['a/b.tar.gz', true],
		['data.zst', true],
		['train.py', false],
		['gz', false],
	])('%s is compressed already: %s', (path, expected) => expect(isCompressed(path)).toBe(expected))
})

test('the command on the workstation quotes its folders and runs rsync as its last', () => {
	const place = {
		root: "/r/it's $x",
		receiver: 'full' as const,
		real: true,
		partial: '/p q',
		stage: '/s',
		program: '/opt/rsync',
	}
	const command = commandThere(place, 'rsync --server -s . .')
	expect(command).toMatch(/^exec \/bin\/sh -c '/)
	expect(command).toContain(' --server -s . .')
	expect(command).not.toContain('$x;')
	// Only a root that was missing is made.
	expect(command).not.toContain("mkdir -p '\\''/r/")
	expect(commandThere({ ...place, receiver: 'missing' }, 'rsync')).toContain("mkdir -p '\\''/r/")
})

describe('what rsync says', () => {
	function read(...texts: string[]) {
		const ticks: RsyncTick[] = []
		const lines: string[] = []
		const output = new RsyncOutput(
			(tick) => ticks.push(tick),
			(line) => lines.push(line),
		)
		for (const text of texts) output.take(text)
		output.end()
		return { ticks, lines }
	}

	test('progress, also cut anywhere, and the lines between', () => {
		const text =
			'skipping non-regular file "fifo"\n\r             50   1%    0.00kB/s    0:00:00  \r            100   2%   48.83kB/s    0:00:00 (xfr#2, to-chk=16/18)\n<f+++++++++ a\n'
		const whole = {
			ticks: [
				{ bytes: 50, files: null },
				{ bytes: 100, files: 2 },
			],
			lines: ['skipping non-regular file "fifo"', '<f+++++++++ a'],
		}
		expect(read(text)).toEqual(whole)
		for (let at = 0; at <= text.length; at++) expect(read(text.slice(0, at), text.slice(at))).toEqual(whole)
	})

	test('names', () => {
		expect(unescaped('new\\#012line \\#303\\#251 back\\#134#123 \\#9')).toBe(
			'new\nline \u00c3\u00a9 back\\#123 \\#9',
		)
		expect(pendingIn('<f+++++++++ a b')).toBe('a b')
		expect(pendingIn('cd+++++++++ sub/')).toBe('sub')
		expect(pendingIn('<f..t.... x')).toBe('x')
		expect(pendingIn('cannot delete non-empty directory: y')).toBeNull()
	})

	test.each([
		['rsync: [sender] link_stat "/r/g" failed: No such file or directory (2)', 'g', 'gone'],
		['rsync: link_stat "/r/sub/g" failed: No such file or directory (2)', 'sub/g', 'gone'],
		['file has vanished: "/r/a \\#012"', 'a \n', 'gone'],
		['rsync: [sender] send_files failed to open "/r/x": Permission denied (13)', 'x', 'denied'],
		['rsync: [receiver] mkstemp "/r/d/.f.py.Ab3xYz" failed: Permission denied (13)', 'd/f.py', 'denied'],
		['could not make way for new regular file: y', 'y', 'in-the-way'],
		['cannot delete non-empty directory: sub/y', 'sub/y', 'in-the-way'],
		['skipping non-regular file "fifo"', 'fifo', 'special'],
		[
			'rsync: [generator] recv_generator: failed to stat "/r/data/f": Too many levels of symbolic links (40)',
			'data/f',
			'other',
		],
	])('%s', (line, path, why) => {
		const complaints = new Complaints(['/r', '/other'])
		complaints.take(`${line.slice(0, 7)}`)
		complaints.take(`${line.slice(7)}\n`)
		expect([...complaints.failures.values()]).toEqual([{ path, why, said: line }])
		expect(complaints.loose).toEqual([])
	})

	test('what stops everything', () => {
		const code = (line: string) => {
			const complaints = new Complaints(['/r'])
			complaints.line(line)
			return problemIn(complaints, 'The workstation', '/r', '/r')?.code ?? null
		}
		expect(code('rsync: [receiver] write failed on "/r/x": No space left on device (28)')).toBe(
			'files-no-space',
		)
		expect(code('rsync: [receiver] mkstemp "/r/.x.123456" failed: Read-only file system (30)')).toBe(
			'files-unwritable',
		)
		expect(code('hawser-place missing')).toBe('files-root-missing')
		expect(code('hawser-place gone missing')).toBe('files-root-gone')
		expect(code('hawser-place gone empty')).toBe('files-root-gone')
		expect(code('hawser-place elsewhere /other')).toBe('files-root-moved')
		expect(code('hawser-place unwritable')).toBe('files-unwritable')
		expect(code('Welcome to the lab')).toBeNull()
	})
})

describe('the meter', () => {
	test('adds up runs, never goes back, never beyond', () => {
		const meter = new MoveMeter({ bytes: 100, files: 4 }, () => 0)
		const first = meter.run()
		first.tick({ bytes: 30, files: 1 })
		first.tick({ bytes: 50, files: null })
		expect(meter.progress('moving')).toMatchObject({ bytes: 50, files: 1 })
		first.end()
		const [second, third] = [meter.run(), meter.run()]
		second.tick({ bytes: 10, files: 1 })
		expect(meter.progress('waiting')).toMatchObject({
			phase: 'waiting',
			bytes: 50,
			files: 2,
			secondsLeft: null,
		})
		second.tick({ bytes: 40, files: 2 })
		third.tick({ bytes: 900, files: 9 })
		expect(meter.progress('moving')).toMatchObject({ bytes: 100, files: 4 })
	})

	test('estimates by what is slower, and only after a while', () => {
		let now = 0
		const meter = new MoveMeter({ bytes: 1000, files: 10 }, () => now)
		const run = meter.run()
		run.tick({ bytes: 100, files: 1 })
		expect(meter.progress('moving')).toMatchObject({ bytesPerSecond: null, secondsLeft: null })
		now = 2000
		run.tick({ bytes: 500, files: 2 })
		expect(meter.progress('moving')).toMatchObject({ bytesPerSecond: 200, secondsLeft: 16 })
		meter.paceAnew()
		expect(meter.progress('moving').secondsLeft).toBeNull()
	})
})
