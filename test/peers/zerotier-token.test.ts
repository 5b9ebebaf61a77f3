import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { grantFacts } from '../../src/engine/zerotier/places.ts'
import { closedProblem, serviceProblem } from '../../src/engine/zerotier/reading-problem.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describe('the command that makes the token readable', () => {
	test('works as sh runs it, with blanks and quotes in every path', async () => {
		const home = await mkdtemp(join(tmpdir(), "it's a home "))
		cleanups.push(() => rm(home, { recursive: true, force: true }))
		const bin = join(home, 'bin')
		const service = join(home, 'Application Support', 'One')
		await mkdir(bin)
		await mkdir(service, { recursive: true })
		await writeFile(join(service, 'authtoken.secret'), 'the token\n', { mode: 0o600 })
		// Stands in for sudo: the test's user may well be nobody's root.
		await writeFile(join(bin, 'sudo'), '#!/bin/sh\necho sudo >>"$(dirname "$0")/asked"\nexec "$@"\n', {
			mode: 0o755,
		})
		const source = join(service, 'authtoken.secret')
		const copy = join(home, 'my own', '$(touch x)', 'authtoken.secret')
		const places = { service, tokens: [copy, source], source, copy, programs: [], defaultPort: null }
		const found = closedProblem(
			{ status: 'locked', reason: 'unreadable', path: source, online: true, version: null },
			places,
		)
		expect(found.next?.kind).toBe('copy')
		const text = found.next?.kind === 'copy' ? found.next.text : ''
		const env = { PATH: [bin, '/usr/bin', '/bin'].join(delimiter), HOME: home }
		await promisify(execFile)('/bin/sh', ['-ec', text], { env, cwd: home })
		expect(await readFile(copy, 'utf8')).toBe('the token\n')
		const { mode, uid } = await stat(copy)
		expect([mode & 0o777, uid]).toEqual([0o600, userInfo().uid])
		expect(await readFile(join(bin, 'asked'), 'utf8')).toBe('sudo\n')
		await expect(stat(join(home, 'x'))).rejects.toThrow()
	})

	test('an old copy is renewed where it lies; the service’s own token is copied', () => {
		const places = {
			service: '/s',
			tokens: [],
			source: '/s/t',
			copy: '/home/c',
			programs: [],
			defaultPort: null,
		}
		expect(grantFacts(places, '/s/t', 'me')).toEqual({
			path: '/s/t',
			source: '/s/t',
			copy: '/home/c',
			user: 'me',
		})
		expect(grantFacts(places, '/mine/t', 'me')).toMatchObject({ path: '/mine/t', copy: '/mine/t' })
	})

	test('what the service itself lacks', () => {
		expect(serviceProblem({ status: 'not-installed' })?.code).toBe('zerotier-not-installed')
		expect(
			serviceProblem({ status: 'locked', reason: 'missing', path: '', online: null, version: null }),
		).toBe(null)
	})
})
